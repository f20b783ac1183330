from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.local.rig import broker, delivery, service, trigger

from picket.channel import document
from picket.errors import Malformed
from picket.events import CommitBatchCreated
from picket.local import manifests
from picket.local.filters import All, AnyOf, Exact, Not, Prefix, Present
from picket.local.resources import Manifests

PROJECT = Path(__file__).parents[2]


def interpret(*documents: dict[str, Any]) -> Manifests:
    return manifests.interpret(document.parse(yaml.safe_dump_all(documents, sort_keys=False), "some/file.yaml"))


def source(kind: str, **spec: Any) -> dict[str, Any]:
    sink = {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default"}}
    return {
        "apiVersion": "sources.knative.dev/v1",
        "kind": kind,
        "metadata": {"name": "it", "namespace": "sample"},
        "spec": {"sink": sink, **spec},
    }


def test_the_shipped_manifests_wire_every_function() -> None:
    found = manifests.read(PROJECT)
    services = {one.name: one for one in found.services}
    assert set(services) == {
        "ingest",
        "normalize",
        "enumerate",
        "scan",
        "collect",
        "feedback",
        "score",
        "notify",
        "verify",
        "connect",
        "api",
    }
    lanes = {"scan-full": "scan"}
    tools = {f"tool-{one.name}" for one in found.job_sinks}
    assert {one.name for one in found.triggers} == set(services) - {"ingest", "api"} | set(lanes) | {"tools"} | tools
    assert {one.subscriber.job_sink for one in found.triggers} - {""} == {one.name for one in found.job_sinks}
    for one in found.triggers:
        if one.name in {"tools"} | tools:
            continue
        function = lanes.get(one.name, one.name)
        assert one.subscriber.service == function
        assert one.delivery is not None
        assert one.delivery.dead_letter is not None
        assert (one.delivery.dead_letter.service, one.delivery.dead_letter.path) == ("api", f"/dead-letters/{function}")
    assert all(any(binding.covers(one) for binding in found.bindings) for one in found.services)
    assert {one.name for one in found.services if not found.is_given_events(one)} == {"ingest", "api"}
    assert [one.sink.broker for one in found.pings] == ["/picket/default"]


@pytest.mark.parametrize("lane", ["", "push", "scheduled", "full", "another"])
def test_a_batch_of_any_lane_comes_through_one_trigger(lane: str) -> None:
    attributes = {"type": CommitBatchCreated.TYPE, **({"lane": lane} if lane else {})}

    [through] = [one.name for one in manifests.read(PROJECT).triggers if one.filter.matches(attributes)]

    assert through == ("scan-full" if lane in {"scheduled", "full"} else "scan")


def test_the_kustomizations_name_every_manifest() -> None:
    for folder in (PROJECT / "knative" / "base", PROJECT / "triggers"):
        named = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
        there = {file.name for file in folder.glob("*.yaml")} - {"kustomization.yaml"}
        assert {name for name in named if not name.startswith("..")} == there


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"filter": {"attributes": {"type": "a", "subject": ""}}}, All((Exact("type", "a"), Present("subject")))),
        ({"filter": {}}, All()),
        ({"filters": [{"prefix": {"type": "a"}}, {"not": {"exact": {"type": "ab"}}}]},
         All((Prefix("type", "a"), Not(Exact("type", "ab"))))),
        ({"filters": [{"any": [{"exact": {"type": "a"}}, {"all": [{"exact": {"type": "b", "source": "s"}}]}]}]},
         All((AnyOf((Exact("type", "a"), All((All((Exact("type", "b"), Exact("source", "s"))),)))),))),
    ],
)  # fmt: skip
def test_filters_are_read(spec: dict[str, Any], expected: All) -> None:
    found = interpret(*broker(), trigger("a", "http://x/", **spec)).triggers[0].filter
    assert found == expected


def test_delivery_is_read() -> None:
    sink = {"deadLetterSink": {"uri": "http://x/dead"}, "timeout": "PT5M"}
    found = interpret(*broker(), trigger("a", "http://x/", delivery(8, "PT0.2S", "exponential", **sink))).triggers[0]
    assert found.delivery is not None
    assert (found.delivery.retry, found.delivery.policy, found.delivery.delay) == (8, "exponential", 0.2)
    assert (found.delivery.timeout, found.delivery.dead_letter and found.delivery.dead_letter.url) == (
        300,
        "http://x/dead",
    )


def test_a_service_is_read_with_knatives_defaults() -> None:
    plain = interpret(service()).services[0]
    assert (plain.capacity, plain.min_scale, plain.max_scale, plain.window) == (100, 0, 100, 60)
    env = [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    scale = {"max-scale": "3", "min-scale": "1", "window": "10s"}
    tuned = interpret(service("x", scale, containerConcurrency=5, containers=[{"env": env}])).services[0]
    assert (tuned.capacity, tuned.min_scale, tuned.max_scale, tuned.window) == (5, 1, 3, 10)
    assert tuned.env == {"A": "1"}


def test_a_sink_binding_covers_by_label_or_by_name() -> None:
    kind = {"apiVersion": "serving.knative.dev/v1", "kind": "Service"}
    by_label = source("SinkBinding", subject={**kind, "selector": {"matchLabels": {"team": "x"}}})
    by_name = source("SinkBinding", subject={**kind, "name": "other"}, ceOverrides={"extensions": {"zone": "eu"}})
    found = interpret(*broker(), by_label, by_name, service("one"), service("other"))
    assert [[binding.covers(one) for one in found.services] for binding in found.bindings] == [
        [True, True],
        [False, True],
    ]
    assert found.bindings[1].extensions == {"zone": "eu"}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in delivery(1).items() if name != key}


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        pytest.param(
            trigger("a", "http://x/", without("backoffPolicy")),
            "spec.delivery.backoffPolicy: is missing",
            id="the genuine dispatcher crashes without backoffPolicy",
        ),
        pytest.param(trigger("a", "http://x/", without("backoffDelay")), "spec.delivery.backoffDelay", id="delay"),
        pytest.param(trigger("a", "http://x/", delivery(1, policy="x")), "spec.delivery.backoffPolicy", id="policy"),
        pytest.param(trigger("a", "http://x/", delivery(1, "5s")), "backoffDelay: '5s' is not an ISO", id="duration"),
        pytest.param(trigger("a", "http://x/", delivery(-1)), "spec.delivery.retry: must be", id="negative retry"),
        pytest.param(trigger("a", "http://x/", delivery(1, timeout="PT0S")), "timeout: must be greater", id="timeout"),
        pytest.param(trigger("a", "http://x/", delivery(1, retries=3)), "delivery.retries: unknown key", id="typo"),
        pytest.param(trigger("a", "http://x/", filters=[{"exact": {}}]), "filters[0].exact: must name", id="empty"),
        pytest.param(
            trigger("a", "http://x/", filters=[{"exct": {"type": "a"}}]), "exct: unknown dialect", id="dialect"
        ),
        pytest.param(trigger("a", "http://x/", filters=[{"cesql": "TRUE"}]), "does not evaluate cesql", id="cesql"),
        pytest.param(
            trigger("a", "http://x/", filters=[{"exact": {"type": "a"}, "prefix": {"type": "a"}}]),
            "filters[0]: must have exactly one dialect",
            id="two dialects",
        ),
        pytest.param(
            trigger("a", "http://x/", filter={"attributes": {"Type": "a"}}),
            "attributes.Type: is not the name",
            id="name",
        ),
        pytest.param(trigger("a", "http://x/", filter={"type": "a"}), "filter.type: unknown key", id="filter key"),
        pytest.param(trigger("a", "ftp://x/"), "subscriber.uri: must be an absolute", id="scheme"),
        pytest.param(trigger("a", "http://x/", broker="other"), "spec.broker: there is no Broker other", id="broker"),
        pytest.param(service(annotations={"max-scale": "many"}), "max-scale: must be an integer", id="max-scale"),
        pytest.param(service(annotations={"window": "PT1M"}), "window: 'PT1M' is not a duration", id="window"),
        pytest.param(service(containers=[]), "containers: must hold exactly one", id="containers"),
        pytest.param(source("PingSource", schedule="soon"), "schedule: 'soon' is not a cron", id="schedule"),
        pytest.param(source("PingSource", timezone="Mars/Olympus"), "timezone: 'Mars/Olympus'", id="time zone"),
        pytest.param({"kind": "Trigger"}, "apiVersion: is missing", id="no apiVersion"),
    ],
)
def test_a_wrong_manifest_is_named_with_its_key(document: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Malformed) as caught:
        interpret(*broker(), document)
    assert str(caught.value).startswith("some/file.yaml: ")
    assert complaint in str(caught.value)


def test_pull_consumers_are_refused_as_they_block_the_reconciler() -> None:
    with pytest.raises(Malformed, match="consumerType: only Push"):
        interpret(*broker(consumer={"consumerType": "Pull"}))


def test_a_reference_to_a_service_that_is_not_there_is_refused() -> None:
    one = trigger("a", "http://x/")
    one["spec"]["subscriber"] = {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "nobody"}}
    with pytest.raises(Malformed, match=r"spec\.subscriber: there is no Service nobody"):
        interpret(*broker(), one)


def test_broken_yaml_is_named() -> None:
    with pytest.raises(Malformed, match=r"some/file\.yaml: document: "):
        list(document.parse("a: [", "some/file.yaml"))


def test_other_kinds_are_left_to_the_cluster() -> None:
    assert interpret({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}).services == []

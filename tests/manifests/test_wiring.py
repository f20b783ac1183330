"""Manifests and code say the same: events, settings, metrics."""

import json
import re
from pathlib import Path

import pytest
import yaml
from tests.manifests.cluster import Cluster, container
from tests.manifests.test_overlays import KNATIVE, OVERLAYS, built
from tests.support import kustomize
from tests.support.deployment import subscriptions

from picket import events
from picket.channel import durations
from picket.channel import template as template_reader
from picket.detection.ruleset import default_ruleset, parse_ruleset
from picket.effects.telemetry.names import METRICS
from picket.policy.rules import combined
from picket.settings import Settings, variable_of

EMITTED = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, events.Event) and getattr(kind, "TYPE", "").startswith("dev.picket.")
]
BY_KNATIVE = {"K_SINK", "K_CE_OVERRIDES", "K_SERVICE", "HOST"}
"""Set by SinkBinding and Serving; HOST is functions-framework's own default."""
INSTEAD_OF_ENVIRONMENT = {"PICKET_SECRETS_DIR"}
OTHERS = {"THREADS", "PYTHONUNBUFFERED"}
"""functions-framework's and Python's."""
COMPARED = {"nats_url", "stream", "channel", "consumers"}
"""What the doctor compares in a cluster: on one machine the stack says its own."""
TO_TOOLS = {events.ToolRequested.TYPE}
"""Goes to the tools' own Broker, where there are tools: see `test_tools`."""
COMPONENTS = KNATIVE / "components"


@pytest.mark.parametrize("kind", EMITTED, ids=lambda kind: kind.TYPE)
def test_every_event_has_a_consumer_or_is_declared_terminal(kind: type[events.Event]) -> None:
    consumed = {name for types in subscriptions().values() for name in types} | TO_TOOLS
    assert (kind.TYPE in consumed) != kind.TERMINAL


def test_every_trigger_wants_events_that_there_are() -> None:
    known = {kind.TYPE for kind in EMITTED} | {events.Tick.TYPE, events.GitHubSourceEvent.TYPE}
    assert {name for types in subscriptions().values() for name in types} <= known


def variables(cluster: Cluster) -> set[str]:
    found = {variable["name"] for one in cluster.functions for variable in container(one)["env"]}
    for config in cluster.of("ConfigMap"):
        if config["metadata"]["name"] == "picket":
            found |= set(config["data"])
    return found


def everything() -> Cluster:
    """Every overlay, and the component that none of them takes."""
    documents = [document for folder in OVERLAYS for document in kustomize.build(folder)]
    with_rules = kustomize._layer(COMPONENTS / "rules", kustomize.build(KNATIVE / "base"))
    return Cluster([*documents, *with_rules], {})


def test_every_setting_is_in_a_manifest() -> None:
    known = {variable_of(name) for name in Settings.model_fields}
    assert known - BY_KNATIVE - INSTEAD_OF_ENVIRONMENT == variables(everything()) & known


def test_mirrors_and_what_a_fetch_adds_fit_into_the_volume() -> None:
    """A pod that grows beyond its emptyDir is evicted with all its mirrors."""
    [config] = [
        one for one in kustomize.build(KNATIVE / "base") if one["metadata"]["name"] == "picket" and "data" in one
    ]
    [enumerate_] = [
        one
        for one in kustomize.build(KNATIVE / "base")
        if one["metadata"]["name"] == "enumerate" and one["kind"] == "Service"
    ]
    volumes = {
        one["name"]: one["emptyDir"]["sizeLimit"]
        for one in enumerate_["spec"]["template"]["spec"]["volumes"]
        if "emptyDir" in one
    }
    mounted = container(enumerate_)["volumeMounts"]
    [data] = [one["name"] for one in mounted if one["mountPath"] == config["data"]["PICKET_DATA_DIR"]]
    wanted = sum(int(config["data"][f"PICKET_{name}_BYTES"]) for name in ("MIRRORS_MAX", "MAX_REPOSITORY"))

    assert volumes[data].endswith("Gi")
    assert wanted <= int(volumes[data].removesuffix("Gi")) * 1024**3


def test_every_variable_in_a_manifest_is_a_setting() -> None:
    known = {variable_of(name) for name in Settings.model_fields} | OTHERS
    assert {name for name in variables(everything()) - known if not name.startswith("AWS_")} == set()


@pytest.mark.parametrize("folder", OVERLAYS, ids=lambda folder: folder.name)
def test_the_settings_of_an_overlay_are_admitted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [config] = [one for one in built(folder).of("ConfigMap") if one["metadata"]["name"] == "picket"]
    for name, value in config["data"].items():
        assert isinstance(value, str)
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.weakening == []
    assert str(settings.data_dir) == "/data"
    assert settings.artifacts == "s3://picket"


def test_what_the_configuration_says_is_no_other_than_the_default_unless_a_cluster_needs_it() -> None:
    data = yaml.safe_load((KNATIVE / "base" / "config.yaml").read_text())["data"]
    differing = set()
    for name, field in Settings.model_fields.items():
        value = data.get(variable_of(name))
        default = field.get_default(call_default_factory=True)
        if name in COMPARED or (value is not None and default != type(default)(*_read(value, default))):
            differing.add(name)
    assert differing == {"data_dir", "mirrors_max_bytes", "artifacts", "public_url", *COMPARED}


def _read(value: str, default: object) -> tuple[object, ...]:
    if isinstance(default, bool | tuple | list | dict):
        return (json.loads(value),)
    return (value,)


def queries() -> dict[str, list[str]]:
    """Return what is asked of Prometheus, by rules and dashboard."""
    [rules] = built(KNATIVE / "overlays" / "complete").of("PrometheusRule")
    dashboard = json.loads((COMPONENTS / "monitoring" / "dashboard.json").read_text())
    return {
        "rules": [rule["expr"] for group in rules["spec"]["groups"] for rule in group["rules"]],
        "dashboard": [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]],
    }


@pytest.mark.parametrize("place", ["rules", "dashboard"])
def test_only_metrics_that_exist_are_asked_for(place: str) -> None:
    """The stack's own come from no cluster: there, JetStream tells."""
    known: dict[str, set[str]] = {}
    for metric in METRICS:
        if metric.origin == "functions":
            suffixes = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
            known |= {f"{metric.name}{suffix}": set(metric.labels) for suffix in suffixes}
    found = re.findall(r"(picket_\w+)(\{[^}]*\})?", "\n".join(queries()[place]))
    assert found
    for name, selector in found:
        assert name in known, name
        assert set(re.findall(r"(\w+)=", selector)) <= known[name], name


def test_every_metric_of_the_functions_is_on_the_dashboard() -> None:
    text = "\n".join(queries()["dashboard"])
    assert [one.name for one in METRICS if one.origin == "functions" and one.name not in text] == []


def test_the_dashboard_has_a_place_for_every_panel() -> None:
    dashboard = json.loads((COMPONENTS / "monitoring" / "dashboard.json").read_text())
    places = [tuple(panel["gridPos"].values()) for panel in dashboard["panels"]]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(places) == len(set(places))


def test_every_alert_leads_to_a_part_of_the_runbook() -> None:
    [rules] = built(KNATIVE / "overlays" / "complete").of("PrometheusRule")
    headings = re.findall(r"^#+ (.+)$", (KNATIVE / "README.md").read_text(), re.MULTILINE)
    for group in rules["spec"]["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["runbook"].removeprefix("knative/README.md: ") in headings


def test_the_rules_of_the_component_change_nothing_until_they_are_filled() -> None:
    text = (COMPONENTS / "rules" / "feedback.yaml").read_text()
    assert combined(text, name="feedback.yaml") == combined()
    found = parse_ruleset((COMPONENTS / "rules" / "detection.toml").read_text(), name="detection.toml")
    assert {rule.id for rule in found.rules} == {rule.id for rule in default_ruleset().rules}


@pytest.mark.parametrize("folder", OVERLAYS, ids=lambda folder: folder.name)
def test_what_the_doctor_compares_is_what_the_channel_and_the_triggers_say(folder: Path) -> None:
    cluster = built(folder)
    [config] = [one for one in cluster.of("ConfigMap") if one["metadata"]["name"] == "picket"]
    [broker] = cluster.of("Broker")
    name = f"KN_{broker['metadata']['namespace']}__{broker['metadata']['name']}-kne-trigger"
    assert config["data"]["PICKET_STREAM"] == name.replace("-", "_").upper()
    assert json.loads(config["data"]["PICKET_CONSUMERS"]) == {
        one["metadata"]["name"]: {
            "ack_wait": durations.iso8601(one["spec"]["delivery"]["timeout"]) + 0.5,
            "max_deliver": one["spec"]["delivery"]["retry"] + 1,
        }
        for one in cluster.of("Trigger")
    }
    file = Path(config["data"]["PICKET_CHANNEL"])
    asking = {one["metadata"]["name"]: one for one in (*cluster.functions, *cluster.of("CronJob"))}
    for asks in ("api", "enumerate", "doctor"):
        pod = kustomize.pod(asking[asks])
        [volume] = [
            one["name"] for one in pod["volumes"] if one.get("configMap") == {"name": broker["spec"]["config"]["name"]}
        ]
        mounts = {one["name"]: one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
        assert mounts[volume] == str(file.parent)
    [template] = [one for one in cluster.of("ConfigMap") if one["metadata"]["name"] == "broker-channel"]
    assert template_reader.read(template["data"][file.name], file.name).replicas == (1 if folder.name == "dev" else 3)


def test_nats_of_the_examples_is_where_the_channel_and_the_doctor_look_for_it() -> None:
    example = built(KNATIVE / "examples" / "nats")
    [config] = [one for one in example.of("ConfigMap") if one["metadata"]["name"] == "config-nats"]
    assert config["metadata"]["namespace"] == "knative-eventing"
    given = yaml.safe_load(config["data"]["eventing-nats"])
    [service] = [one for one in example.of("Service") if one["metadata"]["name"] == "nats"]
    address = f"nats://nats.{service['metadata']['namespace']}.svc.cluster.local:{service['spec']['ports'][0]['port']}"
    [settings] = [one for one in built(KNATIVE / "base").of("ConfigMap") if one["metadata"]["name"] == "picket"]
    assert given["url"] == settings["data"]["PICKET_NATS_URL"] == address
    # With 0 or -1 the dispatcher ends when it loses NATS, and without the option it stays up without a connection.
    assert given["connOpts"]["retryOnFailedConnect"]
    assert given["connOpts"]["maxReconnects"] * given["connOpts"]["reconnectWaitMilliseconds"] > 7 * 86_400_000


def test_a_difference_of_any_setting_is_told_to_somebody() -> None:
    [expression] = [
        text for text in queries()["rules"] if "picket_channel_differences" in text and "absent" not in text
    ]
    assert "setting" in expression

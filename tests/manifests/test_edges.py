"""What may talk to what, and where things meet by name: each is written down twice, here as it must be."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.manifests.cluster import Cluster, Document, container
from tests.manifests.test_overlays import KNATIVE, OVERLAYS, built
from tests.support import kustomize

from picket.runtime.probes import _HEALTH, METRICS

INTERNET = "0.0.0.0/0 ::/0"
IN = {
    ("function", "knative-serving kourier-system", (8012, 8013, 8112, 9090)),
}
OUT = {
    ("all", "kube-system/k8s-app=kube-dns", (53, 53)),
    ("function", "knative-eventing/eventing.knative.dev/brokerRole=ingress", (8080, 8443)),
    ("function", "*/picket.dev/role=store", (27017,)),
    ("function", "*/picket.dev/role=artifacts", (9000,)),
    ("collect enumerate", INTERNET, (443, 22)),
    ("notify", INTERNET, (443,)),
    ("connect", INTERNET, (443,)),
    ("verify", INTERNET, (443, 8200)),
    ("api enumerate doctor", "nats/app.kubernetes.io/name=nats", (4222,)),
}
MONITORED = {("function", "monitoring/app.kubernetes.io/name=prometheus", (8080,))}
COLLECTED = {("function", "monitoring", (4318,))}


def edges(cluster: Cluster, direction: str) -> set[tuple[str, str, tuple[int, ...]]]:
    """Return every edge that the policies of namespace picket open: whose, to or from whom, ports."""
    field, peers = ("ingress", "from") if direction == "in" else ("egress", "to")
    return {
        (_chosen(policy["spec"]), " ".join(map(_peer, rule[peers])), tuple(one["port"] for one in rule["ports"]))
        for policy in cluster.of("NetworkPolicy")
        if policy["metadata"]["namespace"] == "picket"
        for rule in policy["spec"].get(field, ())
    }


def _chosen(spec: Document) -> str:
    if "matchExpressions" in spec["podSelector"]:
        [chosen] = spec["podSelector"]["matchExpressions"]
        assert (chosen["key"], chosen["operator"]) == ("app.kubernetes.io/name", "In")
        return " ".join(chosen["values"])
    labels = spec["podSelector"].get("matchLabels", {})
    component = labels.get("app.kubernetes.io/component", "all")
    return str(labels.get("app.kubernetes.io/name", component))


def _peer(peer: Document) -> str:
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    namespaces = " ".join(_named(peer["namespaceSelector"])) or "*"
    pods = "".join(f"/{key}={value}" for key, value in peer.get("podSelector", {}).get("matchLabels", {}).items())
    return namespaces + pods


def _named(selector: Document) -> Iterator[str]:
    yield from selector.get("matchLabels", {}).values()
    for expression in selector.get("matchExpressions", ()):
        assert (expression["key"], expression["operator"]) == ("kubernetes.io/metadata.name", "In")
        yield from expression["values"]


@pytest.mark.parametrize("folder", OVERLAYS, ids=lambda folder: folder.name)
def test_only_the_edges_that_exist_are_open(folder: Path) -> None:
    cluster = built(folder)
    more = (MONITORED, COLLECTED) if folder.name == "complete" else (set(), set())
    assert edges(cluster, "in") == IN | more[0]
    assert edges(cluster, "out") == OUT | more[1]


def with_codecommit() -> Cluster:
    base = kustomize.build(KNATIVE / "base")
    return Cluster(kustomize._layer(KNATIVE / "components" / "codecommit", base), {})


def test_ingest_reaches_amazon_only_where_codecommit_is_received() -> None:
    assert edges(with_codecommit(), "out") - edges(built(KNATIVE / "base"), "out") == {("ingest", INTERNET, (443,))}


@pytest.mark.parametrize("name", ["functions-to-forges", "ingest-to-sns"])
def test_no_private_address_counts_as_the_internet(name: str) -> None:
    cluster = with_codecommit()
    [policy] = [one for one in cluster.of("NetworkPolicy") if one["metadata"]["name"] == name]
    blocks = [peer["ipBlock"] for peer in policy["spec"]["egress"][0]["to"]]
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "100.64.0.0/10"} <= set(
        blocks[0]["except"]
    )
    assert {"fc00::/7", "fe80::/10", "::1/128"} <= set(blocks[1]["except"])


def test_the_stores_of_the_examples_are_those_that_functions_may_reach() -> None:
    cluster = built(KNATIVE / "overlays" / "dev")
    found = {}
    for one in cluster.of("StatefulSet"):
        template = one["spec"]["template"]
        port = template["spec"]["containers"][0]["ports"][0]["containerPort"]
        found[f"*/picket.dev/role={template['metadata']['labels']['picket.dev/role']}"] = (port,)
    assert {("function", peer, ports) for peer, ports in found.items()} <= OUT


def test_nats_of_the_examples_lets_in_who_may_reach_it() -> None:
    [policy] = built(KNATIVE / "examples" / "nats").of("NetworkPolicy")
    peers = [peer for rule in policy["spec"]["ingress"] for peer in rule["from"] if rule["ports"] == [_port(4222)]]
    [peer] = [peer for peer in peers if peer.get("namespaceSelector") == _namespace("picket")]
    [wanted] = [
        one for one in built(KNATIVE / "base").of("NetworkPolicy") if one["metadata"]["name"] == "functions-to-nats"
    ]
    assert peer["podSelector"] == wanted["spec"]["podSelector"]


def _port(number: int) -> Document:
    return {"protocol": "TCP", "port": number}


def _namespace(name: str) -> Document:
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


def test_every_function_is_told_where_to_send_events() -> None:
    cluster = built(KNATIVE / "overlays" / "production")
    [binding] = cluster.of("SinkBinding")
    wanted = binding["spec"]["subject"]["selector"]["matchLabels"]
    for one in cluster.functions:
        assert wanted.items() <= one["metadata"]["labels"].items(), one["metadata"]["name"]


def test_pods_have_the_labels_that_policies_choose_them_by() -> None:
    for one in built(KNATIVE / "overlays" / "production").functions:
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/component"] == "function"
        assert labels["app.kubernetes.io/name"] == one["metadata"]["name"]


def test_probes_ask_for_what_functions_answer() -> None:
    for one in built(KNATIVE / "overlays" / "production").functions:
        asked = {container(one)[name]["httpGet"]["path"] for name in ("readinessProbe", "livenessProbe")}
        assert asked == _HEALTH


def test_prometheus_asks_where_functions_answer() -> None:
    [monitor] = built(KNATIVE / "overlays" / "complete").of("PodMonitor")
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    # Serving names the function's own port so; that of queue-proxy is http-usermetric.
    assert (endpoint["port"], endpoint["path"]) == ("user-port", METRICS)


def test_backlogs_are_those_of_the_brokers_own_stream() -> None:
    cluster = built(KNATIVE / "overlays" / "complete")
    [broker] = cluster.of("Broker")
    channel = f"{broker['metadata']['name']}-kne-trigger"
    stream = f"KN_{broker['metadata']['namespace']}__{channel}".replace("-", "_").upper()
    [rules] = cluster.of("PrometheusRule")
    [dashboard] = [one for one in cluster.of("ConfigMap") if one["metadata"]["name"] == "picket-dashboard"]
    for text in (str(rules), dashboard["data"]["dashboard.json"]):
        assert set(re.findall(r"stream_name=\\*\"(\w+)", text)) == {stream}
    [archive] = built(KNATIVE / "examples" / "nack").of("Stream")
    assert archive["spec"]["mirror"]["name"] == stream

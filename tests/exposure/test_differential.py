"""Small clusters at random: another evaluator, written plainly for one pair of pods and one port, says the same."""

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from picket.exposure.documents import documents
from picket.exposure.evaluation import Evaluation
from picket.exposure.objects import Cluster, read
from picket.exposure.ports import contains

NAMESPACES = ("a", "b", "c")
KEYS, VALUES = ("k", "l"), ("1", "2")
PORTS = (("TCP", 80), ("TCP", 81), ("TCP", 90), ("UDP", 80), ("SCTP", 7))

labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2)
expression = st.one_of(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(KEYS),
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(st.sampled_from(VALUES), min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries({"key": st.sampled_from(KEYS), "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
)
selector = st.fixed_dictionaries(
    {}, optional={"matchLabels": labels, "matchExpressions": st.lists(expression, max_size=2)}
)
named = st.fixed_dictionaries(
    {}, optional={"matchLabels": st.fixed_dictionaries({"kubernetes.io/metadata.name": st.sampled_from(NAMESPACES)})}
)
peer = st.one_of(
    st.fixed_dictionaries({"podSelector": selector}),
    st.fixed_dictionaries({"namespaceSelector": selector | named}),
    st.fixed_dictionaries({"namespaceSelector": selector | named, "podSelector": selector}),
    st.just({"ipBlock": {"cidr": "0.0.0.0/0"}}),
)
port = st.one_of(
    st.fixed_dictionaries({}, optional={"protocol": st.sampled_from(["TCP", "UDP", "SCTP"])}),
    st.fixed_dictionaries({"port": st.sampled_from([80, 81, 90, "http", "alt"])}),
    st.fixed_dictionaries({"port": st.just(80), "endPort": st.sampled_from([80, 81, 89])}),
    st.fixed_dictionaries({"port": st.sampled_from([80, "http"]), "protocol": st.just("UDP")}),
)


def rule(side: str) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={side: st.lists(peer, max_size=2), "ports": st.lists(port, max_size=2)})


spec = st.fixed_dictionaries(
    {"podSelector": selector},
    optional={
        "policyTypes": st.lists(st.sampled_from(["Ingress", "Egress"]), unique=True, max_size=2),
        "ingress": st.lists(rule("from"), max_size=2),
        "egress": st.lists(rule("to"), max_size=2),
    },
)
container_port = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["http", "alt"]),
        "containerPort": st.sampled_from([80, 81]),
        "protocol": st.sampled_from(["TCP", "UDP"]),
    }
)
pod = st.tuples(st.sampled_from(NAMESPACES), labels, st.lists(container_port, max_size=2))


@settings(max_examples=400, deadline=None)
@given(
    pods=st.lists(pod, min_size=2, max_size=4),
    namespaces=st.dictionaries(st.sampled_from(NAMESPACES), labels, max_size=3),
    policies=st.lists(st.tuples(st.sampled_from(NAMESPACES), spec), max_size=4),
)
def test_a_plain_evaluator_gives_the_same_flows(
    pods: list[Any], namespaces: dict[str, Any], policies: list[Any]
) -> None:
    found = built(pods, namespaces, policies)
    assert found.unread == []
    evaluation = Evaluation(found)
    known = {name: {**namespaces.get(name, {}), "kubernetes.io/metadata.name": name} for name in NAMESPACES}
    for source in found.workloads:
        for target in found.workloads:
            ports = evaluation.between(source, target)
            for protocol, number in PORTS:
                here, there = (pods[int(one.name.removeprefix("p"))] for one in (source, target))
                expected = source is target or (
                    allows("egress", here, there, there, protocol, number, policies, known)
                    and allows("ingress", there, here, there, protocol, number, policies, known)
                )
                assert contains(ports, protocol, number) == expected


@settings(max_examples=200, deadline=None)
@given(
    pods=st.lists(pod, min_size=1, max_size=3),
    namespaces=st.dictionaries(st.sampled_from(NAMESPACES), labels, max_size=3),
    policies=st.lists(st.tuples(st.sampled_from(NAMESPACES), spec), max_size=4),
)
def test_a_namespace_comes_in_where_a_pod_of_it_without_labels_does(
    pods: list[Any], namespaces: dict[str, Any], policies: list[Any]
) -> None:
    found = built(pods, namespaces, policies)
    known = {name: {**namespaces.get(name, {}), "kubernetes.io/metadata.name": name} for name in (*NAMESPACES, "new")}
    for workload in found.workloads:
        inward = Evaluation(found).inward(workload)
        target = pods[int(workload.name.removeprefix("p"))]
        reached = {"new": inward.any_namespace, target[0]: inward.own_namespace, **inward.namespaces}
        for name in {*found.namespaces, "new"} if inward.isolated else ():
            for protocol, number in PORTS:
                expected = allows("ingress", target, (name, {}, []), target, protocol, number, policies, known)
                assert contains(reached.get(name, ()), protocol, number) == expected


def built(pods: list[Any], namespaces: dict[str, Any], policies: list[Any]) -> Cluster:
    objects: list[dict[str, Any]] = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"p{number}", "namespace": where, "labels": own},
            "spec": {"containers": [{"ports": ports}]},
        }
        for number, (where, own, ports) in enumerate(pods)
    ]
    objects += [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": own}}
        for name, own in namespaces.items()
    ]
    objects += [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": f"n{number}", "namespace": where},
            "spec": spec,
        }
        for number, (where, spec) in enumerate(policies)
    ]
    return read(documents("x.yaml", yaml.safe_dump_all(objects)))


def allows(  # noqa: PLR0917 - a question has as many parts
    side: str, of: Any, other: Any, target: Any, protocol: str, number: int, policies: list[Any], known: dict[str, Any]
) -> bool:
    """Whether the policies of a pod allow what comes from (or goes to) the other one, at a port of the target."""
    isolated = False
    for where, spec in policies:
        types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
        if where != of[0] or side.capitalize() not in types or not selects(spec["podSelector"], of[1]):
            continue
        isolated = True
        for rule in spec.get(side, []):
            peers = rule.get("from" if side == "ingress" else "to", [])
            at_port = not rule.get("ports") or any(is_port(each, target, protocol, number) for each in rule["ports"])
            if at_port and (not peers or any(is_peer(each, where, other, known) for each in peers)):
                return True
    return not isolated


def is_port(port: dict[str, Any], target: Any, protocol: str, number: int) -> bool:
    if port.get("protocol", "TCP") != protocol:
        return False
    if "port" not in port:
        return True
    if isinstance(port["port"], int):
        return bool(port["port"] <= number <= port.get("endPort", port["port"]))
    return any(
        (one["name"], one["containerPort"], one["protocol"]) == (port["port"], number, protocol) for one in target[2]
    )


def is_peer(peer: dict[str, Any], where: str, other: Any, known: dict[str, Any]) -> bool:
    if "ipBlock" in peer:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], known[other[0]]):
            return False
    elif other[0] != where:
        return False
    return selects(peer.get("podSelector", {}), other[1])


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for one in selector.get("matchExpressions", []):
        there = one["key"] in labels
        fits = {
            "In": there and labels[one["key"]] in one.get("values", []),
            "NotIn": not there or labels[one["key"]] not in one.get("values", []),
            "Exists": there,
            "DoesNotExist": not there,
        }[one["operator"]]
        if not fits:
            return False
    return True

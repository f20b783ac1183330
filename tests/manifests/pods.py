"""What Knative and Pod Security make of the functions: each check yields a complaint for everything that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.manifests.cluster import Cluster, Document, container, say
from tests.support import kustomize

_AUTOSCALING = "autoscaling.knative.dev/"
_WHOLE, _SPAN = re.compile(r"\d+"), re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_LONGEST_SPAN = 3_600
_RANGES: dict[str, tuple[float, float]] = {
    "min-scale": (0, 1_000),
    "max-scale": (1, 1_000),
    "initial-scale": (1, 1_000),
    "activation-scale": (2, 1_000),
    "target": (0.01, 1_000_000),
    "target-utilization-percentage": (1, 100),
    "target-burst-capacity": (-1, 1_000_000),
}
_SPANS = {
    "window": (6, _LONGEST_SPAN),
    "scale-down-delay": (0, _LONGEST_SPAN),
    "scale-to-zero-pod-retention-period": (0, _LONGEST_SPAN),
}
_WORDS = {"class", "metric"}
_LABELS = {"app.kubernetes.io/name", "app.kubernetes.io/part-of"}
_SCALES = {"min": 0, "max": 1_000}


def annotations_in_range(cluster: Cluster) -> Iterator[str]:
    """Knative refuses a value out of range, and passes over a name that it does not know."""
    for service in cluster.functions:
        if any(key.startswith(_AUTOSCALING) for key in service["metadata"].get("annotations", {})):
            yield say(service, "autoscaling annotations belong on spec.template.metadata")
        annotations = service["spec"]["template"]["metadata"].get("annotations", {})
        for key, value in annotations.items():
            if key.startswith(_AUTOSCALING) and (problem := _scaling(key.removeprefix(_AUTOSCALING), value)):
                yield say(service, problem)
        scale = {name: int(annotations.get(f"{_AUTOSCALING}{name}-scale", least)) for name, least in _SCALES.items()}
        if scale["min"] > scale["max"]:
            yield say(service, "min-scale is above max-scale")


def _scaling(name: str, value: Any) -> str:
    if not isinstance(value, str):
        return f"{name}: an annotation is text"
    if name in _WORDS:
        return ""
    if name in _SPANS:
        return _within(name, value, _seconds(value), _SPANS[name])
    if name in _RANGES:
        number = float(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else None
        return _within(name, value, number, _RANGES[name])
    return f"{name} is no annotation that Knative knows"


def _seconds(value: str) -> float | None:
    found = _SPAN.fullmatch(value)
    if not found or not value:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return 3_600 * hours + 60 * minutes + seconds


def _within(name: str, value: str, number: float | None, limits: tuple[float, float]) -> str:
    if number is not None and limits[0] <= number <= limits[1]:
        return ""
    return f"{name}: {value} is not within {limits[0]:g} and {limits[1]:g}"


def restricted(cluster: Cluster) -> Iterator[str]:
    """Pod Security's "restricted", and no token of Kubernetes' for whoever takes a function over."""
    for document in (*cluster.functions, *cluster.of("StatefulSet"), *cluster.of("CronJob")):
        pod = kustomize.pod(document)
        if pod.get("automountServiceAccountToken") is not False:
            yield say(document, "its pod is given a token of Kubernetes'")
        for one in pod["containers"]:
            context = {**pod.get("securityContext", {}), **one.get("securityContext", {})}
            yield from (say(document, problem) for problem in _context(context))
    for account in cluster.of("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield say(account, "its pods are given a token of Kubernetes'")
    for namespace in cluster.of("Namespace"):
        if namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
            yield say(namespace, "Pod Security is not enforced")


def _context(context: Document) -> Iterator[str]:
    wanted = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    for key, value in wanted.items():
        if context.get(key) != value:
            yield f"securityContext.{key} is not {value}"


def limited(cluster: Cluster) -> Iterator[str]:
    """A function that could take a node's memory or disk would be everybody's trouble."""
    for service in cluster.functions:
        resources = container(service).get("resources", {})
        for kind, name in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            if name not in resources.get(kind, {}):
                yield say(service, f"resources.{kind}.{name} is missing")
        for volume in service["spec"]["template"]["spec"].get("volumes", ()):
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
                yield say(service, f"volume {volume['name']} has no size limit")


def labelled(cluster: Cluster) -> Iterator[str]:
    """What `kubectl get -l app.kubernetes.io/part-of=picket` does not show is forgotten."""
    for document in cluster.documents:
        for key in _LABELS - set(document["metadata"].get("labels", {})):
            yield say(document, f"has no label {key}")


_REACH_OUT = {"collect", "connect", "enumerate", "notify", "verify"}


def denied_by_default(cluster: Cluster) -> Iterator[str]:
    """Only edges that exist are open: what scans reaches nothing of the internet."""
    policies = [one["spec"] for one in cluster.of("NetworkPolicy") if one["metadata"]["namespace"] == "picket"]
    if not any(_denies(policy) for policy in policies):
        yield "NetworkPolicy: nothing denies what is not named"
    for policy in policies:
        for rule in policy.get("egress", ()):
            wide = not rule.get("to") or any("ipBlock" in peer for peer in rule["to"])
            if wide:
                for name in _names(policy["podSelector"]) - _REACH_OUT:
                    yield f"NetworkPolicy: {name} reaches addresses outside of the cluster"


def _names(selector: Document) -> set[str]:
    """Return the functions that a policy is for; "everything" where it names none."""
    label = "app.kubernetes.io/name"
    named = {value for each in selector.get("matchExpressions", ()) if each["key"] == label for value in each["values"]}
    named |= {value for key, value in selector.get("matchLabels", {}).items() if key == label}
    return named or {"everything"}


def _denies(policy: Document) -> bool:
    everything = policy["podSelector"] == {} and set(policy["policyTypes"]) == {"Ingress", "Egress"}
    return everything and not policy.get("ingress") and not policy.get("egress")


CHECKS = (annotations_in_range, restricted, limited, labelled, denied_by_default)

"""From documents to what matters of a cluster: workloads, namespaces, services, ingresses and policies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from picket.exposure.documents import Document, Unread
from picket.exposure.policies import Metadata, Policy
from picket.exposure.shapes import Controller, CronJob, Ingress, Namespace, Pod, PodSpec, Service

MAX_OBJECTS = 20_000
"""Objects of one cluster that are looked at."""
_WORKLOADS = {
    "Pod": "v1",
    "ReplicationController": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}
_OTHERS = {
    "Namespace": "v1",
    "Service": "v1",
    "Ingress": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
}
_OWN_GROUPS = frozenset({"", "apps", "batch", "extensions", "networking.k8s.io"})
"""Kubernetes' own: one of these kinds in another version of them is written in another way."""
_ENTRANCES = re.compile(r"(?:HTTP|GRPC|TLS|TCP|UDP)?Route|IngressRoute(?:TCP|UDP)?|VirtualService")
_OWN_NAMESPACE = frozenset({"NetworkPolicy", "CiliumNetworkPolicy", "StagedNetworkPolicy", "EgressFirewall"})
_ALIKE = ("networkpolicy", "egressfirewall", "route", "virtualservice")
_Place = tuple[str, str, str]
_GENERATIONS = 3
"""A Pod is controlled by a Job, and that by a CronJob."""
_HASH = "pod-template-hash"
NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Named:
    """A named port of a workload."""

    name: str
    number: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Workload:
    """Pods that are alike, by what owns them."""

    namespace: str
    kind: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[Named, ...] = ()
    on_host: bool = False
    path: str = ""
    line: int = 0

    @property
    def address(self) -> str:
        """Namespace, kind and name."""
        return f"{self.namespace}/{self.kind}/{self.name}"


@dataclass(slots=True)
class Cluster:
    """What documents make of a cluster.

    `unread` could not be read; `foreign` are policies of a kind, and `entrances` ways in from outside, that are not
    evaluated here.
    """

    workloads: list[Workload] = field(default_factory=list)
    namespaces: dict[str, Mapping[str, str]] = field(default_factory=dict)
    policies: dict[str, list[Policy]] = field(default_factory=dict)
    services: dict[str, list[Service]] = field(default_factory=dict)
    ingresses: dict[str, list[Ingress]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    foreign: list[Unread] = field(default_factory=list)
    entrances: list[Unread] = field(default_factory=list)


def read(found: Iterable[Document | Unread]) -> Cluster:
    """Return the cluster that documents describe."""
    cluster = Cluster()
    seen: dict[_Place, Document] = {}
    workloads: list[tuple[Workload, str]] = []
    for count, one in enumerate(found, 1):
        if count > MAX_OBJECTS:
            cluster.unread.append(Unread(one.path, one.line, f"there are more than {MAX_OBJECTS} objects"))
            break
        if isinstance(one, Unread):
            if matters(one.kind):
                cluster.unread.append(one)
            continue
        try:
            _take(one, cluster, seen, workloads)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(str(step) for step in first["loc"])[:200]
            cluster.unread.append(_unread(one, f"not what Kubernetes takes at {where}: {first['msg'][:200]}"))
    cluster.workloads = _owned(workloads)
    for name in {*(workload.namespace for workload in cluster.workloads), *cluster.policies}:
        cluster.namespaces.setdefault(name, {NAME_LABEL: name})
    return cluster


def _take(one: Document, cluster: Cluster, seen: dict[_Place, Document], workloads: list[tuple[Workload, str]]) -> None:
    """Put an object into the cluster.

    Raises:
        ValidationError: It is not what Kubernetes takes.
    """
    kind, version = one.content["kind"], one.content["apiVersion"]
    group = version.rpartition("/")[0]
    if version == _WORKLOADS.get(kind):
        workloads.append(_workload(kind, one))
    elif version == _OTHERS.get(kind):
        made = _MODELS[kind].model_validate(one.content)
        place = (kind, "" if kind == "Namespace" else made.metadata.where, made.metadata.name)
        former = seen.setdefault(place, one)
        if former is one:
            _keep(made, cluster)
        elif former.content != one.content:
            cluster.unread.append(_unread(one, f"it is also in {former.path[:300]}, and not the same there"))
    elif group in _OWN_GROUPS and (kind in _WORKLOADS or kind in _OTHERS):
        cluster.unread.append(_unread(one, "its API version is not one that is read here"))
    else:
        _take_foreign(one, kind, group, cluster)


def _take_foreign(one: Document, kind: str, group: str, cluster: Cluster) -> None:
    """Note an object of a kind that may change who is reached, and is not evaluated here."""
    if kind.endswith("NetworkPolicy") or kind == "EgressFirewall":
        where = _namespace(one.content) if kind in _OWN_NAMESPACE else ""
        reason = f"a {kind[:60]} of {group[:60]} is not evaluated"
        cluster.foreign.append(Unread(one.path, one.line, reason, kind, where))
    elif _ENTRANCES.fullmatch(kind):
        reason = f"a {kind} of {group[:60]} may let the internet in and is not evaluated"
        cluster.entrances.append(Unread(one.path, one.line, reason, kind, _namespace(one.content)))


def _keep(made: Any, cluster: Cluster) -> None:  # noqa: ANN401 - one of the models
    where = made.metadata.where
    match made:
        case Namespace():
            cluster.namespaces[made.metadata.name] = {**made.metadata.labels, NAME_LABEL: made.metadata.name}
        case Service():
            cluster.services.setdefault(where, []).append(made)
        case Ingress():
            cluster.ingresses.setdefault(where, []).append(made)
        case Policy():
            cluster.policies.setdefault(where, []).append(made)


def _workload(kind: str, one: Document) -> tuple[Workload, str]:
    """Return a workload, and the address of what controls it; empty if that is nothing."""
    metadata, labels, spec = _pods(kind, one.content)
    sidecars = [each for each in spec.before if each.restarts == "Always"]
    ports = [port for container in (*spec.containers, *sidecars) for port in container.ports]
    workload = Workload(
        namespace=metadata.where,
        kind=kind,
        name=metadata.name or metadata.generated,
        labels=labels,
        ports=tuple(Named(port.name, port.number, port.protocol) for port in ports),
        on_host=bool(spec.host_network),
        path=one.path,
        line=one.line,
    )
    return workload, _owner(metadata)


def _pods(kind: str, content: Mapping[str, Any]) -> tuple[Metadata, Mapping[str, str], PodSpec]:
    """Return what a workload is called, and its pods' labels and contents."""
    if kind == "Pod":
        pod = Pod.model_validate(content)
        return pod.metadata, pod.metadata.labels, pod.spec
    if kind == "CronJob":
        timed = CronJob.model_validate(content)
        metadata, template = timed.metadata, timed.spec.job.spec.template
    else:
        controller = Controller.model_validate(content)
        metadata, template = controller.metadata, controller.spec.template
    return metadata, template.metadata.labels, template.spec


def _owner(metadata: Metadata) -> str:
    """Return the address of what controls an object: of the Deployment behind a ReplicaSet that made it, too."""
    owner = next((each for each in metadata.owners if each.controls), None)
    if owner is None:
        return ""
    suffix = f"-{metadata.labels.get(_HASH, '')}"
    if owner.kind == "ReplicaSet" and len(suffix) > 1 and owner.name.endswith(suffix):
        return f"{metadata.where}/Deployment/{owner.name.removesuffix(suffix)}"
    return f"{metadata.where}/{owner.kind}/{owner.name}"


def _owned(workloads: list[tuple[Workload, str]]) -> list[Workload]:
    """Return workloads by what owns them: those whose owner stands in a document go, others take its name."""
    owners = {workload.address: owner for workload, owner in workloads}
    found: list[Workload] = []
    for workload, direct in workloads:
        top = direct
        for _ in range(_GENERATIONS):
            top = owners.get(top, "") or top
        if not direct:
            found.append(workload)
        elif top not in owners:
            _, kind, name = top.split("/", 2)
            found.append(replace(workload, kind=kind, name=name))
    return found


def _unread(one: Document, reason: str) -> Unread:
    return Unread(one.path, one.line, reason, one.content["kind"].lower(), _namespace(one.content))


def _namespace(content: Mapping[str, Any]) -> str:
    """Return the namespace that an object is in; empty, which is all of them, where that cannot be told."""
    metadata = content.get("metadata")
    if not isinstance(metadata, dict):
        return ""
    told = metadata.get("namespace")
    if told is None or told == "":
        return "default"
    return told if isinstance(told, str) else ""


def matters(kind: str) -> bool:
    """Return whether an object of a kind, in lower case, may change who is reached; one that is not known may."""
    return not kind or kind in _RELEVANT or kind.endswith(_ALIKE)


_RELEVANT = frozenset(each.lower() for each in (*_WORKLOADS, *_OTHERS))
_MODELS: dict[str, Any] = {"Namespace": Namespace, "Service": Service, "Ingress": Ingress, "NetworkPolicy": Policy}

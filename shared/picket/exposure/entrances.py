"""Ways from the internet to pods: Services that are reachable from outside, and Ingresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from picket.exposure.objects import Cluster, Workload
from picket.exposure.policies import HIGHEST
from picket.exposure.ports import Ports, Span, merged
from picket.exposure.shapes import Backend, Service, ServicePort


@dataclass(frozen=True, slots=True)
class Entrance:
    """A way in: the Service or Ingress that it leads through, the labels of the pods it leads to, and the ports."""

    name: str
    through_ingress: bool
    labels: Mapping[str, str]
    ports: tuple[ServicePort, ...]

    def leads_to(self, workload: Workload) -> Ports:
        """Return the ports of a workload in its namespace to which it leads."""
        if any(workload.labels.get(key) != value for key, value in self.labels.items()):
            return ()
        return merged(span for port in self.ports for span in _targets(port, workload))


def entrances(cluster: Cluster, namespace: str) -> Iterator[Entrance]:
    """Yield the ways in to pods of a namespace. A Service without a selector leads to none that is known."""
    services = {each.metadata.name: each for each in cluster.services.get(namespace, ())}
    for name, service in services.items():
        if service.spec.selector and service.is_outside:
            yield Entrance(f"Service {name}", False, service.spec.selector, tuple(service.spec.ports))  # noqa: FBT003
    for ingress in cluster.ingresses.get(namespace, ()):
        for backend in ingress.backends:
            known = services.get(backend.service.name) if backend.service else None
            if known and known.spec.selector:
                ports = tuple(_ports(known, backend))
                yield Entrance(f"Ingress {ingress.metadata.name}", True, known.spec.selector, ports)  # noqa: FBT003


def _ports(service: Service, backend: Backend) -> Iterator[ServicePort]:
    """Yield the ports of a service that a backend names."""
    asked = backend.service.port if backend.service else None
    for port in service.spec.ports:
        if asked and (port.number == asked.number or (asked.name and port.name == asked.name)):
            yield port


def _targets(port: ServicePort, workload: Workload) -> Iterator[Span]:
    """Yield the ports of a workload that a port of a service leads to: a name may be another number for each."""
    target = port.number if port.target is None else port.target
    if isinstance(target, int):
        if 1 <= target <= HIGHEST:
            yield Span(port.protocol, target, target)
        return
    for each in workload.ports:
        if (each.name, each.protocol) == (target, port.protocol):
            yield Span(each.protocol, each.number, each.number)

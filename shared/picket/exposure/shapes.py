"""Workloads, services and ingresses as they are written: as much of them as says who may be reached."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, StrictStr

from picket.exposure.addresses import is_internet
from picket.exposure.policies import Block, Labels, Listed, Loose, Metadata, Told

_INTERNAL = re.compile(r"load-?balancer-(?:internal|type|scheme)\Z")


def _none_is_empty(value: Any) -> Any:  # noqa: ANN401 - YAML
    return {} if value is None else value


class _ContainerPort(Loose):
    name: StrictStr = ""
    number: StrictInt = Field(alias="containerPort", ge=1, le=65_535)
    protocol: Told = "TCP"


class _Container(Loose):
    ports: Listed[_ContainerPort] = Field(default=[])
    restarts: StrictStr | None = Field(default=None, alias="restartPolicy")


class PodSpec(Loose):
    """What runs in a pod."""

    containers: Listed[_Container] = Field(default=[])
    before: Listed[_Container] = Field(default=[], alias="initContainers")
    host_network: StrictBool | None = Field(default=None, alias="hostNetwork")


class _TemplateMetadata(Loose):
    labels: Labels = Field(default={})


class _Template(Loose):
    metadata: Annotated[_TemplateMetadata, BeforeValidator(_none_is_empty)] = _TemplateMetadata()
    spec: PodSpec


class _Controlling(Loose):
    replicas: StrictInt | None = None
    template: _Template


class _Job(Loose):
    spec: _Controlling


class _Scheduled(Loose):
    job: _Job = Field(alias="jobTemplate")


class Pod(Loose):
    """A Pod."""

    metadata: Metadata
    spec: PodSpec


class Controller(Loose):
    """What makes pods by a template: a Deployment, for example."""

    metadata: Metadata
    spec: _Controlling


class CronJob(Loose):
    """A CronJob."""

    metadata: Metadata
    spec: _Scheduled


class Namespace(Loose):
    """A Namespace."""

    metadata: Metadata


class ServicePort(Loose):
    """A port of a service, and the one of its pods that it leads to."""

    name: StrictStr | None = None
    number: StrictInt = Field(alias="port", ge=1, le=65_535)
    target: StrictInt | StrictStr | None = Field(default=None, alias="targetPort")
    protocol: Told = "TCP"


class _ServiceSpec(Loose):
    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] | None = None
    selector: Labels = Field(default={})
    ports: Listed[ServicePort] = Field(default=[])
    addresses: Listed[StrictStr] = Field(default=[], alias="externalIPs")
    sources: Listed[Annotated[StrictStr, AfterValidator(lambda value: Block(cidr=value).cidr)]] = Field(
        default=[], alias="loadBalancerSourceRanges"
    )


class Service(Loose):
    """A Service."""

    metadata: Metadata
    spec: _ServiceSpec

    @property
    def is_outside(self) -> bool:
        """Whether it can be reached from outside of the cluster by itself."""
        if self.spec.type == "LoadBalancer":
            annotations = (self.metadata.annotations or {}).items()
            sources = [Block(cidr=each) for each in self.spec.sources]
            return not any(_is_internal(*each) for each in annotations) and (not sources or is_internet(sources))
        return self.spec.type == "NodePort" or bool(self.spec.addresses)


def _is_internal(name: str, value: Any) -> bool:  # noqa: ANN401 - YAML
    """Return whether an annotation keeps a load balancer within the provider's network, as clouds spell it."""
    return _INTERNAL.search(name) is not None and str(value).lower() in {"true", "internal", "private"}


class _BackendPort(Loose):
    name: StrictStr | None = None
    number: StrictInt | None = None


class _BackendService(Loose):
    name: StrictStr
    port: _BackendPort = _BackendPort()


class Backend(Loose):
    """Where an Ingress leads to; None where that is no service."""

    service: _BackendService | None = None


class _Path(Loose):
    backend: Backend


class _Http(Loose):
    paths: Listed[_Path] = Field(default=[])


class _IngressRule(Loose):
    http: _Http | None = None


class _IngressSpec(Loose):
    default: Backend | None = Field(default=None, alias="defaultBackend")
    rules: Listed[_IngressRule] = Field(default=[])


class Ingress(Loose):
    """An Ingress."""

    metadata: Metadata
    spec: _IngressSpec

    @property
    def backends(self) -> list[Backend]:
        """All that it leads to."""
        paths = [path.backend for rule in self.spec.rules if rule.http for path in rule.http.paths]
        return [*paths, *([self.spec.default] if self.spec.default else [])]

"""NetworkPolicies as the API server takes them: what it would refuse is refused here, for it changes who gets in.

Source: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/ and the validation of
its fields there; defaults as the API server sets them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

T = TypeVar("T")
Network = IPv4Network | IPv6Network
Protocol = Literal["TCP", "UDP", "SCTP"]
HIGHEST = 65_535
_PORT_NAME = re.compile(r"(?=.{1,15}\Z)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")


_NAME = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
"""The name of an object: labels of the DNS."""


class Loose(BaseModel):
    """A part of an object; what else it holds has no effect here."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


class Exact(BaseModel):
    """A part of a policy, in which a field that is unknown is one that is misspelt."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


Listed = Annotated[list[T], BeforeValidator(lambda value: [] if value is None else value)]
"""A list; empty where it is null, as where it is missing."""
Labels = Annotated[dict[StrictStr, StrictStr], BeforeValidator(lambda value: {} if value is None else value)]


def _default_protocol(value: Any) -> Any:  # noqa: ANN401 - YAML
    return "TCP" if value is None else value


Told = Annotated[Protocol, BeforeValidator(_default_protocol)]
"""A protocol; TCP where none is told."""


class Requirement(Exact):
    """One of a selector's `matchExpressions`."""

    key: StrictStr
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: Listed[StrictStr] = Field(default=[])

    @model_validator(mode="after")
    def _check(self) -> Requirement:
        if (self.operator in {"In", "NotIn"}) != bool(self.values):
            raise ValueError("values do not fit the operator")
        return self

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels fulfil it; `NotIn` is fulfilled where the label is missing."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
        return self.key not in labels


class Selector(Exact):
    """A selector of labels; an empty one selects everything."""

    labels: Labels = Field(default={}, alias="matchLabels")
    expressions: Listed[Requirement] = Field(default=[], alias="matchExpressions")

    @property
    def size(self) -> int:
        """How much there is to compare, at least 1."""
        return 1 + len(self.labels) + sum(1 + len(each.values) for each in self.expressions)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether it selects what has these labels."""
        return all(labels.get(key) == value for key, value in self.labels.items()) and all(
            each.matches(labels) for each in self.expressions
        )


class Block(Exact):
    """A range of addresses, with ranges that are taken out of it."""

    cidr: StrictStr
    excepted: Listed[StrictStr] = Field(default=[], alias="except")

    @model_validator(mode="after")
    def _check(self) -> Block:
        whole = network(self.cidr)
        for each in map(network, self.excepted):
            if each.version != whole.version or each == whole or each.network_address not in whole:
                raise ValueError("an exception is not within its block")
        return self


def network(cidr: str) -> Network:
    """Return the network that an address with a prefix is in.

    Raises:
        ValueError: It is not a block of addresses, or has no prefix.
    """
    if "/" not in cidr or "%" in cidr or len(cidr) > 50:  # noqa: PLR2004 - the longest has 43 characters
        raise ValueError("no CIDR")
    return ip_network(cidr, strict=False)


class Peer(Exact):
    """Who a rule is about: pods by their labels and those of their namespaces, or addresses."""

    pods: Selector | None = Field(default=None, alias="podSelector")
    namespaces: Selector | None = Field(default=None, alias="namespaceSelector")
    block: Block | None = Field(default=None, alias="ipBlock")

    @property
    def size(self) -> int:
        """How much there is to compare, at least 1."""
        return 1 + sum(each.size for each in (self.pods, self.namespaces) if each)

    @model_validator(mode="after")
    def _check(self) -> Peer:
        if (self.block is None) == (self.pods is None and self.namespaces is None):
            raise ValueError("a peer is either pods or a block of addresses")
        return self


class Port(Exact):
    """A port, by number, range or name; every port of the protocol where none is told."""

    protocol: Told = "TCP"
    port: StrictInt | StrictStr | None = None
    end: StrictInt | None = Field(default=None, alias="endPort")

    @model_validator(mode="after")
    def _check(self) -> Port:
        if isinstance(self.port, int) and not 1 <= self.port <= HIGHEST:
            raise ValueError("that is no port")
        if isinstance(self.port, str) and not _PORT_NAME.fullmatch(self.port):
            raise ValueError("that is no name of a port")
        if self.end is not None and not (isinstance(self.port, int) and self.port <= self.end <= HIGHEST):
            raise ValueError("endPort needs a port by number that is not above it")
        return self


class IngressRule(Exact):
    """Who may come in, at which ports; no peers or an empty list is everybody, the internet included."""

    ports: Listed[Port] = Field(default=[])
    peers: Listed[Peer] = Field(default=[], alias="from")


class EgressRule(Exact):
    """Where pods may go to, at which ports of those; no peers or an empty list is everywhere."""

    ports: Listed[Port] = Field(default=[])
    peers: Listed[Peer] = Field(default=[], alias="to")


Rule = IngressRule | EgressRule
Direction = Literal["Ingress", "Egress"]


class PolicySpec(Exact):
    """What a policy says."""

    pods: Annotated[Selector, BeforeValidator(lambda value: {} if value is None else value)] = Field(
        default=Selector(), alias="podSelector"
    )
    types: Listed[Direction] = Field(default=[], alias="policyTypes")
    ingress: Listed[IngressRule] = Field(default=[])
    egress: Listed[EgressRule] = Field(default=[])

    def isolates(self, direction: Direction) -> bool:
        """Return whether it isolates the pods that it selects in a direction.

        Without `policyTypes` it does so for Ingress, and for Egress only if there is a rule for that.
        """
        if self.types:
            return direction in self.types
        return direction == "Ingress" or bool(self.egress)

    def rules(self, direction: Direction) -> list[IngressRule] | list[EgressRule]:
        """Return its rules for a direction."""
        return self.ingress if direction == "Ingress" else self.egress


class Metadata(Loose):
    """What an object is called."""

    name: Annotated[StrictStr, Field(pattern=_NAME)] = ""
    generated: Annotated[StrictStr, Field(max_length=253)] = Field(default="", alias="generateName")
    namespace: Annotated[StrictStr, Field(max_length=63, pattern=f"^$|{_NAME}")] | None = None
    labels: Labels = Field(default={})
    annotations: dict[str, Any] | None = None
    owners: Listed[Owner] = Field(default=[], alias="ownerReferences")

    @model_validator(mode="after")
    def _check(self) -> Metadata:
        if not (self.name or self.generated):
            raise ValueError("it has no name")
        return self

    @property
    def where(self) -> str:
        """Its namespace; `default` where it names none, though whoever applies it may choose another."""
        return self.namespace or "default"


class Owner(Loose):
    """What made an object."""

    kind: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9]{1,63}$")]
    name: Annotated[StrictStr, Field(pattern=_NAME)]
    controls: StrictBool | None = Field(default=None, alias="controller")


class Policy(Loose):
    """A NetworkPolicy."""

    metadata: Metadata
    spec: PolicySpec

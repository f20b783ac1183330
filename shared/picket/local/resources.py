"""What the manifests declare, as far as the one-machine stack acts on it. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from picket.channel.model import ChannelTemplate
from picket.local.delivery import Delivery, Destination
from picket.local.filters import Filter


@dataclass(frozen=True, slots=True)
class Service:
    """One function: how many requests a replica takes, how many replicas there may be, when one stops (seconds)."""

    name: str
    namespace: str
    labels: dict[str, str]
    env: dict[str, str]
    concurrency: int
    target: int
    min_scale: int
    max_scale: int
    window: float

    @property
    def capacity(self) -> int:
        """Requests that one replica is given at once."""
        return self.concurrency or self.target


@dataclass(frozen=True, slots=True)
class Broker:
    """Where events are posted to and Triggers get them from; `written` is the channel's template as it stands."""

    name: str
    namespace: str
    template: ChannelTemplate
    delivery: Delivery | None
    written: str = ""

    @property
    def path(self) -> str:
        """Path of the broker at the ingress."""
        return f"/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One subscription to a broker."""

    name: str
    namespace: str
    broker: str
    filter: Filter
    subscriber: Destination
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class PingSource:
    """A schedule on which an event is sent."""

    name: str
    namespace: str
    schedule: str
    timezone: ZoneInfo | None
    content_type: str
    data: bytes
    sink: Destination
    extensions: dict[str, str]


@dataclass(frozen=True, slots=True)
class SinkBinding:
    """Services that are told where to send their events."""

    namespace: str
    service: str
    labels: dict[str, str]
    sink: Destination
    extensions: dict[str, str]

    def covers(self, service: Service) -> bool:
        """Return whether *service* is bound."""
        if service.namespace != self.namespace:
            return False
        if self.service:
            return self.service == service.name
        return all(service.labels.get(key) == value for key, value in self.labels.items())


@dataclass(frozen=True, slots=True)
class Step:
    """A container of a job: arguments of its Python; one that is isolated gets none of the stack's settings.

    A sidecar is started before the others and ended after them.
    """

    name: str
    arguments: tuple[str, ...]
    env: dict[str, str]
    is_isolated: bool
    is_sidecar: bool


@dataclass(frozen=True, slots=True)
class JobSink:
    """What is started for each event: containers one after the other, again up to `backoff_limit` times."""

    name: str
    namespace: str
    steps: tuple[Step, ...]
    backoff_limit: int
    deadline: float


@dataclass(slots=True)
class Manifests:
    """Everything that a project deploys and the stack runs."""

    services: list[Service] = field(default_factory=list)
    brokers: list[Broker] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    pings: list[PingSource] = field(default_factory=list)
    bindings: list[SinkBinding] = field(default_factory=list)
    job_sinks: list[JobSink] = field(default_factory=list)

    def is_given_events(self, service: Service) -> bool:
        """Return whether a Trigger gives a function its work, so that no client waits for its answer."""
        return any(trigger.subscriber.service == service.name for trigger in self.triggers)

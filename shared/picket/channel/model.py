"""What a channel's template asks for, what JetStream has, and how the two differ."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChannelTemplate:
    """Stream and consumer settings of a NatsJetStreamChannel; times in seconds, 0 or less: unlimited.

    The defaults are those of eventing-natss and nats-server.
    """

    stream: str = ""
    storage: str = "file"
    replicas: int = 1
    retention: str = "limits"
    discard: str = "old"
    max_age: float = 0.0
    max_bytes: int = -1
    max_messages: int = -1
    duplicate_window: float = 120.0
    deliver_policy: str = "all"
    ack_wait: float | None = None
    max_ack_pending: int = 1000


@dataclass(frozen=True, slots=True)
class Stream:
    """The settings of a stream, as JetStream tells them; times in seconds, 0 or less: unlimited."""

    name: str
    storage: str
    replicas: int
    retention: str
    discard: str
    max_age: float
    max_bytes: int
    max_messages: int
    duplicate_window: float


@dataclass(frozen=True, slots=True)
class Consumer:
    """The settings of a consumer; ack wait in seconds, at most so many deliveries, -1: any number."""

    name: str
    deliver_policy: str
    max_ack_pending: int
    ack_wait: float
    max_deliver: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a Trigger asks of its consumer."""

    ack_wait: float
    max_deliver: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is not what the manifests say."""

    setting: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.setting} is {self.found}, not {self.wanted}"

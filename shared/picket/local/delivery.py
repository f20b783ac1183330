"""What the outcome of one attempt means: acknowledge, try again later, dead-letter, give up. No I/O.

Source: the table of the genuine components' behaviour for `natss`, the data-plane specification for `spec`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Literal

DEFAULT_ACK_WAIT = 30.0
ACK_WAIT_MARGIN = 0.5
CANCEL_MARGIN = 0.2
ERROR_DATA_BYTES = 1024


class Profile(StrEnum):
    """Whose behaviour the broker shows where the specification and the NATS channel differ."""

    NATSS = "natss"
    SPEC = "spec"


_RETRIED = {
    Profile.NATSS: frozenset({408, 429}),
    Profile.SPEC: frozenset({404, 408, 409, 429}),
}


@dataclass(frozen=True, slots=True)
class Destination:
    """Where events go: a Service with a path, a Broker, a JobSink, or the URL itself when all of them are empty."""

    url: str
    service: str = ""
    broker: str = ""
    job_sink: str = ""
    path: str = "/"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How often, how patiently and how long an event is tried. Times in seconds."""

    retry: int
    policy: Literal["linear", "exponential"]
    delay: float
    timeout: float | None = None
    dead_letter: Destination | None = None

    def backoff(self, attempt: int) -> float:
        """Return the wait after the failed *attempt*, the first being 1."""
        return self.delay * (attempt if self.policy == "linear" else 2**attempt)

    def sink_backoff(self, attempt: int) -> float:
        """Return the wait after the dead-letter sink refused *attempt*: one step behind, as observed."""
        return self.delay * (attempt - 1 if self.policy == "linear" else 2 ** (attempt - 1))

    def ack_wait(self, template: float | None) -> float:
        """Return how long an attempt may take, given the channel *template*'s ackWait."""
        if self.timeout is not None:
            return self.timeout + ACK_WAIT_MARGIN
        return DEFAULT_ACK_WAIT if template is None else template

    def cancel_after(self, template: float | None) -> float:
        """Return when a request is cancelled: a little before the channel would redeliver."""
        return max(self.ack_wait(template) - CANCEL_MARGIN, 0.0)


CLUSTER_DEFAULT = Delivery(retry=10, policy="exponential", delay=0.2)
"""Delivery of a Trigger and Broker that say nothing: Knative's config-br-defaults."""


class Kind(StrEnum):
    """How an attempt ended."""

    ANSWERED = "answered"
    STRAY_BODY = "stray body"  # 2xx with a body that is no CloudEvent: Knative's filter makes it a 502
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's end: for an answer its status and body, for an unreachable function the reason as body."""

    kind: Kind
    status: int = 0
    body: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether the function has dealt with the event."""
        return self.kind is Kind.ANSWERED and HTTPStatus(200) <= self.status < HTTPStatus(300)

    def retriable(self, profile: Profile) -> bool:
        """Return whether *profile* tries again after this failure."""
        return self.kind is not Kind.ANSWERED or self.status >= HTTPStatus(500) or self.status in _RETRIED[profile]


@dataclass(frozen=True, slots=True)
class Failure:
    """What a dead letter says about its last attempt."""

    code: int
    data: bytes


class Settle(StrEnum):
    """What becomes of the message in the stream."""

    ACK = "ack"
    RETRY = "retry"  # redeliver after the wait
    HOLD = "hold"  # done with, but it keeps its maxAckPending slot for the wait
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do after an attempt: `wait` in seconds; `failure` is None where a dead letter bears no extensions."""

    settle: Settle
    wait: float = 0.0
    bury: bool = False
    failure: Failure | None = None


def decide(profile: Profile, delivery: Delivery, attempt: int, outcome: Outcome) -> Verdict:
    """Judge the *outcome* of *attempt* (the first being 1)."""
    if outcome.succeeded:
        return Verdict(Settle.ACK)
    last = attempt > delivery.retry
    failure = _failure(profile, outcome)
    if not outcome.retriable(profile):
        return Verdict(Settle.DROP, bury=last or profile is Profile.SPEC, failure=failure)
    if not last:
        return Verdict(Settle.RETRY, delivery.backoff(attempt))
    if profile is Profile.SPEC:
        return Verdict(Settle.DROP, bury=True, failure=failure)
    # The dispatcher NAKs the last attempt like any other, so its slot is free one back-off later only.
    return Verdict(Settle.HOLD, delivery.backoff(attempt), bury=True, failure=failure)


def _failure(profile: Profile, outcome: Outcome) -> Failure | None:
    match outcome.kind:
        case Kind.ANSWERED:
            return Failure(outcome.status, outcome.body)
        case Kind.UNREACHABLE:
            return Failure(500, b"dispatch error: " + outcome.body)
        case _ if profile is Profile.NATSS:
            return None  # observed: neither the filter's own 502 nor a timeout leaves a trace
        case Kind.STRAY_BODY:
            return Failure(502, outcome.body)
        case Kind.TIMED_OUT:
            return Failure(504, b"dispatch error: no answer in time")

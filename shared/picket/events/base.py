"""What all events have in common: their context, their ids, and how their data is read."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict

_VERSIONED = re.compile(r"(dev\.picket\..+)\.v(\d{1,9})")


def event_id(parent: str, event_type: str, natural_key: str) -> str:
    """Derive the id of an event from what caused it, so that running a handler twice emits the same id.

    Args:
        parent: Id of the event being handled; for a root, whatever identifies the request.
        event_type: Full CloudEvent type of the derived event.
        natural_key: What tells this event from its siblings of the same type and parent.

    Returns:
        64 lower-case hex digits.
    """
    return hashlib.sha256(f"{parent}|{event_type}|{natural_key}".encode()).hexdigest()


def scan_id(cause: str, key: str) -> str:
    """Return the id of the scan that *cause* (an event's id) asks for: `scan-` and 32 hex digits."""
    return f"scan-{hashlib.sha256(f'{cause}|{key}'.encode()).hexdigest()[:32]}"


def now() -> str:
    """Return the current time as RFC 3339 text in UTC with microseconds, which sorts as it reads."""
    return ago(timedelta())


def ago(span: timedelta) -> str:
    """Return the time *span* ago in the form of `now`."""
    return (datetime.now(UTC) - span).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Event(BaseModel):
    """Data of one event. `repository` is the partition key; empty where no repository is concerned."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    TYPE: ClassVar[str]
    TERMINAL: ClassVar[bool] = False
    """No function consumes it: it is for Triggers of your own."""

    repository: str = ""

    @property
    def subject(self) -> str:
        """Id of the entity the event is about."""
        return self.repository

    @property
    def natural_key(self) -> str:
        """What tells this event from others of its type with the same parent."""
        return self.subject

    @property
    def extensions(self) -> dict[str, str]:
        """CloudEvents extensions that Triggers filter by, besides those of every event."""
        return {}

    @classmethod
    def handles(cls, event_type: str) -> bool:
        """Return whether events of *event_type* are read by this class."""
        return event_type == cls.TYPE

    @classmethod
    def is_older_than(cls, event_type: str) -> bool:
        """Return whether *event_type* is a later version of this type: its data means something else."""
        mine, other = _VERSIONED.fullmatch(cls.TYPE), _VERSIONED.fullmatch(event_type)
        return bool(mine and other and mine[1] == other[1] and int(other[2]) > int(mine[2]))

    @classmethod
    def read(cls, text: str, envelope: Envelope) -> Self:  # noqa: ARG003 - GitHubSourceEvent needs the envelope
        """Build the event from its JSON data.

        Raises:
            pydantic.ValidationError: The data does not fit.
        """
        return cls.model_validate_json(text)

    @classmethod
    def schema_uri(cls) -> str:
        """Return the `dataschema` attribute of events of this type."""
        return f"urn:picket:schema:{cls.TYPE}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The CloudEvents context of one event: everything but its data.

    `correlation` is the id of the root scan or delivery, `causation` the id of the parent event and `traceparent`
    a W3C trace context.
    """

    id: str
    type: str
    source: str
    subject: str = ""
    time: str = field(default_factory=now)
    partition_key: str = ""
    correlation: str = ""
    causation: str = ""
    traceparent: str = ""

    def wrap(self, event: Event, source: str) -> Envelope:
        """Return the envelope of *event*, caused by the event this envelope belongs to."""
        return Envelope(
            id=event_id(self.id, event.TYPE, event.natural_key),
            type=event.TYPE,
            source=source,
            subject=event.subject,
            partition_key=event.repository,
            correlation=self.correlation or self.id,
            causation=self.id,
            traceparent=self.traceparent,
        )

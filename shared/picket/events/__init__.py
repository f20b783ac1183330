"""The events that pass between functions: their types, their data, and how their ids are derived."""

from picket.events.base import Envelope, Event, event_id, now
from picket.events.kinds import (
    CommitBatchCreated,
    CommitBatchScanned,
    CommitUnknown,
    EventRejected,
    FindingChanged,
    FindingReported,
    GitHubSourceEvent,
    ItemDelta,
    RepositoryChanged,
    ScanCompleted,
    ScanKind,
    ScanRequested,
    ScoreChanged,
    Severity,
    Tick,
    WebhookReceived,
)

__all__ = [
    "CommitBatchCreated",
    "CommitBatchScanned",
    "CommitUnknown",
    "Envelope",
    "Event",
    "EventRejected",
    "FindingChanged",
    "FindingReported",
    "GitHubSourceEvent",
    "ItemDelta",
    "RepositoryChanged",
    "ScanCompleted",
    "ScanKind",
    "ScanRequested",
    "ScoreChanged",
    "Severity",
    "Tick",
    "WebhookReceived",
    "event_id",
    "now",
]

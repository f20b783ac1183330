"""The events that pass between functions: their types, their data, and how their ids are derived."""

from picket.events.base import Envelope, Event, ago, event_id, now, scan_id
from picket.events.connections import WebhookChanged, WebhookRequested
from picket.events.kinds import (
    CommitBatchCreated,
    CommitBatchScanned,
    CommitUnknown,
    EventRejected,
    FindingChanged,
    FindingReported,
    GitHubSourceEvent,
    ItemDelta,
    Lane,
    OrganizationRequested,
    RepositoryChanged,
    ScanCompleted,
    ScanRequested,
    ScoreChanged,
    Severity,
    WebhookReceived,
)
from picket.events.reports import NoticeRequested, NoticeSent, PolicyChanged, ReportCollected, ReportReceived
from picket.events.spelling import RegularKind, ScanKind
from picket.events.statuses import StatusRequested
from picket.events.tools import AssetType, RunState, ToolCompleted, ToolRequested
from picket.events.upkeep import CancellationRequested, DutyDue, RepositoryForgotten, ScoreRequested, TeamChanged, Tick
from picket.events.verification import FindingVerified, VerificationRequested

__all__ = [
    "AssetType",
    "CancellationRequested",
    "CommitBatchCreated",
    "CommitBatchScanned",
    "CommitUnknown",
    "DutyDue",
    "Envelope",
    "Event",
    "EventRejected",
    "FindingChanged",
    "FindingReported",
    "FindingVerified",
    "GitHubSourceEvent",
    "ItemDelta",
    "Lane",
    "NoticeRequested",
    "NoticeSent",
    "OrganizationRequested",
    "PolicyChanged",
    "RegularKind",
    "ReportCollected",
    "ReportReceived",
    "RepositoryChanged",
    "RepositoryForgotten",
    "RunState",
    "ScanCompleted",
    "ScanKind",
    "ScanRequested",
    "ScoreChanged",
    "ScoreRequested",
    "Severity",
    "StatusRequested",
    "TeamChanged",
    "Tick",
    "ToolCompleted",
    "ToolRequested",
    "VerificationRequested",
    "WebhookChanged",
    "WebhookReceived",
    "WebhookRequested",
    "ago",
    "event_id",
    "now",
    "scan_id",
]

"""The types of events, in the order in which a push meets them.

Each class is the *data* of one CloudEvent type, `dev.picket.<noun>.<past verb>.v1`. A breaking change to one is
a new class with a `.v2` type. Consumers ignore fields they do not know, so that an older revision can read what a
newer one sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from picket.events.base import Envelope, Event
from picket.events.spelling import ScanKind
from picket.events.tools import AssetType

Severity = Literal["critical", "high", "medium", "low", "info"]
Lane = Literal["push", "scheduled", "full"]


class WebhookReceived(Event):
    """A delivery whose signature was verified; `payload` is its parsed body."""

    TYPE: ClassVar[str] = "dev.picket.webhook.received.v1"

    delivery: str = Field(description="Deterministic id of the delivery: hash of source and the forge's delivery id")
    source: str = Field(description="Id of the registered source")
    provider: str
    event: str = Field(description="The forge's own event name, for example push")
    scope: str = Field(
        default="", description="host/owner or host/owner/name that the source may speak for; empty: any"
    )
    payload: dict[str, Any]

    @property
    def subject(self) -> str:
        """The delivery."""
        return self.delivery


class GitHubSourceEvent(Event):
    """What Knative's own GitHubSource received: GitHub's payload as it is, the event name in the type."""

    TYPE: ClassVar[str] = "dev.knative.source.github."

    event: str
    payload: dict[str, Any]

    @classmethod
    def handles(cls, event_type: str) -> bool:
        """Every type below the prefix."""
        return event_type.startswith(cls.TYPE)

    @classmethod
    def read(cls, text: str, envelope: Envelope) -> Self:
        """Take the data as the payload."""
        payload = TypeAdapter(dict[str, Any]).validate_json(text)
        return cls(event=envelope.type.removeprefix(cls.TYPE), payload=payload)


class ScanRequested(Event):
    """A request to look at a repository. The commits named are a hint: enumerate finds out for itself."""

    TYPE: ClassVar[str] = "dev.picket.scan.requested.v1"

    scan: str = Field(description="Id of the scan")
    url: str = Field(description="Where to fetch from")
    kind: ScanKind = "full"
    ref: str = Field(default="", description="Full ref name of a push; empty for all refs")
    before: str = Field(default="", description="40 or 64 hex digits, all zero for a new ref; empty when not a push")
    after: str = Field(default="", description="40 or 64 hex digits, all zero for a deleted ref; empty: none is told")
    forced: bool = False
    target: str = Field(default="", description="Of a pull request: full name of the branch that it is for")
    head: str = Field(default="", description="Of a pull request whose `after` nobody told: its first digits")
    source: str = Field(default="", description="Full name of the branch whose tip that is; empty where it is gone")
    source_url: str = Field(default="", description="Where to fetch that from; empty: from the repository itself")
    source_known: bool = Field(default=False, description="Whether `source_url` may be read with a token")
    pull_requests: bool = Field(default=False, description="Whether the refs of pull requests are looked at, too")
    asset_type: AssetType = "repository"
    asset: str = Field(default="", description="Of an asset that is no repository: what is meant of it, as a tag")
    tools: tuple[str, ...] = Field(default=(), description="Tools to be run; empty: those that the policy names")
    parent: str = Field(default="", description="Scan that this one is a child of")
    reason: str = ""
    chain: tuple[str, ...] = Field(default=(), description="Feedback rules that led here, oldest first")

    @property
    def subject(self) -> str:
        """The scan."""
        return self.scan


class OrganizationRequested(Event):
    """A page of an organization's repositories is to be listed and registered."""

    TYPE: ClassVar[str] = "dev.picket.organization.requested.v1"

    organization: str = Field(description="Id of the organization: host/name")
    sync: int = Field(description="Which listing of it this is, from 1")
    page: int = Field(description="Which page of that, from 0")

    @property
    def subject(self) -> str:
        """The organization."""
        return self.organization

    @property
    def natural_key(self) -> str:
        """Organization, listing and page."""
        return f"{self.organization}|{self.sync}|{self.page}"


class CommitBatchCreated(Event):
    """A batch of commits waits in the store for a scanner."""

    TYPE: ClassVar[str] = "dev.picket.commitbatch.created.v1"

    batch: str
    scan: str
    ruleset: str = Field(description="Ruleset digest the commits are to be scanned for")
    commits: int
    size: int = Field(description="Bytes of new blobs")
    chain: tuple[str, ...] = ()
    lane: Lane = Field(default="push", description="Which Trigger delivers it: no push waits behind large scans")

    @property
    def subject(self) -> str:
        """The batch."""
        return self.batch

    @property
    def extensions(self) -> dict[str, str]:
        """The lane."""
        return {"lane": self.lane}


class CommitBatchScanned(Event):
    """A batch is scanned and its findings are stored."""

    TYPE: ClassVar[str] = "dev.picket.commitbatch.scanned.v1"

    batch: str
    scan: str
    ruleset: str
    commits: int
    findings: tuple[str, ...] = Field(description="Ids of all findings the batch's commits introduce")
    chain: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The batch."""
        return self.batch

    @classmethod
    def of(cls, batch: Mapping[str, Any], chain: tuple[str, ...]) -> Self:
        """Describe a batch, as the store has it once it is Scanned."""
        return cls(
            repository=batch["repository"],
            batch=batch["_id"],
            scan=batch["scan"],
            ruleset=batch["ruleset"],
            commits=batch["count"],
            findings=tuple(batch["findings"]),
            chain=chain,
        )


class FindingReported(Event):
    """A tool or a forge reports a finding of its own."""

    TYPE: ClassVar[str] = "dev.picket.finding.reported.v1"

    kind: str = Field(description="secret, vulnerability, misconfiguration …")
    identity: str = Field(description="What makes it the same problem when reported again; never a raw secret")
    rule: str
    severity: Severity
    confidence: float = Field(default=1.0, ge=0, le=1)
    title: str = ""
    path: str = ""
    start_line: int = Field(default=0, ge=0)
    commit: str = ""
    tool: str

    @property
    def natural_key(self) -> str:
        """Kind and identity."""
        return f"{self.repository}|{self.kind}|{self.identity}"


class FindingChanged(Event):
    """Findings of one repository appeared or changed severity, confidence, state or exemption."""

    TYPE: ClassVar[str] = "dev.picket.finding.changed.v1"

    findings: tuple[str, ...]
    cause: str = Field(description="What changed them: a batch, a rule, a person")
    chain: tuple[str, ...] = ()

    @property
    def natural_key(self) -> str:
        """The cause."""
        return f"{self.repository}|{self.cause}"


class RepositoryChanged(Event):
    """A repository was renamed, transferred, archived, deleted or made public."""

    TYPE: ClassVar[str] = "dev.picket.repository.changed.v1"

    change: Literal[
        "created", "renamed", "transferred", "archived", "unarchived", "deleted", "publicized", "privatized", "teamed"
    ]
    name: str = Field(default="", description="Canonical host/owner/name after the change")

    @property
    def natural_key(self) -> str:
        """Repository and change."""
        return f"{self.repository}|{self.change}|{self.name}"


class CommitUnknown(Event):
    """A scheduled scan met commits that no delivery announced."""

    TYPE: ClassVar[str] = "dev.picket.commit.unknown.v1"
    TERMINAL: ClassVar[bool] = True

    scan: str
    commits: tuple[str, ...] = Field(description="Up to 1,000 commit ids, newest first")
    total: int

    @property
    def natural_key(self) -> str:
        """Scan."""
        return self.scan


class ScanCompleted(Event):
    """A scan reached a final state."""

    TYPE: ClassVar[str] = "dev.picket.scan.completed.v1"

    scan: str
    kind: ScanKind
    state: str
    reason: str = ""
    commits: int = 0
    parent: str = ""

    @property
    def subject(self) -> str:
        """The scan."""
        return self.scan


class ItemDelta(BaseModel):
    """How one item moved the score, in points; a change's deltas sum to it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    item: str
    label: str
    delta: float


class ScoreChanged(Event):
    """The score of a repository or a team moved."""

    TYPE: ClassVar[str] = "dev.picket.score.changed.v1"
    TERMINAL: ClassVar[bool] = True

    entity: str = Field(description="Repository id or team id")
    score: float | None
    previous: float | None
    grade: str
    model: str
    deltas: tuple[ItemDelta, ...] = ()

    @property
    def subject(self) -> str:
        """Whose score it is."""
        return self.entity


class EventRejected(Event):
    """An event that redelivery cannot help was set aside."""

    TYPE: ClassVar[str] = "dev.picket.event.rejected.v1"
    TERMINAL: ClassVar[bool] = True

    event: str
    event_type: str
    function: str
    reason: str

    @property
    def subject(self) -> str:
        """The event set aside."""
        return self.event

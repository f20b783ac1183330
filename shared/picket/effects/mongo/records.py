"""What stored documents hold that record what came in and what was decided; see `documents`."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from picket.effects.mongo.documents import Stored
from picket.findings.life import State


class Replay(TypedDict):
    """One replay of a letter; `scan` is the scan that it asks for, if it does."""

    number: int
    event: str
    scan: str
    at: str
    by: str


class Letter(Stored):
    """A dead letter (`trigger`, `error`) or a rejection (`function`, `kind`, `reason`)."""

    trigger: NotRequired[str]
    error: NotRequired[dict[str, str]]
    function: NotRequired[str]
    kind: NotRequired[str]
    reason: NotRequired[str]
    event: dict[str, str]
    data: str
    dataref: str
    at: str
    last_at: str
    times: int
    state: str
    place: str
    open: NotRequired[str]
    replay_count: int
    sent: int
    replays: NotRequired[list[Replay]]
    dropped_at: NotRequired[str]
    dropped_by: NotRequired[str]


class StoredReport(Stored):
    """A tool's report, and what became of it."""

    asset: str
    tool: str
    by: str
    ref: str
    commit: str
    complete: bool
    artifact: str
    format: str
    tool_version: str
    succeeded: bool
    problems: int
    left_out: int
    state: str
    received_at: str
    place: str
    asked_at: NotRequired[str]
    finished_at: NotRequired[str]
    reason: NotRequired[str]
    findings: NotRequired[int]
    changed: NotRequired[int]
    applied_as_complete: NotRequired[bool]
    not_applied: NotRequired[list[dict[str, str]]]
    not_applied_count: NotRequired[int]


class Wanted(TypedDict):
    """What somebody wants to be decided."""

    state: State
    reason: str
    comment: str
    until: str


class Approval(Stored):
    """A decision that waits, or has waited, for a second person."""

    findings: list[str]
    wanted: Wanted
    asked_by: str
    asked_at: str
    state: str
    decided_by: str
    decided_at: str
    comment: str
    place: str
    open: str
    unapplied: NotRequired[str]


TokenScope = Literal["read", "submit", "report", "triage", "admin"]


class StoredToken(Stored):
    """An API token; `_id` is its hash, `token` its id."""

    token: str
    name: str
    scope: TokenScope
    assets: NotRequired[list[str]]
    created_at: str
    created_by: str
    expires_at: str
    last_used_at: str
    revoked_at: str
    revoked_by: NotRequired[str]


class Renewed(TypedDict):
    """A webhook's new secret, and the former one with the Unix time until which it is valid; both encrypted."""

    secret: str
    former_secret: str
    former_until: float
    rotated_at: str
    number: int


class Webhook(Stored):
    """A registered webhook; `_id` is the hash of its token, `source` its id, secrets are encrypted.

    `connection` has given it to a forge; `token` is there for that, encrypted, too. `number` counts its secrets.
    `delivered_at` is when a delivery first came.
    """

    source: str
    provider: str
    name: str
    scope: str
    created_at: str
    revoked: bool
    revoked_at: NotRequired[str]
    rotated_at: NotRequired[str]
    secret: NotRequired[str]
    former_secret: NotRequired[str]
    former_until: NotRequired[float]
    number: NotRequired[int]
    connection: NotRequired[str]
    token: NotRequired[str]
    delivered_at: NotRequired[str]


class StoredNotice(Stored):
    """A notice and whether it was sent."""

    channel: str
    repository: str
    reason: str
    state: str
    at: str
    finished_at: NotRequired[str]
    outcome: NotRequired[str]


class TeamChange(Stored):
    """A repository of a team that has changed on account of the event `cause`."""

    team: str
    repository: str
    cause: str
    at: str

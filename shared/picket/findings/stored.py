"""A finding as it is stored: its places, its evidence, what was decided on it and what it costs.

Times are RFC 3339 text in UTC; those that are looked up begin with "at ". A field that is not required is there only
while it means something, or was not written by a former version.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class StoredPlace(TypedDict, total=False):
    """Where a finding shows; lines and columns from 1. `rank` sorts places by the age of their commits."""

    rank: str
    commit: str
    path: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int
    author: str
    email: str
    date: str


class NewOccurrence(StoredPlace, total=False):
    """A place in a commit as a scanner brings it."""

    finding: str
    repository: str
    scan: str


class StoredOccurrence(NewOccurrence):
    """A place in a commit where a finding shows."""

    _id: str


class Evidence(TypedDict, total=False):
    """What makes it a finding, and why that is believed."""

    rule: str
    description: str
    provider: str
    credential: str
    severity: str
    confidence: float
    reasons: list[str]
    redacted: str
    remediation: str
    link: str
    cwe: list[str]
    advisory: str
    component: str
    resource: str


class Exemption(TypedDict):
    """For how long a finding is accepted, and by whom; `rule` is the policy's, empty for a person."""

    reason: str
    approver: str
    rule: str
    comment: NotRequired[str]
    decided_at: str
    until: str


Line = dict[str, str]
"""A line of a finding's history: `at`, `by`, and what was done; empty members are left out."""


class Cost(TypedDict):
    """What a finding costs on its repository's score, in points; `bare` as it would be without an exemption."""

    label: str
    severity: str
    standing: str
    penalty: float
    cap: str
    bare_penalty: float
    bare_cap: str


class Verification(TypedDict):
    """What a provider said of a credential: `result` is live, dead or unknown; `request` the event that asked."""

    result: str
    at: str
    reason: str
    owner: str
    scopes: list[str]
    request: str


class Changes(TypedDict, total=False):
    """Fields of a finding that a decision, a policy or a report sets; `entry` is a line that joins its history."""

    state: str
    entry: Line
    exemption: Exemption | None
    accepted_until: str
    resolved_at: str
    resolved_by: str
    episode: int
    opened_at: str
    assignee: str
    severity: str
    confidence: float
    applied_rules: list[str]
    policy: str
    judged: str
    scopes: list[str]
    reporters: list[str]
    evidence: Evidence
    first: StoredPlace
    exploitability: float
    is_live: bool
    verification: Verification
    verify_every: int
    verify_due: str
    settled: str
    kept: str
    kept_path: str


class NewFinding(TypedDict):
    """A finding as a scanner or a report brings it.

    `kept` names the copy of a blob, in the artifact store, in which a secret can be found again; `kept_path` is where
    it stood in the repository.
    """

    _id: str
    repository: str
    kind: str
    identity: str
    scored_in: str
    scan: str
    severity: str
    confidence: float
    first: StoredPlace
    first_rank: str
    evidence: Evidence
    evidence_rank: str
    reporters: NotRequired[list[str]]
    scopes: NotRequired[list[str]]
    exploitability: NotRequired[float]
    is_live: NotRequired[bool]
    kept: NotRequired[str]
    kept_path: NotRequired[str]


class Finding(NewFinding):
    """A finding with its life; `revision` counts its changes, `cost_revision` is that of the score it stands in.

    `verify_every` are the hours after which the policy has the provider asked again, `verify_due` is when;
    `settled` is the request whose answer has moved the finding.
    """

    schema: NotRequired[int]
    state: str
    revision: int
    created_at: str
    cost_revision: int
    opened_at: NotRequired[str]
    episode: NotRequired[int]
    assignee: NotRequired[str]
    history: NotRequired[list[Line]]
    exemption: NotRequired[Exemption | None]
    accepted_until: NotRequired[str]
    resolved_at: NotRequired[str]
    resolved_by: NotRequired[str]
    applied_rules: NotRequired[list[str]]
    policy: NotRequired[str]
    judged: NotRequired[str]
    changed_at: NotRequired[str]
    cost: NotRequired[Cost]
    verification: NotRequired[Verification]
    verify_every: NotRequired[int]
    verify_due: NotRequired[str]
    settled: NotRequired[str]
    rated: NotRequired[str]
    weighs: NotRequired[str]
    list_key: NotRequired[str]
    listed: NotRequired[str]
    closed: NotRequired[str]
    arrived: NotRequired[int]
    dropped: NotRequired[int]
    dropped_to: NotRequired[str]
    occurrence_count: NotRequired[int | None]
    occurrences: NotRequired[list[StoredPlace]]

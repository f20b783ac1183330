"""What stored documents hold, by collection. Times are RFC 3339 text in UTC; those that are looked up begin with "at ".

A field that is not required is there only while it means something, or was not written by a former version. Findings
are in `picket.findings.stored`, scores in `picket.scoring.stored`, letters, reports and the like in `records`.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from picket.events import AssetType

Fields = dict[str, object]
"""Fields to set in a document."""


class Stored(TypedDict):
    """Any document; `schema` is the version of its shape (see `schema`)."""

    _id: str
    schema: NotRequired[int]


class Step(TypedDict):
    """A line of the history of a scan or a batch."""

    state: str
    at: str
    actor: str
    reason: str


class Leased(Stored):
    """What one worker at a time works on; `lease_until` is Unix time, 0 without a lease.

    `takeovers` counts the holders that died.
    """

    lease_until: float
    fence: int
    takeovers: int


class Moving(Leased):
    """What moves from state to state; `revision` counts the moves."""

    state: str
    revision: int
    history: list[Step]


class Failure(TypedDict, total=False):
    """A batch or a child scan that failed."""

    batch: str
    scan: str
    commits: int
    reason: str


class Skipped(TypedDict):
    """What was not looked at: how much, and the first of it."""

    total: int
    first: list[dict[str, str]]


class Tally(TypedDict):
    """What a scan came to."""

    by_state: dict[str, int]
    skipped: Skipped
    failures: list[Failure]


class Scan(Moving):
    """A request to look at a repository, or at many; see `scans` for what is there only for a time.

    `in_target` holds the ids of findings that stand in the target of a pull request; what a former version kept there
    are commits that brought them.
    """

    repository: str
    url: str
    kind: str
    ref: str
    before: str
    after: str
    forced: bool
    target: NotRequired[str]
    head: NotRequired[str]
    source: NotRequired[str]
    source_url: NotRequired[str]
    source_known: NotRequired[bool]
    pull_requests: bool
    parent: str
    reason: str
    chain: list[str]
    commits: int
    created_at: str
    completed_at: str | None
    running: NotRequired[str]
    place: NotRequired[str]
    open: NotRequired[str]
    due: NotRequired[str]
    open_under: NotRequired[str]
    root: NotRequired[str]
    wanted: NotRequired[int]
    queue: NotRequired[str]
    branch: NotRequired[str]
    origin: NotRequired[dict[str, str]]
    fetching: NotRequired[str]
    failures: NotRequired[int]
    taken_by: NotRequired[str]
    took: NotRequired[bool]
    attempt: NotRequired[int]
    ruleset: NotRequired[str]
    tips: NotRequired[list[str]]
    refs: NotRequired[int]
    missing: NotRequired[int]
    missing_refs: NotRequired[list[str]]
    missing_reason: NotRequired[str]
    planned: NotRequired[int]
    pushed: NotRequired[list[str]]
    pushed_cut: NotRequired[bool]
    in_target: NotRequired[list[str]]
    window: NotRequired[int]
    untold: NotRequired[str]
    tally: NotRequired[Tally]
    scored_at: NotRequired[str]
    asset_type: NotRequired[AssetType]
    asset: NotRequired[str]
    tools: NotRequired[list[str]]
    tool_runs: NotRequired[int]


class Batch(Moving):
    """Commits that one scanner looks at; `commits` is left out where it is not needed, as it may be long."""

    index: int
    scan: str
    attempt: int
    repository: str
    ruleset: str
    commits: list[str]
    tags: NotRequired[list[str]]
    count: int
    size: int
    scanned_for: str
    created_at: str
    open_in: NotRequired[str]
    material: NotRequired[str]
    findings: NotRequired[list[str]]
    skipped: NotRequired[list[list[str]]]
    counts_for: NotRequired[list[str]]


Wanted = tuple[str, str] | tuple[str, str, AssetType]
"""Canonical name and URL of a repository; of another asset its name, its tag or nothing, and its kind."""


class Order(Stored):
    """What a scan of many is to look at, and for how much of it a child scan is `made`."""

    repositories: list[Wanted]
    pull_requests: bool
    made: int


class ScheduleFields(TypedDict):
    """When a repository is looked at; `kind` in the spelling that `events.spelling` says is stored."""

    cron: str
    timezone: str
    jitter_seconds: int
    kind: str
    pull_requests: bool
    enabled: bool


class StoredSchedule(ScheduleFields):
    """A schedule of a repository, by its name."""

    name: str


class SyncFields(TypedDict):
    """When an organization is listed again."""

    cron: str
    timezone: str
    jitter_seconds: int


class Repository(Stored):
    """A repository; see `schedules` for the fields that say when it is due."""

    name: str
    url: str
    created_at: str
    criticality: float
    forge_key: NotRequired[str]
    visibility: NotRequired[str]
    archived: NotRequired[bool]
    deleted: NotRequired[bool]
    told_at: NotRequired[str]
    delivered_at: NotRequired[str]
    team: NotRequired[str]
    teams: NotRequired[list[str]]
    schedules: NotRequired[list[StoredSchedule]]
    schedules_revision: NotRequired[int]
    due: NotRequired[str]
    waits_since: NotRequired[str]
    evidence: NotRequired[str]
    rescan_asked: NotRequired[str]
    scanned_at: NotRequired[str]
    history_scanned_at: NotRequired[str]
    history_ruleset: NotRequired[str]
    missing_at: NotRequired[str]
    missing_refs: NotRequired[str]
    unannounced_at: NotRequired[str]
    refs_due: NotRequired[str]
    refs_known: NotRequired[str]
    refs_moved: NotRequired[str]
    refs_moved_at: NotRequired[str]
    organization: NotRequired[str]
    listed_in: NotRequired[str]
    vanished_at: NotRequired[str | None]
    build_ref: NotRequired[str]
    build_sha: NotRequired[str]
    build_at: NotRequired[str]
    build_error: NotRequired[str]
    forgotten_at: NotRequired[str]
    forgotten_by: NotRequired[str]
    forgetting: NotRequired[str]
    score: NotRequired[float | None]
    grade: NotRequired[str]
    score_revision: NotRequired[int]
    list_key: NotRequired[str]
    asset_type: NotRequired[AssetType]


class Name(Stored):
    """Which repository a name leads to."""

    repository: str
    forgotten: NotRequired[bool]
    times: NotRequired[int]


class Organization(Leased):
    """An organization whose repositories are registered, and how far its listing is."""

    forge: str
    host: str
    name: str
    token_ref: str
    include: list[str]
    exclude: list[str]
    archived: bool
    forks: bool
    schedule: SyncFields | None
    repository_schedule: ScheduleFields | None
    created_at: str
    requested_at: str
    listed_at: str | None
    state: str
    reason: str
    sync: int
    page: int
    failures: int
    listed: int
    kept: int
    refused: int
    vanished: int
    cursor: NotRequired[str]
    due: NotRequired[str]
    resume: NotRequired[str]
    list_key: NotRequired[str]


class OrganizationPage(Stored):
    """What a forge said of one page of an organization, for the next listing."""

    organization: NotRequired[str]
    url: str
    filter: str
    etag: str
    next: str
    repositories: list[str]
    listed: int
    refused: int

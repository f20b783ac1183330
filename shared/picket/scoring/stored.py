"""A score as it is stored, and what moved it. Times are RFC 3339 text in UTC."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from picket.findings.stored import Cost


class Tally(TypedDict):
    """What all items cost: their number, millionths of a point, and how many put each cap; `bare` as in `Cost`."""

    items: int
    total: int
    bare: int
    caps: dict[str, int]
    bare_caps: dict[str, int]


class StoredCheck(TypedDict):
    """A probe's outcome; `evidence`, `link` and `remediation` are missing in scores of a former version."""

    id: str
    weight: float
    outcome: str
    reason: str
    evidence: NotRequired[str]
    link: NotRequired[str]
    remediation: NotRequired[str]


class Delta(TypedDict):
    """By how much one item moved a score."""

    item: str
    label: str
    delta: float


class Change(TypedDict):
    """One move of a score, on account of the event `cause`; `score` and `previous` are exact."""

    cause: str
    at: str
    model: str
    score: float | None
    previous: float | None
    grade: str
    deltas: list[Delta]
    kind: str


class StoredChange(Change):
    """A move in the history."""

    _id: str
    entity: str
    schema: NotRequired[int]


class Evaluated(TypedDict):
    """What an evaluation gives: all of it for a repository, the members for a team."""

    score: float | None
    exact: float | None
    grade: str
    model: NotRequired[str]
    coverage: NotRequired[float]
    posture: NotRequired[float]
    checks: NotRequired[list[StoredCheck]]
    score_without_exemptions: NotRequired[float | None]
    tally: NotRequired[Tally]
    rating: NotRequired[str]
    day: NotRequired[str]
    members: NotRequired[list[tuple[str, float, float]]]


class Score(Evaluated):
    """The score of a repository or team; `costs` are those that are not in the findings yet, by finding."""

    _id: str
    schema: NotRequired[int]
    revision: int
    last_change: Change
    costs: dict[str, Cost]

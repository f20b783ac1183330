"""How long what is stored lives: one table that code, documents and tests read.

What is not in the table lives as long as what it belongs to: open findings, current scores, repositories, registered
webhooks and tokens. A store's own time-to-live index would delete a scan's document apart from its batches, so one duty
of the clock deletes on every store, in pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NotRequired

from pymongo import UpdateOne

from picket.commits import lifecycle
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.documents import Stored
from picket.events import ago, now

KEPT_FROM = "kept_from"
"""Field by which what is old is found; `at ` comes before the time, since the one-machine store compares plain times
without its index."""
_MARK = "at "


class Old(Stored):
    """What may be deleted; `artifact` is the content of a report."""

    artifact: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """How long documents of a collection live.

    Attributes:
        collection: Its name.
        days: How long, unless `PICKET_RETENTION_DAYS` says otherwise.
        why: What they are kept for.
        field: Indexed field that begins with `at ` and the time from which they are kept.
        personal: Whether they may hold names of people.
        when: Conditions that the others must meet to be deleted.
        is_needed: Whether a document is needed still, though it is old.
    """

    collection: str
    days: int
    why: str
    field: str = KEPT_FROM
    personal: bool = False
    when: tuple[tuple[str, Any], ...] = ()
    is_needed: Callable[[Old], bool] = lambda _document: False


def _is_newest_of_scope(report: Old) -> bool:
    return collection("report_scopes").find_one({"report": report["_id"]}, {"_id": 1}) is not None


_FINAL = sorted(lifecycle.FINAL)
TABLE: tuple[Rule, ...] = (
    Rule("deliveries", 30, "a delivery that a forge sends again is known as such"),
    Rule("pushes", 30, "a push that another hook tells of as well is known as such"),
    Rule("idempotency", 30, "a request that is sent again is known as such"),
    Rule("notices", 90, "what was told to whom, and when"),
    Rule("statuses", 180, "what forges were told of commits"),
    Rule("forge_budgets", 7, "what is left of a forge's rate limits, from its last change"),
    Rule("score_history", 400, "a year of a score, and what moved it"),
    Rule("approvals", 400, "who agreed to what", field="place", personal=True, when=(("open", ""),)),
    Rule("reports", 180, "what tools reported", field="place", personal=True, is_needed=_is_newest_of_scope),
    Rule("tool_runs", 180, "which tools looked at what, and how that went", when=(("open_in", None),)),
    Rule("findings", 400, "what a tool no longer reports", field="closed", personal=True),
    Rule("scans", 180, "what was looked at, and when", field="place", when=(("state", {"$in": _FINAL}),)),
    Rule("dead_letters", 180, "what was replayed or dropped", personal=True, when=(("state", {"$ne": "open"}),)),
    Rule("rejections", 180, "what was replayed or dropped", personal=True, when=(("state", {"$ne": "open"}),)),
)


def entry() -> Document:
    """Return the fields of a new document by which it is found once it is old."""
    return {KEPT_FROM: f"{_MARK}{now()}"}


def old(rule: Rule, days: float, after: str, limit: int) -> tuple[list[Old], str]:
    """Return documents that have lived for longer than *days* and are not needed, the oldest first.

    Args:
        rule: What lives how long.
        days: How long, instead.
        after: Only those whose field follows this; empty: from the oldest on.
        limit: How many are looked at.

    Returns:
        The documents, and the field of the last one that was looked at; empty if there are no more.
    """
    before = f"{_MARK}{ago(timedelta(days=days))}"
    which = {rule.field: {"$gt": after or _MARK, "$lt": before}, **dict(rule.when)}
    found = list(collection(rule.collection, Old).find(which).sort(rule.field, 1).limit(limit))
    last = str(dict(found[-1])[rule.field]) if len(found) == limit else ""
    return [one for one in found if not rule.is_needed(one)], last


def delete(rule: Rule, found: list[Old]) -> None:
    """Delete documents."""
    if found:
        collection(rule.collection).delete_many({"_id": {"$in": [one["_id"] for one in found]}})


def enter_some(rule: Rule, limit: int) -> bool:
    """Give the field to up to *limit* documents of a former version; return whether there may be more."""
    if rule.field != KEPT_FROM:
        return False
    found = list(collection(rule.collection).find({KEPT_FROM: None}, {"at": 1}).limit(limit))
    writes = [
        UpdateOne({"_id": one["_id"]}, {"$set": {KEPT_FROM: f"{_MARK}{one.get('at') or now()}"}}) for one in found
    ]
    if writes:
        collection(rule.collection).bulk_write(writes, ordered=False)
    return len(found) == limit

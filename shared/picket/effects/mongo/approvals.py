"""Decisions that wait for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from picket.effects.mongo.client import collection, key
from picket.effects.mongo.records import Approval, Wanted
from picket.effects.mongo.schema import VERSION, readable
from picket.errors import Conflict, Gone
from picket.events import ago, now


def ask(findings: Sequence[str], wanted: Wanted, by: str) -> Approval:
    """Record a decision that somebody asks for; asking again for the same one while it waits gives the one there is.

    Args:
        findings: Ids of the findings that it is about.
        wanted: `state`, `reason`, `comment` and `until`.
        by: Who asks.
    """
    identity = f"apr-{key(by, *sorted(findings), *(f'{name}={text}' for name, text in sorted(wanted.items())))[:32]}"
    known = collection("approvals", Approval).find_one({"_id": identity})
    if known is not None and known["state"] == "waiting":
        return known
    at = now()
    document: Approval = {
        "_id": identity,
        "findings": list(findings),
        "wanted": wanted,
        "asked_by": by,
        "asked_at": at,
        "state": "waiting",
        "decided_by": "",
        "decided_at": "",
        "comment": "",
        "place": f"at {at} {identity}",
        "open": f"at {at} {identity}",
        "schema": VERSION,
    }
    collection("approvals").replace_one({"_id": identity}, {**document}, upsert=True)
    return document


def get(identity: str) -> Approval:
    """Return a decision that was asked for.

    Raises:
        Gone: No approval has this id.
    """
    found = readable(collection("approvals", Approval).find_one({"_id": identity}))
    if found is None:
        raise Gone("no such approval")
    return found


def page(after: str, limit: int, *, decided: bool) -> list[Approval]:
    """Return decisions that were asked for, the newest first: those that wait, or all.

    Args:
        after: `place` of the last one before; empty for the first page.
        limit: At most so many.
        decided: Those that are decided, too.
    """
    field = "place" if decided else "open"
    which = {field: {"$lt": after} if after else {"$gt": ""}}
    return list(collection("approvals", Approval).find(which).sort(field, -1).limit(limit))


def decide(approval: Approval, state: str, by: str, comment: str) -> Approval:
    """Move what waits to `approved` or `denied`; what is so already stays.

    Raises:
        Conflict: It was decided otherwise.
    """
    at = now()
    fields = {"state": state, "decided_by": by, "decided_at": at, "comment": comment, "open": ""}
    fields |= {"unapplied": f"at {at}"} if state == "approved" else {}
    collection("approvals").update_one({"_id": approval["_id"], "state": "waiting"}, {"$set": fields})
    found = get(approval["_id"])
    if found["state"] != state:
        raise Conflict(f"this was {found['state']} by {found['decided_by']}")
    return found


def applied(approval: Approval) -> None:
    """Note that what was approved is done, and told."""
    collection("approvals").update_one({"_id": approval["_id"]}, {"$set": {"unapplied": ""}})


def unapplied(span: timedelta, limit: int) -> list[Approval]:
    """Return up to *limit* decisions that were approved longer ago than *span* and are not known to be done."""
    which = {"unapplied": {"$gt": "at ", "$lt": f"at {ago(span)}"}}
    return list(collection("approvals", Approval).find(which).sort("unapplied", 1).limit(limit))

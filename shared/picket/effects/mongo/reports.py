"""Tools' reports: what came in, what became of it, and what each scope's newest one still says of each finding.

A scope is one reporter (tool and token), asset and ref. Its newest report decides what of it is still reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from pydantic import BaseModel, ConfigDict
from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from picket.effects.mongo.client import Document, collection, insert_new, key
from picket.effects.mongo.records import StoredReport
from picket.effects.mongo.schema import STAMP, readable
from picket.errors import Gone
from picket.events import now
from picket.findings.lists import END

_AT_ONCE = 500
_NOT_APPLIED_KEPT = 100


class Order(BaseModel):
    """What is told of a report besides its content: `ref` and `commit` are empty for the default branch and its tip."""

    model_config = ConfigDict(frozen=True)

    asset: str
    tool: str
    by: str
    ref: str = ""
    commit: str = ""
    complete: bool = False


class Said(BaseModel):
    """What one scope's newest report says of one finding.

    `evidence` is as a finding's own, `places` as its occurrences; `statement` identifies
    what stands there apart from its path. `changed_by` is the report that last changed it.
    """

    model_config = ConfigDict(extra="ignore")

    finding: str
    scope: str
    repository: str
    tool: str
    is_default: bool
    present: bool
    changed_by: str
    severity: str
    confidence: float
    exploitability: float = 0.0
    is_exploited: bool = False
    evidence: dict[str, object]
    places: list[dict[str, object]]
    statement: str = ""

    def says_the_same_as(self, other: Said) -> bool:
        """Return whether both say the same of the finding, whichever report they are of."""
        return self.model_dump(exclude={"changed_by"}) == other.model_dump(exclude={"changed_by"})


def add(identity: str, order: Order, artifact: str, **told: object) -> StoredReport:
    """Record a report that came in; one that is recorded already stays as it is.

    Args:
        identity: Its id.
        order: What is told of it.
        artifact: Reference of its content.
        told: `problems` and `left_out` (numbers), `format`, `tool_version`, `succeeded`; `asked_at` of a tool's run.
    """
    at = now()
    document = {
        "_id": identity,
        **order.model_dump(),
        "artifact": artifact,
        **told,
        "state": "Received",
        "received_at": at,
        "place": f"at {at} {identity}",
        **STAMP,
    }
    try:
        collection("reports").insert_one(document)
    except DuplicateKeyError:
        return get(identity)
    return cast("StoredReport", document)


def get(identity: str) -> StoredReport:
    """Return a report.

    Raises:
        Gone: No report has this id.
    """
    found = readable(collection("reports", StoredReport).find_one({"_id": identity}))
    if found is None:
        raise Gone("no such report")
    return found


def page(after: str, limit: int, repository: str = "") -> list[StoredReport]:
    """Return reports, the newest first.

    Args:
        after: `place` of the last one before; empty for the first page.
        limit: At most so many.
        repository: Only of this repository.
    """
    which: Document = {"place": {"$lt": after}} if after else {"place": {"$gt": ""}}
    if repository:
        which["asset"] = {"$eq": repository}
    return list(collection("reports", StoredReport).find(which).sort("place", -1).limit(limit))


def finish(identity: str, state: str, not_applied: Sequence[Document] = (), **told: object) -> None:
    """Note what became of a report: `Applied`, `Superseded` or `Failed`, and what of it could not be applied."""
    fields: Document = {"state": state, "finished_at": now(), **told}
    fields |= {"not_applied": list(not_applied)[:_NOT_APPLIED_KEPT], "not_applied_count": len(not_applied)}
    collection("reports").update_one({"_id": identity}, {"$set": fields})


def scope_of(order: StoredReport, ref: str) -> str:
    """Return the id of a report's scope, once its ref is known."""
    return key("scope", order["asset"], order["tool"], order["by"], ref)


def begin(scope: str, report: StoredReport) -> bool:
    """Make *report* the newest of its scope; return False if a newer one is.

    Of tools' runs the one that was asked for last is the newest, whichever of them took longer.
    """
    order = f"at {report['asked_at']} {report['_id']}" if "asked_at" in report else report["place"]
    collection("report_scopes").update_one({"_id": scope}, {"$setOnInsert": {"order": order}}, upsert=True)
    won = collection("report_scopes").update_one(
        {"_id": scope, "order": {"$lte": order}}, {"$set": {"order": order, "report": report["_id"]}}
    )
    return won.matched_count == 1


def still_says(order: Order, ref: str) -> bool:
    """Return whether the newest report of the scope that *order* would be of, on *ref*, says something."""
    scope = key("scope", order.asset, order.tool, order.by, ref)
    return collection("reported").find_one({"scope": scope, "present": True}, {"_id": 1}) is not None


def said_in(scope: str) -> dict[str, Said]:
    """Return what a scope's reports have said so far, by finding."""
    return {one["finding"]: Said.model_validate(one) for one in collection("reported").find({"scope": scope})}


def said_of(finding: str) -> list[Said]:
    """Return what all scopes say of a finding."""
    return [Said.model_validate(one) for one in collection("reported").find({"finding": finding})]


def moved(names: Sequence[str]) -> dict[str, str]:
    """Return which of these ids lead to a finding that another id stood for before its file was renamed."""
    found: dict[str, str] = {}
    for start in range(0, len(names), _AT_ONCE):
        which = {"_id": {"$in": list(names[start : start + _AT_ONCE])}}
        found |= {one["_id"]: one["finding"] for one in collection("moved_findings").find(which)}
    return found


def record_moves(repository: str, moves: Mapping[str, str]) -> None:
    """Let ids of new places lead to the findings that their files' renames have moved there."""
    documents = [{"_id": name, "finding": old, "repository": repository} for name, old in sorted(moves.items())]
    insert_new("moved_findings", documents)


def forget_finding(finding: str) -> None:
    """Delete what reports said of a finding that is deleted."""
    for name in ("reported", "moved_findings"):
        collection(name).delete_many({"finding": finding})


def keep(said: Iterable[Said]) -> None:
    """Put what is said now in the place of what was."""
    writes = [
        UpdateOne(
            {"_id": key(one.finding, one.scope)},
            {"$set": {**one.model_dump(), "of_tool": _of_tool(one)}, "$setOnInsert": STAMP},
            upsert=True,
        )
        for one in said
    ]
    for start in range(0, len(writes), _AT_ONCE):
        collection("reported").bulk_write(writes[start : start + _AT_ONCE], ordered=False)


def _of_tool(said: Said) -> str:
    """Return the key by which what a tool reports at present is listed."""
    return f"{said.tool}|{said.finding}|{said.scope}" if said.present else ""


def has_reported(tool: str) -> bool:
    """Return whether a tool has reported something."""
    return collection("reports", StoredReport).find_one({"tool": tool}, {"_id": 1}) is not None


def findings_of(tool: str, after: str, limit: int) -> Iterator[list[str]]:
    """Give the ids of the findings that a tool reports at present, in their order, up to *limit* at a time.

    Args:
        tool: Its name.
        after: Only ids that follow this one.
        limit: How many at a time, at most.
    """
    last = f"{tool}|{after}{END}" if after else f"{tool}|"
    while True:
        between = {"$gt": last, "$lt": f"{tool}|{END}"}
        some = list(collection("reported").find({"of_tool": between}).sort("of_tool", 1).limit(limit))
        if some:
            yield list(dict.fromkeys(one["finding"] for one in some))
        if len(some) < limit:
            return
        last = some[-1]["of_tool"]


def delete_some(repository: str, limit: int) -> bool:
    """Delete up to *limit* documents of a repository's reports; return whether there were any."""
    found = False
    for name, field in (("reported", "repository"), ("moved_findings", "repository"), ("reports", "asset")):
        ids = [one["_id"] for one in collection(name).find({field: repository}, {"_id": 1}).limit(limit)]
        if ids:
            collection(name).delete_many({"_id": {"$in": ids}})
            found = True
    return found

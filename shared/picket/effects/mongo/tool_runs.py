"""Runs of third-party tools: what was asked for, and what became of it.

`open_in` names the scan while a run is open, `due` is the time from which it counts as lost; both are there only then.
`nonce` proves that an answer is the run's; it is shown nowhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NotRequired

from picket.effects.mongo.client import Document, collection, insert_new, key
from picket.effects.mongo.documents import Fields, Stored
from picket.effects.mongo.retention import entry
from picket.effects.mongo.schedules import MARK
from picket.effects.mongo.schema import STAMP, readable
from picket.events import ago, now

LOST_AFTER = timedelta(hours=6)
"""Longer than a run may wait for its turn and take: then nobody will answer any more."""
FINAL = frozenset({"Done", "Partial", "Failed", "Cancelled"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run that is wanted: of which tool, on what; or one that has ended before it began, and why."""

    tool: str
    asset_type: str
    asset: str
    ref: str = ""
    commit: str = ""
    material: str = ""
    state: str = "Requested"
    reason: str = ""


class ToolRun(Stored):
    """A run; `state` is Requested, Reported once its report is in and waits to be applied, or one of `FINAL`."""

    scan: str
    repository: str
    tool: str
    asset_type: str
    asset: str
    ref: str
    commit: str
    material: str
    nonce: str
    state: str
    reason: str
    requested_at: str
    finished_at: NotRequired[str]
    open_in: NotRequired[str]
    due: NotRequired[str]
    report: NotRequired[str]
    record: NotRequired[dict[str, object]]


def create(scan: str, repository: str, wanted: Sequence[Wanted]) -> None:
    """Record runs that a scan wants; one that is recorded already stays as it is."""
    documents = [
        {
            "_id": identity(scan, one),
            "scan": scan,
            "repository": repository,
            "tool": one.tool,
            "asset_type": one.asset_type,
            "asset": one.asset,
            "ref": one.ref,
            "commit": one.commit,
            "material": one.material,
            "nonce": secrets.token_hex(16),
            "state": one.state,
            "reason": one.reason,
            "requested_at": now(),
            **({"finished_at": now()} if one.state in FINAL else _open(scan)),
            **entry(),
            **STAMP,
        }
        for one in wanted
    ]
    insert_new("tool_runs", documents)


def _open(scan: str) -> Document:
    return {"open_in": scan, "due": f"{MARK}{ago(-LOST_AFTER)}"}


def identity(scan: str, wanted: Wanted) -> str:
    """Return the id of the run of a scan."""
    return f"run-{key(scan, wanted.tool, wanted.asset_type, wanted.asset)[:32]}"


def find(run: str) -> ToolRun | None:
    """Return a run, or None."""
    return readable(collection("tool_runs", ToolRun).find_one({"_id": run}))


def of_report(report: str) -> ToolRun | None:
    """Return the run that a report is of, or None if it came otherwise."""
    return collection("tool_runs", ToolRun).find_one({"report": report})


def of_scan(scan: str) -> list[ToolRun]:
    """Return the runs of a scan, by tool and asset."""
    found = collection("tool_runs", ToolRun).find({"scan": scan})
    return sorted(found, key=lambda run: (run["tool"], run["asset"]))


def open_of(scan: str, limit: int) -> list[ToolRun]:
    """Return up to *limit* runs of a scan that have not ended."""
    return list(collection("tool_runs", ToolRun).find({"open_in": scan}).limit(limit))


def lost(limit: int) -> list[ToolRun]:
    """Return up to *limit* runs that should have ended by now."""
    which = {"due": {"$gt": MARK, "$lt": f"{MARK}{now()}"}}
    return list(collection("tool_runs", ToolRun).find(which).sort("due", 1).limit(limit))


def reported(run: ToolRun, report: str, record: Fields) -> bool:
    """Note that the report of a run is in; False if the run has ended, or somebody was faster."""
    change = {"$set": {"state": "Reported", "report": report, "record": record}}
    return _changed({"_id": run["_id"], "state": "Requested"}, change)


def end(run: ToolRun, state: str, reason: str, record: Fields | None = None) -> bool:
    """Let a run end; False if it had ended before."""
    told: Fields = {"record": record} if record else {}
    change = {
        "$set": {"state": state, "reason": reason, "finished_at": now(), **told},
        "$unset": {"open_in": "", "due": ""},
    }
    return _changed({"_id": run["_id"], "open_in": run["scan"]}, change)


def delete_some(repository: str, limit: int) -> bool:
    """Delete up to *limit* runs of a repository; return whether there were any."""
    ids = [one["_id"] for one in collection("tool_runs").find({"repository": repository}, {"_id": 1}).limit(limit)]
    if ids:
        collection("tool_runs").delete_many({"_id": {"$in": ids}})
    return bool(ids)


def _changed(which: Document, change: Document) -> bool:
    return collection("tool_runs").update_one(which, change).modified_count == 1

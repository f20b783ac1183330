"""What revisions of a former version write otherwise, and may still write while they run beside these."""

from __future__ import annotations

from datetime import datetime, timedelta

from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.documents import Scan
from picket.effects.mongo.scans import FORMER_DUE, IDLE, in_time
from picket.effects.mongo.schedules import MARK, text_of, unmarked


def let_scans_be_due(limit: int) -> bool:
    """Enter when they are due for up to *limit* scans that a former version wrote; False if there are no more."""
    found: list[Scan] = []
    for field in ("untold", *FORMER_DUE):
        which: Document = {field: {"$gt": ""}, **({"due": None} if field == "untold" else {})}
        found += collection("scans", Scan).find(which).limit(limit - len(found)) if len(found) < limit else ()
    gone = dict.fromkeys(FORMER_DUE, "")
    for scan in found:
        change = {"$set": {"due": _due({**scan})}, "$unset": gone}
        collection("scans").update_one({"_id": scan["_id"], "revision": scan["revision"]}, change)
    return len(found) == limit


def _due(scan: Document) -> str:
    """Return when a scan is due by the fields of a former version, whose revisions may still be moving it."""
    if "retry_at" in scan:
        return str(scan["retry_at"])
    if "idle_since" in scan:
        return MARK + text_of(datetime.fromisoformat(unmarked(scan["idle_since"])) + IDLE)
    return in_time(timedelta())

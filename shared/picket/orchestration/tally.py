"""What a scan came to, over all of its batches and children: counted once at its end, and kept with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from picket.effects.mongo.documents import Batch, Failure, Scan, Skipped, Tally

_SKIPPED_SHOWN = 100
_FAILURES_SHOWN = 100


def tally(own: Sequence[Batch], children: Sequence[Scan]) -> Tally:
    """Count the batches of a scan by state, and name the first of what was skipped and of what failed."""
    return {
        "by_state": dict(Counter(batch["state"] for batch in own)),
        "skipped": _skipped(own),
        "failures": list(islice(_failures(own, children), _FAILURES_SHOWN)),
    }


def _skipped(own: Iterable[Batch]) -> Skipped:
    """Return what was not looked at, and why: the number of all, the first of them by name."""
    found = [item for batch in own for item in batch.get("skipped", ())]
    first = [{"path": path, "blob": blob, "reason": reason} for path, blob, reason in found[:_SKIPPED_SHOWN]]
    return {"total": len(found), "first": first}


def _failures(own: Iterable[Batch], children: Iterable[Scan]) -> Iterable[Failure]:
    """Return which batches and children failed, and why."""
    for batch in own:
        if batch["state"] == "Failed":
            yield {"batch": batch["_id"], "commits": batch["count"], "reason": batch["history"][-1]["reason"]}
    for child in children:
        if child["state"] == "Failed":
            yield {"scan": child["_id"], "commits": 0, "reason": child["history"][-1]["reason"]}

"""What a scan came to, over all of its batches and children: counted once at its end, and kept with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from picket.effects.mongo.client import Document

_SKIPPED_SHOWN = 100
_FAILURES_SHOWN = 100


def tally(own: Sequence[Document], children: Sequence[Document]) -> Document:
    """Count the batches of a scan by state, and name the first of what was skipped and of what failed."""
    return {
        "by_state": dict(Counter(batch["state"] for batch in own)),
        "skipped": _skipped(own),
        "failures": list(islice(_failures((*own, *children)), _FAILURES_SHOWN)),
    }


def _skipped(own: Iterable[Document]) -> Document:
    """Return what was not looked at, and why: the number of all, the first of them by name."""
    found = [item for batch in own for item in batch.get("skipped", ())]
    first = [{"path": path, "blob": blob, "reason": reason} for path, blob, reason in found[:_SKIPPED_SHOWN]]
    return {"total": len(found), "first": first}


def _failures(parts: Iterable[Document]) -> Iterable[Document]:
    """Return which batches and children failed, and why."""
    for part in parts:
        if part["state"] == "Failed":
            kind = "batch" if "index" in part else "scan"
            yield {kind: part["_id"], "commits": part.get("count", 0), "reason": part["history"][-1]["reason"]}

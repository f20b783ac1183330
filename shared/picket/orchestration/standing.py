"""What several reporters together make of one finding: how grave it is, who reports it, and whether it still stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from picket.effects.mongo.findings import ENGINE
from picket.effects.mongo.reports import Said
from picket.findings.kinds import KINDS
from picket.findings.life import Move, moved, named
from picket.findings.stored import Changes, Evidence, Finding, StoredPlace

_GRAVEST_FIRST = ("critical", "high", "medium", "low", "info")
_REPORTED = "reported by "
_PLACE = ("path", "start_line", "start_column", "end_line", "end_column", "commit", "author", "email", "date")


def decided(finding: Finding, said: Sequence[Said], by: str, at: datetime) -> Changes:
    """Return the fields of a finding that its reporters change, empty if they change none.

    The repository's state is judged on its default branch: once a finding was reported there, reports of other refs
    neither close it nor open it again.

    Args:
        finding: As stored.
        said: What each scope says of it.
        by: Who is said to move it.
        at: The time.
    """
    present = [one for one in said if one.present]
    fields: Changes = {
        "scopes": sorted(one.scope for one in said),
        "reporters": sorted({one.tool for one in present} | ({ENGINE} & set(finding.get("reporters", ())))),
    }
    is_engines = ENGINE in finding.get("reporters", ())
    if present:
        fields |= _beside(finding, present) if is_engines else _evidence(present)
    changed = cast("Changes", {name: value for name, value in fields.items() if finding.get(name) != value})
    if "evidence" in changed and not is_engines:  # the policy judges it anew from here
        changed |= {"severity": _gravest(present).severity, "confidence": _surest(present)}
    move = _move(finding, said, by)
    return {**changed, **moved(finding, move, at)} if move else changed


def place_of(said: Said) -> StoredPlace:
    """Return the place where a finding is shown: the first one that a report names."""
    first = said.places[0] if said.places else {}
    told = {name: first.get(name, 0 if name.endswith(("line", "column")) else "") for name in _PLACE}
    return cast("StoredPlace", {"rank": "", **told})


def _evidence(present: Sequence[Said]) -> Changes:
    """Return what is most telling of all that is reported: the highest severity, and the evidence that justifies it."""
    best = _gravest(present)
    shown = min(present, key=lambda one: (not one.is_default, one.tool, one.scope))
    reasons = sorted({f"{_REPORTED}{one.tool}" for one in present})
    confidence = _surest(present)
    told = {**best.evidence, "severity": best.severity, "confidence": confidence, "reasons": reasons}
    return {
        "evidence": cast("Evidence", told),
        "first": place_of(shown),
        "exploitability": max(one.exploitability for one in present),
        "is_live": any(one.is_exploited for one in present),
    }


def _beside(finding: Finding, present: Sequence[Said]) -> Changes:
    """Return what tools add to what the engine has found itself, which it has seen and judged: who else reports it."""
    own = finding["evidence"]
    reasons = [reason for reason in own.get("reasons", ()) if not reason.startswith(_REPORTED)]
    reasons += sorted({f"{_REPORTED}{one.tool}" for one in present})
    return {"evidence": {**own, "reasons": reasons}}


def _gravest(present: Sequence[Said]) -> Said:
    return min(present, key=lambda one: (_GRAVEST_FIRST.index(one.severity), -one.confidence, one.tool, one.scope))


def _surest(present: Sequence[Said]) -> float:
    return max(one.confidence for one in present)


def _move(finding: Finding, said: Sequence[Said], by: str) -> Move | None:
    judging = [one for one in said if one.is_default] or list(said)
    stands, state = any(one.present for one in judging), named(finding["state"])
    kind = KINDS[finding["kind"]]
    if not stands and state in {"open", "accepted"} and kind.closes_by_report:
        return Move("fixed", "report", by, "no longer reported")
    if stands and state == "fixed":
        return Move("open", "report", by, "reported again")
    return None

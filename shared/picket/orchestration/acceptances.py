"""Acceptances that have run out: their findings are open again, and somebody is told so."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from picket.effects.mongo import findings
from picket.findings.life import Move, moved
from picket.findings.stored import Finding
from picket.orchestration import duties, review

_AT_ONCE = 100


def end(_cursor: str) -> str | None:
    """Open some findings whose acceptance has run out."""
    found = findings.with_acceptance_ended(_AT_ONCE + 1)
    opened: list[Finding] = []

    def open_again(finding: Finding) -> None:
        move = Move("open", "clock", "picket", "the acceptance has ended")
        if findings.change(finding, moved(finding, move, datetime.now(UTC))):
            opened.append(finding)

    duties.each("acceptances", found[:_AT_ONCE], open_again, findings.put_off_acceptance)
    opened.sort(key=lambda one: str(one["repository"]))
    for repository, some in groupby(opened, key=lambda one: str(one["repository"])):
        review.tell(repository, [one["_id"] for one in some], "acceptance ended")
    return duties.more(len(found) > _AT_ONCE)

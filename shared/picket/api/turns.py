"""Turns for reading what is long: few requests of a process at a time.

The one-machine store carries out one command at a time. However many people open long lists at once, there is room
between their commands for what webhooks need; those who would wait for long are asked to come again.
"""

from __future__ import annotations

import logging
import threading

from flask import Response, g

from picket.effects.telemetry import logs
from picket.runtime.problems import problem

AT_ONCE = 2
"""Long reads of a process at a time."""
LONGEST_WAIT = 5.0
"""Seconds that a request waits for its turn; less than clients wait for an answer."""

LONG = frozenset(
    {
        *(
            "findings.page",
            "findings.show",
            "triage.change_many",
            "policy.test",
            "repositories.page",
            "organizations.page",
            "scans.page",
            "scans.show",
        ),
        *("scores.show", "scores.team", "scores.teams", "dead_letters.page", "dead_letters.counts", "pages.start"),
    }
)
"""Endpoints whose work grows with what is stored."""

_turns = threading.BoundedSemaphore(AT_ONCE)


def begin(endpoint: str | None) -> Response | None:
    """Wait for a turn where *endpoint* needs one; the 503 to answer if there was none."""
    if endpoint not in LONG:
        return None
    if not _turns.acquire(timeout=LONGEST_WAIT):
        logs.note("no turn for a long read", level=logging.WARNING, route=endpoint)
        return problem(503, "too many long lists are being read; try again")
    g.has_turn = True
    return None


def end(_error: BaseException | None) -> None:
    """Give back the request's turn, if it has one."""
    if g.pop("has_turn", False):
        _turns.release()

"""The states of scans and batches and the only moves between them: one table that code, docs and tests read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """A legal move: who makes it, and when."""

    source: str
    target: str
    actor: str
    when: str


SCAN = (
    Move("New", "Validating", "enumerate", "its request arrived"),
    Move("New", "Queued", "enumerate", "it is merged into a waiting scan of the same branch"),
    Move("New", "InProgress", "enumerate", "it is a list of repositories, and each has its child scan"),
    Move("Validating", "Queued", "enumerate", "its repository's address is admitted"),
    Move("Queued", "Queued", "enumerate", "it must wait: for its forge, its repository, or another scan"),
    Move("Queued", "Scheduling", "enumerate", "its forge and its repository have a place for it"),
    Move("Scheduling", "Queued", "enumerate, sweep", "its worker died, or its forge did not answer"),
    Move("Scheduling", "Scheduled", "enumerate", "its commits are in batches"),
    Move("Scheduled", "InProgress", "scan", "a scanner has taken its first batch"),
    *(
        Move(state, "Done", "enumerate, feedback", "every batch and child scan is done")
        for state in ("Queued", "Scheduled", "InProgress")
    ),
    *(
        Move(state, "Partial", "feedback, dead letters", "some of its batches or children failed, others are done")
        for state in ("Scheduled", "InProgress")
    ),
    *(
        Move(state, "Failed", "any", "its request was rejected or given up, or all of its work failed")
        for state in ("New", "Validating", "Queued", "Scheduling", "Scheduled", "InProgress")
    ),
    *(
        Move(state, "Cancelled", "api", "somebody cancelled it")
        for state in ("New", "Validating", "Queued", "Scheduling", "Scheduled", "InProgress")
    ),
)
"""A merged scan is Done from Queued when the other one is; if that ends otherwise, it runs by itself."""

BATCH = (
    Move("Queued", "InProgress", "scan", "a scanner holds its lease"),
    Move("InProgress", "InProgress", "scan", "another scanner took over from one that died"),
    Move("InProgress", "Queued", "sweep", "its scanner died"),
    Move("InProgress", "Scanned", "scan", "its findings are stored"),
    Move("Scanned", "Done", "feedback", "the rules have judged its findings"),
    *(
        Move(state, "Failed", "any", "its event was rejected or given up")
        for state in ("Queued", "InProgress", "Scanned")
    ),
    *(Move(state, "Cancelled", "api", "somebody cancelled its scan") for state in ("Queued", "InProgress")),
)
"""What is scanned when its scan is cancelled is judged all the same: its findings are stored."""

MAX_TAKEOVERS = 5
"""Workers that may die over one piece of work before it is taken to be what kills them."""


def legal(moves: Iterable[Move], source: str, target: str) -> bool:
    """Return whether there is such a move."""
    return any((move.source, move.target) == (source, target) for move in moves)


def states(moves: Iterable[Move]) -> tuple[str, ...]:
    """Return the states in the order in which the table names them."""
    return tuple(dict.fromkeys(state for move in moves for state in (move.source, move.target)))


def open_states(moves: Iterable[Move]) -> frozenset[str]:
    """Return the states that something leads out of."""
    return frozenset(move.source for move in moves)


OPEN_SCAN = open_states(SCAN)
OPEN_BATCH = open_states(BATCH)
FINAL = frozenset(states(SCAN)) - OPEN_SCAN
ENUMERATED = frozenset({"Scheduled", "InProgress"})


def outcome(
    batches: dict[str, int],
    children: dict[str, int],
    tool_runs: dict[str, int] | None = None,
    *,
    by_tools_alone: bool = False,
) -> tuple[str, str]:
    """Decide the final state of a scan nothing of which is open.

    Args:
        batches: Number of batches by state.
        children: Number of child scans by state.
        tool_runs: Number of runs of tools by state.
        by_tools_alone: Whether nothing but tools looks at it; the commits of a repository are looked at otherwise, if
            only to see that none is new.

    Returns:
        The state and the reason: Done, Partial where some of the work failed, Failed where all of it did.
    """
    runs = tool_runs or {}
    parts = batches | _prefixed("child scans", children) | _prefixed("tool runs", runs)
    bad = {state: n for state, n in parts.items() if not state.endswith("Done")}
    good = sum(counts.get(state, 0) for counts in (batches, children, runs) for state in ("Done", "Partial"))
    good += bool(runs) and not batches and not children and not by_tools_alone
    if not bad:
        return "Done", ""
    reason = ", ".join(f"{n} {state}" for state, n in sorted(bad.items()))
    return ("Partial" if good else "Failed"), reason


def _prefixed(what: str, counts: dict[str, int]) -> dict[str, int]:
    return {f"{what} {state}": n for state, n in counts.items()}

"""The states of scans and batches, and the only moves there are between them."""

from __future__ import annotations

SCAN_MOVES: dict[str, frozenset[str]] = {
    "New": frozenset({"Validating", "Failed", "Cancelled", "Done", "InProgress"}),
    "Validating": frozenset({"Queued", "Done", "Failed", "Cancelled"}),
    "Queued": frozenset({"Scheduling", "Done", "Failed", "Cancelled"}),
    "Scheduling": frozenset({"Scheduled", "Done", "Failed", "Cancelled"}),
    "Scheduled": frozenset({"InProgress", "Done", "Partial", "Failed", "Cancelled"}),
    "InProgress": frozenset({"Done", "Partial", "Failed", "Cancelled"}),
    "Done": frozenset(),
    "Partial": frozenset(),
    "Failed": frozenset(),
    "Cancelled": frozenset(),
}
"""New goes straight to InProgress only for a bulk request, whose work is all in its children."""

BATCH_MOVES: dict[str, frozenset[str]] = {
    "Queued": frozenset({"InProgress", "Failed", "Cancelled"}),
    "InProgress": frozenset({"InProgress", "Queued", "Scanned", "Failed", "Cancelled"}),
    "Scanned": frozenset({"Done", "Failed"}),
    "Done": frozenset(),
    "Failed": frozenset(),
    "Cancelled": frozenset(),
}

"""InProgress to InProgress: another worker takes over from one whose lease ran out."""

FINAL = frozenset(state for state, moves in SCAN_MOVES.items() if not moves)
OPEN_SCAN = frozenset(SCAN_MOVES) - FINAL
OPEN_BATCH = frozenset(state for state, moves in BATCH_MOVES.items() if moves)
ENUMERATED = frozenset({"Scheduled", "InProgress"})


def sources_of(moves: dict[str, frozenset[str]], target: str) -> list[str]:
    """Return the states from which *target* may be reached in one move."""
    return sorted(state for state, targets in moves.items() if target in targets)


def outcome(batches: dict[str, int], children: dict[str, int]) -> tuple[str, str]:
    """Decide the final state of a scan none of whose batches or children is open.

    Args:
        batches: Number of batches by state.
        children: Number of child scans by state.

    Returns:
        The state and the reason: Done, Partial where some of the work failed, Failed where all of it did.
    """
    bad = {state: n for state, n in (batches | _prefixed(children)).items() if not state.endswith("Done")}
    good = batches.get("Done", 0) + children.get("Done", 0)
    if not bad:
        return "Done", ""
    reason = ", ".join(f"{n} {state}" for state, n in sorted(bad.items()))
    return ("Partial" if good else "Failed"), reason


def _prefixed(children: dict[str, int]) -> dict[str, int]:
    return {f"child scans {state}": n for state, n in children.items()}

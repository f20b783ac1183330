"""A leaked credential. The same value is the same finding, wherever in the repository it shows."""

from __future__ import annotations

from picket.findings.kinds.kind import Identity, Kind, Lines, control, never
from picket.findings.model import Problem


def _identify(tool: str, problem: Problem, lines: Lines) -> tuple[Identity, ...]:
    """Tell one by the text of its place; without that, by its rule alone.

    Where the value is known, `findings.identity.value_id` identifies it, as it does what the engine finds itself.
    """
    place, text = problem.places[0] if problem.places else None, lines.text
    if place and place.end_column and place.start_line == place.end_line:
        text = text[max(0, place.start_column - 1) : place.end_column]
    return ((text,) if text else (control(tool, problem),),)


KIND = Kind(
    name="secret",
    identify=_identify,
    needs_lines=True,
    equals_are_distinct=never,
    closes_by_report=False,  # gone from the tip is not revoked
    leaves_residue=True,
    remediation="Revoke the credential at its provider, replace it, and mark the finding as fixed.",
)

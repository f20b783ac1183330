"""A leaked credential. The same value is the same finding, wherever in the repository it shows."""

from __future__ import annotations

from picket.findings.kinds.kind import Kind, control
from picket.findings.model import Problem


def _identify(tool: str, problem: Problem, lines: str) -> tuple[str, ...]:
    """Tell one by the text of its place; without that, by its rule alone.

    Of the secrets that the engine finds itself the value is known: `findings.identity.value_id` identifies those.
    """
    place = problem.places[0] if problem.places else None
    if place and place.end_column and place.start_line == place.end_line:
        lines = lines[max(0, place.start_column - 1) : place.end_column]
    return (lines,) if lines else (control(tool, problem),)


KIND = Kind(
    name="secret",
    identify=_identify,
    needs_lines=True,
    equals_are_distinct=False,
    closes_by_report=False,  # gone from the tip is not revoked
    leaves_residue=True,
    remediation="Revoke the credential at its provider, replace it, and mark the finding as fixed.",
)

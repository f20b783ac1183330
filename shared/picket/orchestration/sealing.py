"""Taking secrets out of what tools report, before anything of it is kept."""

from __future__ import annotations

from picket.findings.identity import value_id
from picket.findings.model import MAX_TEXT, Problem, Report
from picket.findings.redaction import MASK, normalized

TEXTS = ("title", "component", "resource", "attribute", "remediation", "fixed_in")
"""Fields of a problem in which a tool may quote what it has found."""
_SHORTEST = 6
"""Characters of a secret that is looked for in the texts beside it; anything shorter is in any text by chance."""


def sealed(report: Report, key: bytes) -> Report:
    """Return a report in which the hash of each secret, under *key*, stands in its place."""
    return report.model_copy(update={"problems": tuple(_sealed(problem, key) for problem in report.problems)})


def _sealed(problem: Problem, key: bytes) -> Problem:
    if not problem.secret:
        return problem
    told = {name: getattr(problem, name).replace(problem.secret, MASK)[:MAX_TEXT] for name in TEXTS}
    hidden = told if len(problem.secret) >= _SHORTEST else {}
    value = value_id(key, normalized(problem.secret.encode(errors="surrogateescape")))
    return problem.model_copy(update={**hidden, "secret": "", "value_id": value})

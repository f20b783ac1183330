"""Taking secrets out of what tools report, before anything of it is kept."""

from __future__ import annotations

from picket.detection import Engine, redact
from picket.detection.redaction import MASK, normalized
from picket.findings.identity import value_id
from picket.findings.model import Problem, Report

_TEXTS = ("title", "component", "resource", "attribute", "remediation", "fixed_in")
_SHORTEST = 6
"""Characters of a secret that is looked for in the texts beside it; anything shorter is in any text by chance."""


def sealed(report: Report, key: bytes, engine: Engine) -> Report:
    """Return a report in which the hash of each secret stands in its place, and no text holds one.

    Args:
        report: As a format's `parse` returns it.
        key: Key of the hashes that stand for secrets.
        engine: Finds credentials that a tool has quoted without saying so.
    """
    problems = tuple(_sealed(problem, key) for problem in report.problems)
    texts = "\n".join(getattr(problem, name) for problem in problems for name in _TEXTS)
    if engine.scan(texts.encode()):
        problems = tuple(_masked(problem, engine) for problem in problems)
    return report.model_copy(update={"problems": problems})


def without_secrets(text: str, engine: Engine) -> str:
    """Return *text* with each credential in it masked."""
    raw = text.encode(errors="replace")
    for hit in sorted(engine.scan(raw), key=lambda each: each.start, reverse=True):
        raw = raw[: hit.start] + redact(raw[hit.start : hit.end].decode(errors="replace")).encode() + raw[hit.end :]
    return raw.decode(errors="replace")


def _sealed(problem: Problem, key: bytes) -> Problem:
    if not problem.secret:
        return problem
    told = {name: getattr(problem, name).replace(problem.secret, MASK) for name in _TEXTS}
    hidden = told if len(problem.secret) >= _SHORTEST else {}
    value = value_id(key, normalized(problem.secret.encode(errors="surrogateescape")))
    return problem.model_copy(update={**hidden, "secret": "", "value_id": value})


def _masked(problem: Problem, engine: Engine) -> Problem:
    return problem.model_copy(update={name: without_secrets(getattr(problem, name), engine) for name in _TEXTS})

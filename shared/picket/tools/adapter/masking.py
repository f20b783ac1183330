"""Masking credentials that a tool has quoted without saying so: what the engine finds in its words."""

from __future__ import annotations

from picket.detection import Engine, redact
from picket.findings.model import Problem, Report
from picket.orchestration.sealing import TEXTS


def masked(report: Report, engine: Engine) -> Report:
    """Return a report whose texts hold no credential that *engine* finds."""
    texts = "\n".join(getattr(problem, name) for problem in report.problems for name in TEXTS)
    if not engine.scan(texts.encode(errors="replace")):
        return report
    return report.model_copy(update={"problems": tuple(_masked(problem, engine) for problem in report.problems)})


def without_secrets(text: str, engine: Engine) -> str:
    """Return *text* with each credential in it masked."""
    raw = text.encode(errors="replace")
    for hit in sorted(engine.scan(raw), key=lambda each: each.start, reverse=True):
        raw = raw[: hit.start] + redact(raw[hit.start : hit.end].decode(errors="replace")).encode() + raw[hit.end :]
    return raw.decode(errors="replace")


def _masked(problem: Problem, engine: Engine) -> Problem:
    return problem.model_copy(update={name: without_secrets(getattr(problem, name), engine) for name in TEXTS})

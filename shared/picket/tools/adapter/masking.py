"""Masking credentials that a tool has quoted without saying so: what the engine finds in its words."""

from __future__ import annotations

from picket.detection import Engine, redact
from picket.findings.model import MAX_TEXT, LeftOut, Problem, Report
from picket.orchestration.sealing import TEXTS


def masked(report: Report, engine: Engine) -> Report:
    """Return a report whose texts hold no credential that *engine* finds."""
    told = [getattr(problem, name) for problem in report.problems for name in TEXTS]
    told += [text for one in report.left_out for text in (one.where, one.reason)]
    if not engine.scan("\n".join(told).encode(errors="replace")):
        return report
    problems = tuple(_masked(problem, engine) for problem in report.problems)
    return report.model_copy(
        update={"problems": problems, "left_out": tuple(_left_out(one, engine) for one in report.left_out)}
    )


def without_secrets(text: str, engine: Engine, most: int = MAX_TEXT) -> str:
    """Return *text* with each credential in it masked: no more than *most* characters, since a mask may be longer."""
    raw = text.encode(errors="replace")
    for hit in sorted(engine.scan(raw), key=lambda each: each.start, reverse=True):
        raw = raw[: hit.start] + redact(raw[hit.start : hit.end].decode(errors="replace")).encode() + raw[hit.end :]
    return raw.decode(errors="replace")[:most]


def _masked(problem: Problem, engine: Engine) -> Problem:
    return problem.model_copy(update={name: without_secrets(getattr(problem, name), engine) for name in TEXTS})


def _left_out(one: LeftOut, engine: Engine) -> LeftOut:
    return LeftOut(where=without_secrets(one.where, engine), reason=without_secrets(one.reason, engine))

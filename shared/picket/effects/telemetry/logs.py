"""Structured logs: one JSON object a line on standard error, as Knative's log collectors expect.

No line holds a secret or unchecked input. Messages are constant; whatever else a line tells goes into fields, and
`shapes` lets through of each only what has the shape that its name promises. Of what other libraries put into their
messages only numbers and names of signals are written, and of exceptions only the type and the places.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from types import TracebackType

from picket.effects.telemetry import context, shapes
from picket.events import now
from picket.settings import settings

logger = logging.getLogger("picket")
_NO_EXCEPTION = (None, None, None)
_SIGNAL = re.compile(r"SIG[A-Z]{2,6}")


class _JsonLines(logging.Handler):
    """Writes to whatever standard error is at the time: gunicorn and tests put others in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{line(record)}\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001 - logging reports it and lets the program go on
            self.handleError(record)


def line(record: logging.LogRecord) -> str:
    """Return the log line of *record*."""
    ours = record.name == logger.name
    fields = {**context.current(), **getattr(record, "fields", {})} if ours else {"logger": record.name}
    _, error, trace = record.exc_info or _NO_EXCEPTION
    if error is not None:
        fields |= {"error": type(error).__name__, "frames": frames(trace)}
    return json.dumps(
        {
            "time": now(),
            "severity": record.levelname,
            "function": settings().service,
            "message": shapes.prose(str(record.msg) if ours else _without_input(record)),
            **{name: shapes.checked(name, value) for name, value in fields.items()},
        }
    )


def _without_input(record: logging.LogRecord) -> str:
    """Return a library's message with `?` for whatever could have come from outside."""
    given = record.args if isinstance(record.args, tuple) else ()
    shown = tuple(one if isinstance(one, int | float) or _SIGNAL.fullmatch(str(one)) else "?" for one in given)
    try:
        return str(record.msg) % shown if shown else str(record.msg)
    except (TypeError, ValueError):
        return str(record.msg)  # its format wants a number that is missing


def frames(trace: TracebackType | None) -> list[str]:
    """Return where an exception went through: files, lines and functions, no values."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]


def configure() -> None:
    """Send all log lines of this process to standard error as JSON. Calling it again changes nothing."""
    if logger.handlers:
        return
    handler = _JsonLines()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.getLogger().addHandler(handler)

    def take(record: logging.LogRecord) -> bool:
        handler.emit(record)
        return False

    # gunicorn puts handlers of its own in place whenever it starts; a filter it leaves alone.
    logging.getLogger("gunicorn.error").addFilter(take)


def note(message: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log *message* with *fields*; see above what of them is let through.

    Args:
        message: Always the same words; what differs goes into *fields*.
        level: As in `logging`.
        fields: By name: those that `shapes.CHECKS` knows are checked by their shape, other text as prose.
    """
    logger.log(level, message, extra={"fields": fields})

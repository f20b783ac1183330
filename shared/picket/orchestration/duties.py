"""What the clock is for: one duty an event, a bounded piece of it at a time, and each item by itself.

A document that cannot be handled is told of and counted; it stops neither the others nor the other duties. What would
fail with every item, a store or broker that is away, ends the piece: its event comes again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from pymongo.errors import PyMongoError

from picket.effects import broker, telemetry
from picket.effects.telemetry import logs, note
from picket.errors import Busy, Newer, TransientError, Unsupported
from picket.events import DutyDue

T = TypeVar("T")
Piece = Callable[[str], str | None]
"""Does a piece of a duty from a cursor on, empty at first; returns the next one's cursor, None if nothing is left."""

MOST_PIECES = 20
"""Pieces of one duty that a tick leads to; the next tick goes on."""


def spread(duties: Iterable[str]) -> None:
    """Ask for each of *duties* by an event of its own."""
    broker.emit(*(DutyDue(duty=duty) for duty in duties))


def do(due: DutyDue, duties: dict[str, Piece]) -> None:
    """Do a piece of a duty, and ask for the next one if there is more to do.

    Raises:
        Unsupported: There is no such duty.
    """
    piece = duties.get(due.duty)
    if piece is None:
        raise Unsupported(f"there is no duty {due.duty[:40]!r}")
    cursor = piece(due.cursor)
    if cursor is not None and due.turn + 1 < MOST_PIECES:
        broker.emit(DutyDue(duty=due.duty, turn=due.turn + 1, cursor=cursor))


def more(there_is: bool) -> str | None:
    """Return the cursor of a duty that finds what is left by itself."""
    return "more" if there_is else None


def each(
    duty: str, items: Iterable[T], work: Callable[[T], object], put_off: Callable[[T], object] | None = None
) -> None:
    """Do *work* for each item.

    Args:
        duty: Name of the duty, for the log and the metric.
        items: What to do it for.
        work: Does it for one item.
        put_off: Keeps an item that failed from standing before the others next time.

    Raises:
        TransientError: The broker, a forge or the artifact store is away.
        PyMongoError: The store is away.
    """
    for item in items:
        try:
            work(item)
        except (Busy, Newer) as error:
            note("left to others", duty=duty, reason=type(error).__name__)
        except (TransientError, PyMongoError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is the matter with one item, the others are due as well
            # No message: it may hold what the item holds.
            frames = logs.frames(error.__traceback__)
            note(
                "a duty failed for one item", level=logging.ERROR, duty=duty, error=type(error).__name__, frames=frames
            )
            telemetry.count("picket_duty_failures_total", duty=duty)
            if put_off is not None:
                put_off(item)

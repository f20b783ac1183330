"""Replaying letters: what exhausted its retries or was rejected is sent again, or asked for anew.

A replay is a new event: the broker drops an id that it has seen, and handlers that know one do nothing. Its id is
derived from the letter and the replay's number, so that the same replay, asked for twice, is one event.
"""

from __future__ import annotations

import json

from pydantic import ValidationError

from picket.effects import artifacts, broker
from picket.effects.mongo import rejections, scans
from picket.effects.mongo.records import Letter, Replay
from picket.effects.telemetry import note
from picket.errors import Busy, Unsupported
from picket.events import CommitBatchCreated, Envelope, ScanRequested, event_id, now, scan_id

ACTOR = "api"
_TRIES = 5


def replay(letter: Letter, number: int | None, by: str) -> Letter:
    """Send what *letter* holds once more.

    Args:
        letter: The letter.
        number: Which replay of it this is, from 1. One that was sent is not sent again; None is the last one, or
            the first where it is empty.
        by: Who asks for it.

    Returns:
        The letter afterwards.

    Raises:
        Busy: Others kept replaying it.
        PermanentError: It cannot be replayed: its data is gone or fits nothing, or *number* is ahead of its time.
        TransientError: The broker did not take it; the letter stays open, and asking again sends the same event.
    """
    for _ in range(_TRIES):
        wanted = max(letter["replay_count"], 1) if number is None else number
        if wanted > letter["replay_count"] + 1:
            raise Unsupported(f"replay {wanted} is too early: the last one is {letter['replay_count']}")
        if wanted <= letter["sent"]:
            return letter
        if wanted <= letter["replay_count"]:
            return _send(letter, wanted)
        begun = rejections.begin_replay(letter, _record(letter, wanted, by))
        if begun is not None:
            return _send(begun, wanted)
        letter = rejections.get(letter["_id"]) or letter
    raise Busy(f"{letter['_id']} is being replayed by others")


def asks_for_scan(letter: Letter) -> bool:
    """Return whether a replay asks for a new scan: the former one is final, so its own event would change nothing.

    What a scanned batch holds is in the store already, and its commits count as scanned: that event itself is sent.
    """
    return bool(letter["event"]["type"] in {ScanRequested.TYPE, CommitBatchCreated.TYPE})


def data_of(letter: Letter) -> str:
    """Return the data of a letter's event as text.

    Raises:
        Gone: It was large, and is not in the artifact store any more.
        TransientError: The artifact store did not answer.
    """
    if letter["dataref"]:
        return artifacts.get(letter["dataref"]).decode(errors="replace")
    return str(letter["data"])


def _record(letter: Letter, number: int, by: str) -> Replay:
    """Describe a replay before it is sent; what cannot be replayed fails here."""
    if asks_for_scan(letter):
        event = _new_scan(letter, number)
        identity = event_id(letter["event"]["id"], event.TYPE, event.natural_key)
        return {"number": number, "event": identity, "scan": event.scan, "at": now(), "by": by}
    _json_of(letter)
    return {"number": number, "event": _envelope(letter, number).id, "scan": "", "at": now(), "by": by}


def _send(letter: Letter, number: int) -> Letter:
    if asks_for_scan(letter):
        request = _new_scan(letter, number)
        scans.record(request, ACTOR)
        with broker.caused_by(Envelope(**letter["event"])):
            broker.emit(request)
    else:
        broker.repeat(_envelope(letter, number), _json_of(letter))
    note("letter replayed", event=letter["replays"][number - 1]["event"], number=number)
    return rejections.end_replay(letter, number)


def _envelope(letter: Letter, number: int) -> Envelope:
    dead = Envelope(**letter["event"])
    return Envelope(
        id=event_id(dead.id, dead.type, f"replay|{letter['_id']}|{number}"),
        type=dead.type,
        source=f"/picket/{ACTOR}",
        subject=dead.subject,
        partition_key=dead.partition_key,
        correlation=dead.correlation or dead.id,
        causation=dead.id,
        traceparent=dead.traceparent,
    )


def _new_scan(letter: Letter, number: int) -> ScanRequested:
    """Ask for the same commits as the scan that the letter belongs to; that one stays as it ended."""
    dead = Envelope(**letter["event"])
    try:
        if ScanRequested.handles(dead.type):
            former = ScanRequested.read(data_of(letter), dead)
        else:
            former = scans.request_of(scans.get(CommitBatchCreated.read(data_of(letter), dead).scan))
    except ValidationError:
        raise Unsupported(f"the data does not fit {dead.type}: no scan can be asked for") from None
    anew = {"scan": scan_id(f"{letter['_id']}|{number}", "replay"), "parent": "", "reason": f"replay of {former.scan}"}
    return former.model_copy(update=anew)


def _json_of(letter: Letter) -> bytes:
    """Return the event's data, if the broker can carry it."""
    text = data_of(letter)
    try:
        json.loads(text or "null")
    except (ValueError, RecursionError):
        raise Unsupported("the event's data is not JSON, and the broker carries nothing else") from None
    return text.encode()

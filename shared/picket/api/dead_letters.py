"""Dead letters and rejections: the sink that keeps them, and what people do about them."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from typing import Any

from flask import Blueprint, Request, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from picket.api.bodies import read
from picket.api.paging import paged
from picket.api.queries import OddQuery, given
from picket.effects import artifacts, broker, cloudevent
from picket.effects.mongo import rejections as store
from picket.effects.mongo.client import Document
from picket.effects.mongo.records import Letter
from picket.effects.telemetry import count, note
from picket.errors import Gone
from picket.events import CommitBatchCreated, CommitBatchScanned, Envelope, Event, ScanRequested, ToolRequested
from picket.orchestration import completion, replay
from picket.settings import settings

blueprint = Blueprint("dead_letters", __name__)
_IN_CLUSTER = (".svc", ".svc.cluster.local")
_AWAITED: tuple[type[Event], ...] = (ScanRequested, CommitBatchCreated, CommitBatchScanned, ToolRequested)
_ERRORS = ("knativeerrordest", "knativeerrorcode", "knativeerrordata")
FUNCTIONS = (
    "ingest",
    "normalize",
    "enumerate",
    "scan",
    "collect",
    "connect",
    "feedback",
    "score",
    "notify",
    "verify",
    "api",
)
"""Which functions there are: a letter is of one of them, or of a Trigger of another name."""


class ReplayOrder(BaseModel):
    """Which replay of a letter is wanted: asked for twice, it is sent once. None: the last, or else the first."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    number: int | None = Field(default=None, ge=1, le=1_000)
    by: str = Field(default="api", min_length=1, max_length=100, description="Who asks, for the record")


class DropOrder(BaseModel):
    """Who takes a letter from the list."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    by: str = Field(default="api", min_length=1, max_length=100, description="Who asks, for the record")


def is_from_broker(incoming: Request) -> bool:
    """Return whether a request is for the sink, and reached it by the address that only the cluster can route to.

    The route decides, not the path: what else lies below it must be asked for as everything is.
    """
    # A browser that some page makes post here always says whose page it is.
    if incoming.endpoint != "dead_letters.keep" or "Origin" in incoming.headers or "Sec-Fetch-Mode" in incoming.headers:
        return False
    return settings().on_loopback or incoming.host.rsplit(":", 1)[0].endswith(_IN_CLUSTER)


@blueprint.post("/dead-letters/<trigger>")
def keep(trigger: str) -> Response:
    """Keep a dead letter of *trigger*."""
    envelope, text, dataref = cloudevent.parse(dict(request.headers), request.get_data())
    headers = {name.lower().removeprefix("ce-"): value for name, value in request.headers}
    error = {name: headers[name] for name in _ERRORS if name in headers}
    store.keep_dead_letter(trigger[:100], envelope, text, dataref, error)
    note("dead letter kept", level=logging.WARNING, trigger=trigger[:100], event=envelope.id, type=envelope.type)
    with broker.caused_by(envelope):
        _give_up(envelope, text, dataref)
    count("picket_dead_letters_total", trigger=trigger)  # last: what is not done yet comes again
    return Response(status=204)


@blueprint.get("/dead-letters")
def page() -> Response:
    """List dead letters and rejections that wait for somebody, without their data."""
    wanted = given()
    function = wanted.get("function", "")
    if "function" in wanted and function not in FUNCTIONS and not store.has_letters(function):
        raise OddQuery("function", f"no function or Trigger {function[:100]} is known", list(FUNCTIONS))

    def following(after: str, limit: int) -> list[Letter]:
        return store.page(after, limit, function=function, kind=wanted.get("kind", ""), closed=wanted["all"])

    letters, cursor = paged(following, by="place")
    return jsonify({"letters": [summary(letter) for letter in letters], "next": cursor})


@blueprint.get("/dead-letters/counts")
def counts() -> Response:
    """Count what waits for somebody, by function."""
    return jsonify({"functions": store.counts()})


@blueprint.get("/dead-letters/<wanted>")
def show(wanted: str) -> Response:
    """Show one letter, the whole event included."""
    return jsonify(view(_known(wanted)))


@blueprint.post("/dead-letters/<wanted>/replay")
def send_again(wanted: str) -> Response:
    """Replay a letter: a new event, or a new scan where the former one has ended."""
    order = read(ReplayOrder)
    letter = replay.replay(_known(wanted), order.number, order.by)
    answer = jsonify(summary(letter))
    answer.status_code = 202
    return answer


@blueprint.delete("/dead-letters/<wanted>")
def drop(wanted: str) -> Response:
    """Take a letter from the list; it stays on record."""
    return jsonify(summary(store.drop(_known(wanted), read(DropOrder).by)))


def summary(letter: Letter) -> Document:
    """Return a letter in one line, without its data."""
    event, error = letter["event"], _error(letter.get("error", {}))
    return {
        "id": letter["_id"],
        "kind": "dead-letter" if "trigger" in letter else "rejection",
        "state": letter["state"],
        "function": store.function_of(letter),
        "type": event["type"],
        "subject": event["subject"],
        "repository": event["partition_key"],
        "reason": letter.get("reason") or _reason(error),
        "error": error if "trigger" in letter else {"code": letter["kind"], "data": "", "destination": ""},
        "since": letter["at"],
        "last_at": letter["last_at"],
        "times": letter["times"],
        "replays": letter.get("replays", []),
        **{name: letter.get(name) for name in ("dropped_at", "dropped_by")},
    }


def view(letter: Letter) -> Document:
    """Return a letter with its event, and what a replay would do."""
    try:
        text, lost = replay.data_of(letter), ""
    except Gone as error:
        text, lost = "", str(error)
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        data = text
    former = store.former(letter)
    return {
        **summary(letter),
        "event": {name: value for name, value in letter["event"].items() if value},
        "data": data,
        "data_lost": lost,
        "replay_asks_for": "a new scan of the same commits" if replay.asks_for_scan(letter) else "the same event",
        "replay_of": former["_id"] if former else None,
    }


def _known(wanted: str) -> Letter:
    letter = store.get(wanted)
    if letter is None:
        raise Gone("no such letter")
    return letter


def _error(extensions: dict[str, str]) -> Document:
    """Read Knative's error extensions; what the function answered is base64, cut short, and anybody's text."""
    given = extensions.get("knativeerrordata", "")
    try:
        whole = given[: len(given) // 4 * 4]
        text = base64.b64decode(whole, validate=True).decode(errors="replace")
    except binascii.Error:
        text = given
    return {
        "code": extensions.get("knativeerrorcode", ""),
        "data": "".join(char if char.isprintable() else " " for char in text).strip(),
        "destination": extensions.get("knativeerrordest", ""),
    }


def _reason(error: Document) -> str:
    """Say why a dead letter is one: what the function answered last, as far as the broker tells."""
    try:
        detail = str(json.loads(error["data"])["detail"])
    except (ValueError, LookupError, TypeError, RecursionError):
        detail = error["data"]
    answered = " ".join(part for part in (error["code"], detail[:200]) if part)
    return f"its retries ran out; the last answer was {answered}" if answered else "its retries ran out"


def _give_up(envelope: Envelope, text: str, dataref: str) -> None:
    reason = f"gave up on {envelope.type} after its last retry"
    kind = next((kind for kind in _AWAITED if kind.handles(envelope.type)), None)
    if kind is not None:
        text = artifacts.get(dataref).decode(errors="replace") if dataref else text
        try:
            event = kind.read(text, envelope)
        except ValidationError:
            note("dead letter does not fit its type", type=envelope.type)
            return
        completion.give_up(event, "dead-letters", reason)

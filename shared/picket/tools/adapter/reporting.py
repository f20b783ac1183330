"""The third step: making of a tool's output what may be kept, and telling how its run went."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import urllib3
from pydantic import ValidationError

from picket.effects import artifacts, broker, cloudevent, ruleset
from picket.effects.telemetry import logs
from picket.errors import Malformed, PermanentError, PicketError, TransientError
from picket.events import RunState, ToolCompleted, ToolRequested
from picket.findings.model import LeftOut, Report
from picket.orchestration.runs import MAX_BYTES, Outcome
from picket.orchestration.sealing import sealed
from picket.settings import settings
from picket.tools import TOOLS
from picket.tools.adapter.execution import MAX_OUTPUT_BYTES
from picket.tools.adapter.fetching import event_in
from picket.tools.adapter.masking import masked, without_secrets
from picket.tools.adapter.workplace import Ended, Order, Workplace
from picket.tools.record import Record
from picket.tools.reports import document
from picket.tools.running import Ended as Status
from picket.tools.running import Running
from picket.tools.tool import Tool

_TIMEOUT = urllib3.Timeout(connect=5.0, read=60.0)


def report(event: Path, place: Workplace) -> None:
    """Send what the run has found, without secrets, and say how it went.

    Raises:
        TransientError: The artifact store or the broker does not take it: another attempt may succeed.
    """
    request = event_in(event)
    envelope, _, _ = cloudevent.parse({"Content-Type": "application/cloudevents+json"}, event.read_bytes())
    order = place.order()
    try:
        outcome, state, reason = _outcome(request, order, place)
    except PicketError:
        raise
    except Exception as error:  # noqa: BLE001 - a run that gets no answer keeps its scan waiting for hours
        logs.note(
            "report not read", level=logging.ERROR, error=type(error).__name__, frames=logs.frames(error.__traceback__)
        )
        outcome, state = Outcome(record=Record()), "Failed"
        reason = f"its report could not be read ({type(error).__name__})"
    body = outcome.model_dump_json().encode()
    if len(body) > MAX_BYTES:
        outcome, state, reason = (
            Outcome(record=outcome.record),
            "Failed",
            f"its report is larger than {MAX_BYTES} bytes",
        )
        body = outcome.model_dump_json().encode()
    _upload(request.report, body)
    with broker.caused_by(envelope):
        broker.emit(
            ToolCompleted(
                repository=request.repository,
                run=request.run,
                tool=request.tool,
                nonce=request.nonce,
                state=state,
                reason=reason[:4_000],
            )
        )


def _outcome(request: ToolRequested, order: Order, place: Workplace) -> tuple[Outcome, RunState, str]:
    """Return what the run comes to: its record and report, its state, and what is missing or why it failed."""
    tool = TOOLS.get(request.tool)
    if order.refused or tool is None or tool.running is None:
        return Outcome(record=Record()), "Failed", order.refused or "it is not a tool that is run here"
    if not place.ended_file.exists():
        return Outcome(record=Record()), "Failed", "it was ended before it had looked at anything"
    try:
        ended = place.ended()
    except ValidationError:
        return Outcome(record=Record()), "Failed", "it is not told how it ended"
    record = _shown(ended.record)
    status = Status(record.status, ended.record.errors)
    if record.stopped or tool.running.failed(status):
        return Outcome(record=record), "Failed", record.stopped or _why_failed(record)
    try:
        found, missing = _read(tool, tool.running, ended, place, status)
    except PermanentError as error:
        return Outcome(record=record), "Failed", str(error)
    return Outcome(record=record, report=found), "Partial" if missing else "Done", missing


def _shown(record: Record) -> Record:
    """Return a record whose messages and arguments, which name files, hold no credential."""
    engine = ruleset.engine()
    arguments = tuple(without_secrets(each, engine) for each in record.arguments)
    errors = without_secrets(record.errors, engine, len(record.errors))
    return record.model_copy(update={"arguments": arguments, "errors": errors})


def _read(tool: Tool, running: Running, ended: Ended, place: Workplace, status: Status) -> tuple[Report, str]:
    """Read the tool's report.

    Returns:
        The report without secrets, and what the run has not looked at.

    Raises:
        Malformed: There is none, or not in the tool's format.
    """
    file = place.output / (ended.output or "stdout")
    if file.is_symlink() or not file.is_file():
        raise Malformed("its report is no file")
    if file.stat().st_size > MAX_OUTPUT_BYTES:
        raise Malformed(f"its report is larger than {MAX_OUTPUT_BYTES} bytes")
    written = document(file.read_bytes(), tool)
    try:
        written = below(written, ended.root) if tool.syntax != "xml" else written
    except RecursionError:
        raise Malformed("its report is nested too deeply") from None
    missing = running.incomplete(status, written)
    found = masked(sealed(tool.parse(written, tool.name), settings().hmac_key), ruleset.engine())
    if missing:
        left_out = (*found.left_out, LeftOut(where="the run", reason=missing[:1_000]))
        found = found.model_copy(update={"left_out": left_out})
    told = missing or ("; ".join(f"{one.where}: {one.reason}" for one in found.left_out[:3]))
    return found, told or ("" if found.succeeded else "it says that it has not run to its end")


def below(value: Any, root: str) -> Any:  # noqa: ANN401 - JSON
    """Return JSON in which each text that begins with *root*, as a path or a file URI, is relative to it."""
    if isinstance(value, str):
        for prefix in (f"file://{root}/", f"{root}/"):
            if value.startswith(prefix):
                return value.removeprefix(prefix)
        return value
    if isinstance(value, list):
        return [below(each, root) for each in value]
    if isinstance(value, dict):
        return {name: below(each, root) for name, each in value.items()}
    return value


def _why_failed(record: Record) -> str:
    last = record.errors.splitlines()[-1:] or ["it said nothing"]
    return f"it ended with status {record.status}: {last[0][:500]}"


def _upload(where: str, body: bytes) -> None:
    if not where.startswith(("https://", "http://")):
        artifacts.put(where.removeprefix(artifacts.reference("")), body)
        return
    try:
        answer = urllib3.request("PUT", where, body=body, redirect=False, retries=False, timeout=_TIMEOUT)
    except urllib3.exceptions.HTTPError as error:
        raise TransientError(f"the artifact store does not take the report ({type(error).__name__})") from error
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's success class
        raise TransientError(f"the artifact store answered {answer.status} to the report")

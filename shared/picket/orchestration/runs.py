"""What becomes of a tool's run once its container has answered."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from picket.effects import artifacts
from picket.effects.mongo import reports, tool_runs
from picket.effects.mongo.tool_runs import ToolRun
from picket.effects.telemetry import note
from picket.errors import Gone, Malformed, PermanentError, Unsupported
from picket.events import ToolCompleted
from picket.findings.model import Report
from picket.orchestration import completion, reporting
from picket.orchestration.toolbox import REPORTER, report_of
from picket.tools.record import Record

_ACTOR = "collect"
MAX_BYTES = 64 * 1024 * 1024
"""Of what a run leaves in the artifact store."""


class Outcome(BaseModel):
    """What a run leaves in the artifact store: how it went, and what it found if it got that far."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    record: Record
    report: Report | None = None


def take(event: ToolCompleted) -> None:
    """Take in what a run has found; its scan waits until that is applied.

    Raises:
        Gone: There is no such run, or it has left nothing.
        Unsupported: The answer is not of this run.
        Malformed: What it left is not what a run leaves.
        TransientError: The artifact store or the broker does not answer.
    """
    run = tool_runs.find(event.run)
    if run is None:
        raise Gone("there is no such run of a tool")
    if (event.nonce, event.tool) != (run["nonce"], run["tool"]):
        raise Unsupported("the answer of a tool is not of the run that it names")
    if run["state"] in tool_runs.FINAL:
        note("answer of a run that has ended", run=run["_id"], state=run["state"])
        completion.settle(run["scan"], _ACTOR)
        return
    try:
        outcome = _outcome(run)
    except PermanentError as error:
        tool_runs.end(run, "Failed", str(error))
        completion.settle(run["scan"], _ACTOR)
        raise
    record = outcome.record.model_dump()
    if event.state == "Failed" or outcome.report is None:
        tool_runs.end(run, "Failed", event.reason or "it has no report", record)
        completion.settle(run["scan"], _ACTOR)
        return
    _hand_over(run, outcome.report, record, complete=event.state == "Done")


def _hand_over(run: ToolRun, report: Report, record: dict[str, object], *, complete: bool) -> None:
    """Ask for a report to be applied; the run is known by it from before that."""
    identity = f"rep-{run['_id'].removeprefix('run-')}"
    order = reports.Order(
        asset=run["repository"],
        tool=run["tool"],
        by=REPORTER,
        ref=run["ref"],
        commit=run["commit"],
        complete=complete,
    )
    tool_runs.reported(run, identity, record)
    reporting.take_in(identity, order, report, format=run["tool"], asked_at=run["requested_at"])


def _outcome(run: ToolRun) -> Outcome:
    body = artifacts.get(report_of(run))
    if len(body) > MAX_BYTES:
        raise Malformed("what the run has left is too large")
    try:
        return Outcome.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise Malformed(f"what the run has left does not fit at {'.'.join(map(str, first['loc']))[:200]}") from None

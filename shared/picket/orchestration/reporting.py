"""Taking in tools' reports, however they come: keep what one says, then ask for it to be collected."""

from __future__ import annotations

from picket.effects import artifacts, broker
from picket.effects.mongo import reports
from picket.effects.mongo.documents import Fields
from picket.effects.mongo.records import StoredReport
from picket.events import ReportReceived
from picket.findings.model import Report
from picket.orchestration.sealing import sealed
from picket.settings import settings


def take_in(
    identity: str,
    order: reports.Order,
    report: Report,
    *,
    format: str,  # noqa: A002 - its word
    asked_at: str = "",
) -> StoredReport:
    """Keep a report and ask for it to be collected; doing it again changes nothing.

    Args:
        identity: Its id.
        order: What is told of it besides its content.
        report: Its content.
        format: Name of its format, empty where it was recognised.
        asked_at: When the run that it is of was asked for; empty if it is of none.

    Returns:
        The report as it is recorded.

    Raises:
        Misconfigured: Other functions could not read what is kept here.
        TransientError: The artifact store or the broker does not take it.
    """
    report = sealed(report, settings().hmac_key)
    artifact = artifacts.put(f"reports/{identity}.json", report.model_dump_json().encode())
    told: Fields = {"problems": len(report.problems), "left_out": len(report.left_out)}
    told |= {"succeeded": report.succeeded, "format": format, "tool_version": report.tool_version}
    told |= {"asked_at": asked_at} if asked_at else {}
    kept = reports.add(identity, order, artifact, **told)
    broker.emit(ReportReceived(repository=order.asset, report=identity, tool=order.tool))
    return kept

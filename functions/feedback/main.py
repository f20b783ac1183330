"""Let the rules react to what was found."""

from datetime import UTC, datetime

from picket.effects import broker, policy
from picket.effects.mongo import batches, findings, repositories, scans
from picket.effects.mongo.client import Document
from picket.effects.telemetry import note
from picket.errors import Busy
from picket.events import CommitBatchScanned, Event, FindingChanged, FindingReported, ScanRequested, scan_id
from picket.feedback.decide import MAX_SCANS_PER_ROOT, Decision, decide
from picket.feedback.rules import Scan
from picket.orchestration import completion, dispatch
from picket.runtime import consumes

ACTOR = "feedback"
_TOLD_AT_ONCE = 500
"""Findings that one event names: each costs its consumers a few reads and writes."""


@consumes(CommitBatchScanned, FindingReported)
def main(event: CommitBatchScanned | FindingReported) -> None:
    """Apply the rules to every finding of the event; a batch is done with that, and its scan perhaps too."""
    match event:
        case CommitBatchScanned():
            scan = scans.get(event.scan)
            review(event, findings.get_many(event.findings), scan, event.chain)
            close(batches.get(event.batch), scan)
        case FindingReported():
            repositories.known(event.repository)  # nothing is kept of one that nobody registered
            review(event, [findings.report(event)], {}, ())


def close(batch: Document, scan: Document) -> None:
    """Be done with a batch: hand out the next one, complete the scan if it was the last."""
    batches.move(batch, "Done", ACTOR)
    dispatch.hand_out_after(batch, scan)
    completion.settle(scan["_id"], ACTOR)


def review(event: Event, found: list[Document], scan: Document, chain: tuple[str, ...]) -> None:
    """Decide on each finding, do what was decided, and say which findings may have changed."""
    repository = repositories.known(event.repository)
    for finding in found:
        context = {"finding": shown(finding), "event": event.model_dump(), "repository": repository, "scan": scan}
        decision = decide(policy.rules(), context, chain, datetime.now(UTC))
        apply(finding, decision)
        for rule, message in decision.notices:
            if rule not in finding.get("applied_rules", ()):  # told once, not at each further occurrence
                note(message, rule=rule, finding=finding["_id"], repository=event.repository)
        for rule, wanted in decision.scans:
            request_scan(repository, wanted, rule, scan, chain)
    for start in range(0, len(found), _TOLD_AT_ONCE):
        ids = tuple(finding["_id"] for finding in found[start : start + _TOLD_AT_ONCE])
        cause = f"{event.subject}|{start}" if start else event.subject
        broker.emit(FindingChanged(repository=event.repository, findings=ids, cause=cause, chain=chain))


def shown(finding: Document) -> Document:
    """Flatten a finding so that a rule can name `finding.rule` or `finding.path`."""
    return {**finding["evidence"], **finding["first"], **finding}


def apply(finding: Document, decision: Decision) -> None:
    """Put a decision into the finding; exemptions given by people stay."""
    fields: Document = {
        "severity": decision.severity,
        "confidence": decision.confidence,
        "applied_rules": list(decision.applied),
    }
    exemption = finding.get("exemption")
    if decision.exemption:
        fields |= {"state": "exempt", "exemption": decision.exemption}
    elif exemption and exemption.get("rule"):
        fields |= {"state": "open", "exemption": None}
    if any(finding.get(name) != value for name, value in fields.items()) and not findings.change(finding, fields):
        raise Busy(f"finding {finding['_id']} is being changed by others")


def request_scan(repository: Document, wanted: Scan, rule: str, scan: Document, chain: tuple[str, ...]) -> None:
    """Ask for a scan as a child of the one at hand, within the budget of the root."""
    cause = broker.cause()
    request = ScanRequested(
        repository=repository["_id"],
        url=repository["url"],
        scan=scan_id(cause.correlation or cause.id, f"{rule}|{repository['_id']}"),
        kind=wanted.kind,
        parent=scan.get("_id", ""),
        reason=f"rule {rule}",
        chain=(*chain, rule),
    )
    if scans.find(request.scan) is None:
        if any(running["kind"] == wanted.kind for running in scans.running(repository["_id"])):
            note("such a scan is running already", rule=rule, repository=repository["_id"])
            return
        if scans.count_for_root(cause.correlation) >= MAX_SCANS_PER_ROOT:
            note("scan budget of this root is spent", rule=rule, repository=repository["_id"])
            return
    scans.open_scan(request, ACTOR, root=cause.correlation)
    broker.emit(request)

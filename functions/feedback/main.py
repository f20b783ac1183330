"""Let the policy react to what was found, reported or changed."""

from picket.effects.mongo import batches, findings, repositories, scans
from picket.effects.mongo.documents import Batch, Scan
from picket.events import CommitBatchScanned, FindingReported, FindingVerified, PolicyChanged, ReportCollected
from picket.orchestration import chains, completion, dispatch, reappearance, reevaluation, verified
from picket.orchestration.review import review
from picket.runtime import consumes

ACTOR = "feedback"


@consumes(CommitBatchScanned, FindingReported, FindingVerified, ReportCollected, PolicyChanged)
def main(event: CommitBatchScanned | FindingReported | FindingVerified | ReportCollected | PolicyChanged) -> None:
    """Judge every finding of the event; a batch is done with that, and its scan perhaps too."""
    match event:
        case CommitBatchScanned():
            scan = scans.get(event.scan)
            found = reappearance.reopened(findings.get_many(event.findings))
            review(event, found, scan, event.chain)
            close(batches.get(event.batch), scan)
        case FindingReported():
            repositories.known(event.repository)  # nothing is kept of one that is not registered
            review(event, [findings.report(event)], None, ())
        case FindingVerified():
            review(event, [verified.settled(one) for one in findings.get_many([event.finding])], None, ())
        case ReportCollected():
            review(event, findings.get_many(event.findings), None, chains.of_report(event.report))
        case PolicyChanged():
            reevaluation.step(event)


def close(batch: Batch, scan: Scan) -> None:
    """Finish a batch: hand out the next one, and complete the scan if it was the last."""
    batches.move(batch, "Done", ACTOR)
    dispatch.hand_out_after(batch, scan)
    completion.settle(scan["_id"], ACTOR)

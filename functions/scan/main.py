"""Scan a batch of commits for leaked credentials."""

from collections.abc import Sequence
from dataclasses import replace

from picket.changes import Change
from picket.detection.messages import in_messages
from picket.detection.record import documents
from picket.detection.report import Report, detect
from picket.effects import broker, ruleset
from picket.effects.git import objects
from picket.effects.mongo import batches, commits, findings, leases, repositories, scans
from picket.effects.mongo.documents import Batch
from picket.effects.telemetry import count, note, span
from picket.errors import Busy
from picket.events import CommitBatchCreated, CommitBatchScanned
from picket.findings.stored import NewFinding, NewOccurrence
from picket.orchestration import keeping, material
from picket.runtime import consumes
from picket.settings import settings

ACTOR = "scan"


@consumes(CommitBatchCreated)
def main(event: CommitBatchCreated) -> None:
    """Scan the batch unless that is done already, and say what its commits introduce.

    Its commits count as scanned only once it is: they are not scanned again, so their findings must be judged then.
    """
    batch = batches.get(event.batch)
    if batch["state"] in {"Queued", "InProgress"}:
        with leases.held("batches", Batch, event.batch) as lease:
            batch = scan(lease)
    if batch["state"] == "Scanned":
        for digest in batch.get("counts_for", [batch["scanned_for"]]):
            commits.mark_scanned(batch["repository"], digest, [*batch["commits"], *batch.get("tags", ())])
        broker.emit(CommitBatchScanned.of(batch, event.chain))


def scan(lease: leases.Lease[Batch]) -> Batch:
    """Scan under a lease; what is stored is the same however often it is done."""
    batch = batches.move(lease.document, "InProgress", ACTOR, fence=lease.fence)
    if batch is None:
        return batches.get(lease.document["_id"])
    parent = scans.advance(scans.get(batch["scan"]), ["InProgress"], ACTOR)
    report, found, occurrences = detect_in(batch, parent["url"], lease)
    repositories.known(batch["repository"])  # it may have been forgotten meanwhile, and its findings deleted
    count("picket_scanned_bytes_total", report.size)
    count("picket_scanned_blobs_total", report.blobs)
    findings.record(found, occurrences)
    note("batch scanned", batch=batch["_id"], blobs=report.blobs, bytes=report.size, findings=len(found))
    scanned = batches.move(
        batch,
        "Scanned",
        ACTOR,
        fence=lease.fence,
        findings=[finding["_id"] for finding in found],
        skipped=[list(item) for item in report.skipped],
        scanned_for=ruleset.current().digest,
        counts_for=sorted(ruleset.also_for(batch["ruleset"])),
    )
    if scanned is None:
        raise Busy("another worker took this batch over, or it was cancelled")
    return scanned


@span("detect")
def detect_in(
    batch: Batch, url: str, lease: leases.Lease[Batch]
) -> tuple[Report, list[NewFinding], list[NewOccurrence]]:
    """Look at each blob of the batch once, and at its messages; keep blobs that show open secrets."""
    limit, engine = settings().max_blob_bytes, ruleset.engine()
    try:
        with (
            material.of(batch, url) as found,
            objects.reader(found.git_dir, limit, too_large=found.too_large) as new,
            objects.reader(found.git_dir, limit, too_large=found.too_large) as old,
        ):
            report = detect(found.changes, lease.while_held(new(in_delta_order(found.changes))), old, engine)
            report = replace(report, occurrences=(*report.occurrences, *in_messages(engine, found.commits)))
            key = settings().hmac_key
            made, places = documents(report, key, repository=batch["repository"], scan=batch["scan"])
            keeping.keep(made, report.occurrences, old)
        return report, made, places
    finally:
        engine.forget()


def in_delta_order(changes: Sequence[Change]) -> list[str]:
    """Order blobs as git packs them, by path and newest first, so that each is rebuilt from one just read."""
    newest_first = changes[::-1]
    return list(dict.fromkeys(change.new for change in sorted(newest_first, key=lambda change: change.path)))

"""Finding the commits that a scan concerns and cutting them into batches."""

from __future__ import annotations

from pathlib import Path

from picket.commits import lifecycle, plan, selection
from picket.effects import broker, ruleset
from picket.effects.git import history, mirror
from picket.effects.git.address import admitted
from picket.effects.mongo import batches, commits, leases, repositories, scans
from picket.effects.mongo.client import Document
from picket.errors import Busy
from picket.events import CommitBatchCreated, CommitUnknown, ScanRequested, now
from picket.orchestration import completion

ACTOR = "enumerate"


def expand(request: ScanRequested) -> None:
    """Put a scan's commits into batches and hand them out; again, where an earlier attempt did not get that far."""
    scan = scans.open_scan(request, ACTOR)
    if scan["state"] not in lifecycle.FINAL | lifecycle.ENUMERATED:
        with leases.held("scans", request.scan) as attempt:
            scan = enumerate_commits(scan, request, attempt)
    for batch in batches.of_scan(scan):
        if batch["state"] in lifecycle.OPEN_BATCH:
            broker.emit(created(batch, request.chain))
    completion.settle(request.scan, ACTOR)


def enumerate_commits(scan: Document, request: ScanRequested, attempt: int) -> Document:
    """Fetch, walk and plan; the batches count once the scan is Scheduled with this attempt."""
    scan = scans.advance(scan, ["Validating"], ACTOR)
    git_dir = mirror.fetch(request.repository, admitted(request.url), wanted=selection.wanted(request))
    scan = scans.advance(scan, ["Queued", "Scheduling"], ACTOR)
    digest, tips = ruleset.digest(), history.tips(git_dir)
    shas = unscanned_commits(request, git_dir, digest, tips)
    plans = plan_batches(git_dir, shas)
    batches.create(scan, attempt, digest, plans)
    announce_unknown(request, digest, shas)
    found: Document = {"attempt": attempt, "ruleset": digest, "tips": [] if request.ref else tips, "commits": len(shas)}
    scheduled = scans.move(scan, "Scheduled", ACTOR, **found)
    if scheduled is None:
        raise Busy(f"scan {request.scan} is being enumerated elsewhere")
    return scheduled


def unscanned_commits(request: ScanRequested, git_dir: Path, digest: str, tips: list[str]) -> list[str]:
    """List what the scan concerns and nobody scanned for this ruleset, parents first."""
    covered = commits.covered_tips(request.repository, digest)
    known = bool(request.before) and mirror.has_commit(git_dir, request.before)
    wanted, without = selection.walk(request, tips, covered, before_known=known)
    return commits.unscanned(request.repository, digest, history.commits(git_dir, wanted, without) if wanted else [])


def plan_batches(git_dir: Path, shas: list[str]) -> list[plan.Plan]:
    """Cut commits into batches by number and by bytes of new blobs."""
    blobs = [(commit.sha, [change.new for change in changes]) for commit, changes in history.changes(git_dir, shas)]
    sizes = history.sizes(git_dir, {blob for _, found in blobs for blob in found})
    return list(plan.cut(blobs, sizes))


def created(batch: Document, chain: tuple[str, ...]) -> CommitBatchCreated:
    """Describe a batch as an event."""
    return CommitBatchCreated(
        repository=batch["repository"],
        batch=batch["_id"],
        scan=batch["scan"],
        ruleset=batch["ruleset"],
        commits=batch["count"],
        size=batch["size"],
        chain=chain,
    )


def announce_unknown(request: ScanRequested, digest: str, shas: list[str]) -> None:
    """Raise the alarm for commits that a scheduled scan met and no delivery announced."""
    repository = repositories.get(request.repository) or {}
    if request.kind != "scheduled" or repository.get("history_ruleset") != digest:
        return  # nothing to compare with: never scanned in full, or for other rules
    announced = any(scan["kind"] == "reactive" for scan in scans.running(request.repository))
    if shas and not announced:
        repositories.update(request.repository, unannounced_at=now())
        newest = tuple(reversed(shas))[: selection.MAX_UNKNOWN]
        broker.emit(CommitUnknown(repository=request.repository, scan=request.scan, commits=newest, total=len(shas)))

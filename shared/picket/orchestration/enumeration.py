"""Finding the commits that a scan concerns and cutting them into batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from picket.commits import lifecycle, plan, selection
from picket.commits.repository import RepositoryAddress
from picket.effects import broker, ruleset
from picket.effects.git import history, mirror
from picket.effects.git.address import admitted
from picket.effects.mongo import batches, commits, leases, repositories, scans
from picket.effects.mongo.documents import Scan
from picket.effects.telemetry import span
from picket.errors import Busy, Gone, TransientError
from picket.events import CommitUnknown, ScanRequested, now
from picket.orchestration import (
    asset_scans,
    builds,
    bulk,
    completion,
    dispatch,
    material,
    merging,
    proposed,
    statuses,
    tooling,
    waiting,
)

_ACTOR = "enumerate"
_PUSHED_KEPT = 1_000
"""Commits of a push that a scan keeps."""
_MISSING_SHOWN = 100
"""Names of refs that a scan keeps; their number is kept beside them."""


def expand(request: ScanRequested) -> None:
    """Put a scan's commits into batches and hand them out; again, where an earlier attempt did not get that far.

    Raises:
        Gone: The repository is not registered, or was forgotten: a late request would bring it back.
    """
    if request.kind == "group":
        bulk.expand(request)
    elif request.asset_type != "repository":
        asset_scans.expand(request)
    else:
        _expand(request)


def _expand(request: ScanRequested) -> None:
    repositories.known(request.repository)
    scan = merging.unmerge(scans.open_scan(request, _ACTOR))
    if scan["state"] not in lifecycle.FINAL:
        statuses.ask(scan, "begun")
    if _is_to_do(scan):
        with leases.held("scans", Scan, request.scan) as lease:  # it may have been merged meanwhile
            scan = enumerate_commits(lease, request) if _is_to_do(lease.document) else lease.document
    if request.head and scan["state"] not in lifecycle.FINAL:
        statuses.ask(scan, "begun")  # which commit is its head is known by now
    if "taken_by" in scan or scan["state"] == "Cancelled":
        waiting.notify_unless_held(scan, waiting.forge_of(request))
    if scan["state"] in lifecycle.ENUMERATED:
        waiting.notify_next(scan, waiting.forge_of(request))  # an attempt that died just before this has not
        dispatch.hand_out(scan)
        tooling.hand_out(scan)
        for one in (request, *map(scans.request_of, scans.merged_into(request.scan) if scan.get("took") else ())):
            builds.keep(one)
    completion.settle(request.scan, _ACTOR)


def _is_to_do(scan: Scan) -> bool:
    return scan["state"] not in lifecycle.FINAL | lifecycle.ENUMERATED and "taken_by" not in scan


def enumerate_commits(lease: leases.Lease[Scan], request: ScanRequested) -> Scan:
    """Fetch, walk and plan, if there is a place to do so; the batches count once the scan is Scheduled."""
    scan = scans.advance(lease.document, ["Validating"], _ACTOR)
    address, forge = admitted(request.url), waiting.forge_of(request)
    if scan["state"] != "Queued":
        scan = scans.advance(scan, ["Queued"], _ACTOR)
    scan = waiting.take_place(scan, forge, lease.fence)
    if scan["state"] != "Scheduling":
        return scan
    scan, request = merging.merge_waiting(scan, request)
    try:
        fetched = fetch(scan, request, address)
        said = ""
        if request.head:
            sha, said = proposed.head(request, address, fetched.git_dir)
            request = request.model_copy(update={"after": sha})
        return schedule(scan, request, fetched, lease, said)
    except TransientError as error:
        return waiting.put_off(scan, forge, lease.fence, error)
    except Gone as error:
        if merging.unmerge_all(scan):  # it may be a commit of theirs that is not there
            return waiting.put_off(scan, forge, lease.fence, TransientError(str(error)))
        waiting.leave_place(scan, forge)
        raise
    except Exception:
        waiting.leave_place(scan, forge)
        raise


def fetch(scan: Scan, request: ScanRequested, address: RepositoryAddress) -> mirror.Fetched:
    """Fetch what a scan looks at, and the ends of the pushes merged into it; of a pull request at least its target."""
    wanted, pulls = selection.wanted(request), request.pull_requests
    fetched = mirror.fetch(request.repository, address, wanted=wanted, pull_requests=pulls)
    for sha in history.unreachable(fetched.git_dir, merging.ends(scan), wanted):
        mirror.fetch(request.repository, address, wanted=sha)
    return mirror.Fetched(fetched.git_dir) if request.head else fetched


def schedule(
    scan: Scan, request: ScanRequested, fetched: mirror.Fetched, lease: leases.Lease[Scan], said: str = ""
) -> Scan:
    """Record the batches of a scan whose commits are in the mirror, and the refs whose commits are not.

    *said*, of the commits that are looked at, becomes part of its history.
    """
    git_dir, digest = fetched.git_dir, ruleset.plans()
    scan = {**scan, "after": request.after} if request.head else scan
    pulls = request.pull_requests
    tips = [] if request.kind == "push" else history.tips(git_dir, also=fetched.heads, pull_requests=pulls)
    shas = unscanned_commits(request, git_dir, digest, tips, merging.ends(scan))
    plans = plan.with_tags(plan_batches(git_dir, shas), unscanned_tags(request, git_dir, digest))
    materials = [material.keep(request.repository, git_dir, one) for one in lease.while_held(plans)]
    repositories.known(request.repository)  # it may have been forgotten meanwhile, and its batches deleted
    batches.create(scan, lease.fence, digest, plans, materials)
    announce_unknown(request, git_dir, digest, shas)
    scheduled = scans.move(
        scan,
        "Scheduled",
        _ACTOR,
        said,
        after=scan["after"],
        fence=lease.fence,
        unset=("fetching",),
        attempt=lease.fence,
        ruleset=digest,
        tips=tips,
        commits=len(shas),
        refs=len(fetched.refs),
        missing_refs=list(fetched.missing[:_MISSING_SHOWN]),
        missing=len(fetched.missing),
        missing_reason=fetched.reason,
        planned=len(plans),
        tool_runs=tooling.plan(scan, request, git_dir),
        window=dispatch.window(request.kind),
        **_pushed(scan, git_dir, shas),
    )
    if scheduled is None:
        raise Busy(f"scan {request.scan} was cancelled, or is being enumerated elsewhere")
    return scheduled


def _pushed(scan: Scan, git_dir: Path, shas: list[str]) -> dict[str, Any]:
    """Return the newest commits that a push has brought, or a pull request would, where its forge is to be told.

    Of a pull request also which findings were in its target before.
    """
    if not statuses.is_wanted(scan):
        return {}
    is_proposed = statuses.is_proposed(scan)
    before = history.tip(git_dir, scan["target"]) if is_proposed else scan["before"]
    is_known = set(before) not in ({"0"}, set()) and mirror.has_commit(git_dir, before)
    ends = [*dict.fromkeys((scan["after"], *merging.ends(scan)))]
    brought = history.commits(git_dir, ends, [before]) if is_known else shas
    told: dict[str, Any] = {"pushed": brought[-_PUSHED_KEPT:], "pushed_cut": len(brought) > _PUSHED_KEPT}
    if is_proposed and is_known:
        told["in_target"] = proposed.in_target(scan["repository"], git_dir, before, brought)
    return told


@span("walk")
def unscanned_commits(
    request: ScanRequested, git_dir: Path, digest: str, tips: list[str], ends: list[str]
) -> list[str]:
    """List the commits of the scan and of those merged into it that are not scanned for this ruleset, parents first."""
    covered = commits.covered_tips(request.repository, digest)
    known = bool(request.before) and mirror.has_commit(git_dir, request.before)
    wanted, without = selection.walk(request, tips, covered, before_known=known)
    found = history.commits(git_dir, [*wanted, *ends], without) if wanted else []
    return commits.unscanned(request.repository, digest, found)


def unscanned_tags(request: ScanRequested, git_dir: Path, digest: str) -> list[str]:
    """List the annotated tags that the scan concerns and whose messages are not scanned for this ruleset."""
    found = history.tags(git_dir, [request.after] if request.kind == "push" else None)
    return commits.unscanned(request.repository, digest, found)


@span("plan")
def plan_batches(git_dir: Path, shas: list[str]) -> list[plan.Plan]:
    """Cut commits into batches by number and by bytes of new blobs."""
    blobs = [(commit.sha, [change.new for change in changes]) for commit, changes in history.changes(git_dir, shas)]
    sizes = history.sizes(git_dir, {blob for _, found in blobs for blob in found})
    return list(plan.cut(blobs, sizes))


def announce_unknown(request: ScanRequested, git_dir: Path, digest: str, shas: list[str]) -> None:
    """Raise the alarm for commits that a scheduled scan met and no delivery announced."""
    if request.kind != "scheduled" or not shas:
        return
    repository = repositories.get(request.repository)
    if repository is None or repository.get("history_ruleset") != digest:
        return  # nothing to compare with: never scanned in full, or for other rules
    unknown = unannounced(request, git_dir, digest, shas)
    if unknown:
        repositories.update(request.repository, unannounced_at=now())
        newest = tuple(reversed(unknown))[: selection.MAX_UNKNOWN]
        broker.emit(CommitUnknown(repository=request.repository, scan=request.scan, commits=newest, total=len(unknown)))


def unannounced(request: ScanRequested, git_dir: Path, digest: str, shas: list[str]) -> list[str]:
    """Return those of *shas* that branches and tags lead to, and no push whose scan is still under way.

    Forges announce pushes to branches and tags; they do not announce pull requests of forks.
    """
    pushed = [scan["after"] for scan in scans.running(request.repository) if scans.kind(scan) == "push"]
    without = [*commits.covered_tips(request.repository, digest), *pushed]
    found = frozenset(history.commits(git_dir, history.tips(git_dir, "refs/heads", "refs/tags"), without))
    return [sha for sha in shas if sha in found]

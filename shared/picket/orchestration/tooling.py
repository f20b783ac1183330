"""Third-party tools: which ones look at what a scan is of, asking for their runs, and what becomes of those.

What a run looks at, and where its report goes, is in the artifact store; a tool's container gets URLs for just that.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from picket.commits.selection import is_zero
from picket.effects import artifacts, broker
from picket.effects import policy as effective
from picket.effects.git import archive, transport
from picket.effects.git.address import admitted
from picket.effects.git.snapshot import Snapshot
from picket.effects.mongo import reports, repositories, tool_runs
from picket.effects.mongo.client import key
from picket.effects.mongo.documents import Repository, Scan
from picket.effects.mongo.tool_runs import ToolRun, Wanted
from picket.effects.telemetry import note
from picket.events import ScanRequested, ToolRequested
from picket.findings.model import Report
from picket.orchestration import completion, reporting
from picket.orchestration.toolbox import PREFIX, REPORTER, deployed, report_of
from picket.policy.match import is_for
from picket.settings import settings

_MATERIAL_FOR = timedelta(days=1)
"""How long a run may wait with URLs that are still good."""
_AT_ONCE = 100
_ACTOR = "enumerate"


def plan(scan: Scan, request: ScanRequested, git_dir: Path) -> int:
    """Record the runs that a scan of a repository wants; return how many. Doing it again records the same.

    A tool whose files are all gone is not run: what it reported before is said to be gone at once.

    Raises:
        TransientError: The forge or the artifact store does not answer.
        TooLarge: The files of the commit are larger than a repository may be.
    """
    repository, there = repositories.known(request.repository), deployed()
    names = request.tools or (_by_policy(request, repository) if there else ())
    tools = {name: running for name, running in there.items() if name in names}
    if not tools:
        return 0
    ref, commit = _target(request)
    if not commit:
        return 0
    files = Snapshot(git_dir, commit).paths
    to_run: list[str] = []
    for name, running in tools.items():
        if "repository" not in running.accepts:
            continue
        if not running.wants(files):
            _nothing_left(scan, name, repository, ref, commit)
        elif _files_fit(name, request, repository, files) or reports.still_says(_order(name, repository, ref), ref):
            to_run.append(name)  # what it reported before may still be there, though no rule would have it looked at
    if to_run:
        material = _material(repository["_id"], git_dir, commit)
        wanted = [Wanted(name, "repository", repository["_id"], ref, commit, material) for name in to_run]
        tool_runs.create(scan["_id"], repository["_id"], wanted)
    return len(to_run)


def hand_out(scan: Scan) -> None:
    """Ask for the runs of a scan that nobody has answered for; each is started once, however often it is asked for."""
    if scan.get("tool_runs"):
        broker.emit(*(_request(run) for run in tool_runs.of_scan(scan["_id"]) if run["state"] == "Requested"))


def _by_policy(request: ScanRequested, repository: Repository) -> frozenset[str]:
    """Return the tools that the policy wants for a scan, as far as that does not hang on files."""
    rules = effective.policy().tools_for("repository", request.kind, repository.get("teams", ()))
    return frozenset(name for rule in rules for name in (settings().tools if "*" in rule.run else rule.run))


def _files_fit(name: str, request: ScanRequested, repository: Repository, files: Sequence[str]) -> bool:
    """Return whether a rule of the policy that names a tool is for a repository with these files."""
    if request.tools:
        return True
    rules = effective.policy().tools_for("repository", request.kind, repository.get("teams", ()))
    return any(is_for(rule, files) for rule in rules if "*" in rule.run or name in rule.run)


def _target(request: ScanRequested) -> tuple[str, str]:
    """Return the default branch and the commit that tools look at; of a push to another ref nothing."""
    if request.target or (request.kind == "push" and is_zero(request.after)):
        return "", ""
    branch, tip = transport.default_branch(admitted(request.url))
    if request.kind != "push":
        return branch, tip
    return (branch, request.after) if request.ref == branch else ("", "")


def _material(repository: str, git_dir: Path, commit: str) -> str:
    """Keep the files of a commit as a zip in the artifact store, unless they are there and will be for long enough."""
    name = hashlib.sha256(f"{repository}|{commit}".encode()).hexdigest()
    reference = artifacts.reference(f"{PREFIX}material/{name}.zip")
    age = artifacts.age(reference)
    if age is None or age > timedelta(days=settings().artifact_days) / 2:
        with tempfile.TemporaryDirectory(dir=settings().data_dir.absolute()) as folder:
            file = Path(folder) / "tree.zip"
            archive.write(git_dir, commit, file)
            artifacts.put(f"{PREFIX}material/{name}.zip", file)
    return reference


def _request(run: ToolRun) -> ToolRequested:
    report = report_of(run)
    return ToolRequested(
        repository=run["repository"],
        run=run["_id"],
        tool=run["tool"],
        asset_type=run["asset_type"],
        asset=run["asset"],
        commit=run["commit"],
        material=artifacts.shared(run["material"], "GET", _MATERIAL_FOR) if run["material"] else "",
        report=artifacts.shared(report, "PUT", _MATERIAL_FOR),
        nonce=run["nonce"],
    )


def _nothing_left(scan: Scan, tool: str, repository: Repository, ref: str, commit: str) -> None:
    """Say that a tool finds nothing any more, where it has found something and no file for it is left."""
    order = _order(tool, repository, ref).model_copy(update={"commit": commit, "complete": True})
    if reports.still_says(order, ref):
        identity = f"rep-{key(scan['_id'], tool)[:32]}"
        reporting.take_in(identity, order, Report(), format=tool)


def _order(tool: str, repository: Repository, ref: str) -> reports.Order:
    return reports.Order(asset=repository["_id"], tool=tool, by=REPORTER, ref=ref)


def end_lost(_cursor: str) -> str | None:
    """Let runs end that nobody has answered for in hours, and the scans that wait for them."""
    for run in tool_runs.lost(_AT_ONCE):
        hours = tool_runs.LOST_AFTER.total_seconds() / 3_600
        if tool_runs.end(run, "Failed", f"nobody has answered within {hours:g} hours"):
            note("tool run lost", run=run["_id"], tool=run["tool"])
        completion.settle(run["scan"], _ACTOR)
    return None

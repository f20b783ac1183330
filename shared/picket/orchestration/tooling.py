"""Third-party tools: which ones look at what a scan is of, asking for their runs, and what becomes of those.

What a run looks at, and where its report goes, is in the artifact store; a tool's container gets URLs for just that.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from picket.events import AssetType, ScanRequested, ToolRequested
from picket.findings.model import Report
from picket.orchestration import completion, reporting
from picket.orchestration.toolbox import PREFIX, REPORTER, deployed, report_of
from picket.policy.match import is_for
from picket.policy.rules import Tools
from picket.settings import settings
from picket.tools.running import Running

_MATERIAL_FOR = timedelta(days=1)
"""How long a run may wait with URLs that are still good."""
_AT_ONCE = 100
_ACTOR = "enumerate"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tools that are to look at an asset, and of those that somebody has named why others cannot."""

    tools: dict[str, Running]
    refused: dict[str, str]


def plan(scan: Scan, request: ScanRequested, git_dir: Path) -> int:
    """Record the runs that a scan of a repository wants; return how many. Doing it again records the same.

    A tool whose files are all gone is not run: what it reported before is said to be gone at once.

    Raises:
        TransientError: The forge or the artifact store does not answer.
        TooLarge: The files of the commit are larger than a repository may be.
    """
    if not (request.tools or settings().tools):
        return 0
    repository = repositories.known(request.repository)
    rules = rules_for(request, repository)
    chosen = choose(request, rules)
    ref, commit = _target(request) if chosen.tools or chosen.refused else ("", "")
    if not commit:
        return 0
    look = _Look(scan["_id"], tuple(Snapshot(git_dir, commit).paths), rules, by_name=bool(request.tools))
    found = (
        look.run(Wanted(name, "repository", repository["_id"], ref, commit), running)
        for name, running in chosen.tools.items()
    )
    runs = [run for run in found if run is not None]
    if any(run.state == "Requested" for run in runs):
        material = _material(repository["_id"], git_dir, commit)
        runs = [replace(run, material=material) for run in runs]
    runs += refusals(chosen, "repository", repository["_id"], ref)
    tool_runs.create(scan["_id"], repository["_id"], runs)
    return len(runs)


def rules_for(request: ScanRequested, asset: Repository) -> tuple[Tools, ...]:
    """Return what the policy says of tools for a scan; nothing where the request names them."""
    if request.tools:
        return (Tools(run=request.tools),)
    return effective.policy().tools_for(request.asset_type, request.kind, asset.get("teams", ()))


def choose(request: ScanRequested, rules: Sequence[Tools]) -> Chosen:
    """Choose the tools for a scan. `*` stands for those that look at such an asset; a name is a name."""
    there = deployed()
    named = {name for rule in rules for name in rule.run if name != "*"}
    fitting = {name: running for name, running in there.items() if request.asset_type in running.accepts}
    by_all = fitting if any("*" in rule.run for rule in rules) else {}
    refused = dict.fromkeys(sorted(named - there.keys()), "it is not deployed")
    refused |= dict.fromkeys(sorted(named & there.keys() - fitting), f"it does not look at a {request.asset_type}")
    return Chosen({name: running for name, running in fitting.items() if name in named or name in by_all}, refused)


def refusals(chosen: Chosen, asset_type: AssetType, asset: str, ref: str) -> list[Wanted]:
    """Return the runs that have failed before they began: of tools that were named and cannot look."""
    return [
        Wanted(name, asset_type, asset, ref, state="Failed", reason=reason) for name, reason in chosen.refused.items()
    ]


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at the files of a commit, by rules of the policy or by tools that somebody has named."""

    scan: str
    files: tuple[str, ...]
    rules: tuple[Tools, ...]
    by_name: bool

    def run(self, wanted: Wanted, running: Running) -> Wanted | None:
        """Return a run as it is to be recorded, None if there is to be none."""
        order = reports.Order(asset=wanted.asset, tool=wanted.tool, by=REPORTER, ref=wanted.ref)
        if running.wants(self.files):
            mine = [rule for rule in self.rules if "*" in rule.run or wanted.tool in rule.run]
            # What it reported before may still be there, though no rule would have it looked at.
            fits = any(is_for(rule, self.files) for rule in mine) or reports.still_says(order, wanted.ref)
            return wanted if fits else None
        if reports.still_says(order, wanted.ref):
            told = order.model_copy(update={"commit": wanted.commit, "complete": True})
            reporting.take_in(f"rep-{key(self.scan, wanted.tool)[:32]}", told, Report(), format=wanted.tool)
        return replace(wanted, state="Done", reason="there is no file that it looks at") if self.by_name else None


def hand_out(scan: Scan) -> None:
    """Ask for the runs of a scan that nobody has answered for; each is started once, however often it is asked for."""
    if scan.get("tool_runs"):
        broker.emit(*(_request(run) for run in tool_runs.of_scan(scan["_id"]) if run["state"] == "Requested"))


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


def end_lost(_cursor: str) -> str | None:
    """Let runs end that nobody has answered for in hours, and the scans that wait for them."""
    for run in tool_runs.lost(_AT_ONCE):
        hours = tool_runs.LOST_AFTER.total_seconds() / 3_600
        if tool_runs.end(run, "Failed", f"nobody has answered within {hours:g} hours"):
            note("tool run lost", run=run["_id"], tool=run["tool"])
        completion.settle(run["scan"], _ACTOR)
    return None

"""Scans of images, domains, hosts, URLs and namespaces: nothing is enumerated, tools alone look at them."""

from __future__ import annotations

from picket.commits import lifecycle
from picket.effects import policy as effective
from picket.effects.mongo import repositories, scans, tool_runs
from picket.effects.mongo.documents import Repository, Scan
from picket.effects.mongo.tool_runs import Wanted
from picket.events import ScanRequested
from picket.orchestration import completion, tooling
from picket.orchestration.toolbox import deployed
from picket.settings import settings

_ACTOR = "enumerate"
_STEPS = ("Validating", "Queued", "Scheduling")


def expand(wanted: ScanRequested) -> None:
    """Ask for the runs that a scan wants; it fails where no tool that is deployed looks at such an asset.

    Raises:
        Gone: The asset is not known.
    """
    asset = repositories.known(wanted.repository)
    scan = scans.open_scan(wanted, _ACTOR)
    if scan["state"] not in lifecycle.FINAL | lifecycle.ENUMERATED:
        scan = _schedule(scan, wanted, asset)
    tooling.hand_out(scan)
    completion.settle(scan["_id"], _ACTOR)


def _schedule(scan: Scan, wanted: ScanRequested, asset: Repository) -> Scan:
    names = _tools(wanted, asset)
    if not names:
        reason = f"no tool that is deployed, and that the policy names, looks at a {wanted.asset_type}"
        completion.finish(scan, "Failed", reason, actor=_ACTOR)
        return scans.get(scan["_id"])
    meant = f"{asset['name']}{_behind(wanted.asset)}"
    runs = [Wanted(name, wanted.asset_type, meant, wanted.asset) for name in names]
    tool_runs.create(scan["_id"], asset["_id"], runs)
    scan = scans.advance(scan, _STEPS, _ACTOR)
    return scans.move(scan, "Scheduled", _ACTOR, tool_runs=len(runs)) or scans.get(scan["_id"])


def _tools(wanted: ScanRequested, asset: Repository) -> list[str]:
    rules = effective.policy().tools_for(wanted.asset_type, wanted.kind, asset.get("teams", ()))
    by_policy = {name for rule in rules for name in (settings().tools if "*" in rule.run else rule.run)}
    asked = set(wanted.tools) or by_policy
    fitting = {name for name, running in deployed().items() if wanted.asset_type in running.accepts}
    return sorted(asked & fitting)


def _behind(meant: str) -> str:
    """Return what stands behind an image's name: its tag or its digest."""
    return f"@{meant}" if meant.startswith("sha256:") else f":{meant}" if meant else ""

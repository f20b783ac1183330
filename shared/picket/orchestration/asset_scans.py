"""Scans of images, domains, hosts, URLs and namespaces: nothing is enumerated, tools alone look at them."""

from __future__ import annotations

from picket.commits import lifecycle
from picket.effects.mongo import repositories, scans, tool_runs
from picket.effects.mongo.documents import Repository, Scan
from picket.effects.mongo.tool_runs import Wanted
from picket.events import ScanRequested
from picket.orchestration import completion, tooling

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
    chosen = tooling.choose(wanted, tooling.rules_for(wanted, asset))
    meant = f"{asset['name']}{_behind(wanted.asset)}"
    runs = [Wanted(name, wanted.asset_type, meant, wanted.asset) for name in sorted(chosen.tools)]
    runs += tooling.refusals(chosen, wanted.asset_type, meant, wanted.asset)
    if not runs:
        reason = f"no tool that is deployed, and that the policy names, looks at a {wanted.asset_type}"
        completion.finish(scan, "Failed", reason, actor=_ACTOR)
        return scans.get(scan["_id"])
    tool_runs.create(scan["_id"], asset["_id"], runs)
    scan = scans.advance(scan, _STEPS, _ACTOR)
    return scans.move(scan, "Scheduled", _ACTOR, tool_runs=len(runs)) or scans.get(scan["_id"])


def _behind(meant: str) -> str:
    """Return what stands behind an image's name: its tag or its digest."""
    return f"@{meant}" if meant.startswith("sha256:") else f":{meant}" if meant else ""

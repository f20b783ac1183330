"""A scan of many repositories, or other assets: recorded at once, its child scans made by events, some at a time."""

from __future__ import annotations

from collections.abc import Sequence

from picket.commits import lifecycle
from picket.effects import broker
from picket.effects.mongo import orders, repositories, scans
from picket.effects.mongo.documents import Scan, Wanted
from picket.errors import PermanentError
from picket.events import AssetType, ScanRequested, scan_id
from picket.events.spelling import former
from picket.orchestration import asset_requests, cancellation, completion, waiting

_ACTOR = "enumerate"
AT_ONCE = 100
"""Child scans that one event makes."""


def ask(root: str, wanted: Sequence[Wanted], actor: str, *, pull_requests: bool, tools: Sequence[str] = ()) -> Scan:
    """Record a scan of many repositories, and ask for its children to be made; asking again changes nothing.

    Args:
        root: Id of what asks for it: decides the scan's id.
        wanted: What is to be looked at.
        actor: Who asks.
        pull_requests: Whether the refs of pull requests are looked at, too.
        tools: Third-party tools to be run; none: those that the policy names.

    Returns:
        The scan as it is now.
    """
    request = ScanRequested(
        scan=scan_id(root, former("group")), url="", kind="group", tools=tuple(tools), reason="requested"
    )
    if scans.find(request.scan) is None:
        orders.put(request.scan, wanted, pull_requests=pull_requests)
    scan = scans.open_scan(request, actor, wanted=len(wanted))
    if scan["state"] == "New":
        broker.emit(request)
    return scan


def expand(request: ScanRequested) -> None:
    """Make some of the child scans and ask for them; then for the next ones, or let the scan be InProgress."""
    scan, order = scans.get(request.scan), orders.get(request.scan)
    if scan["state"] != "New" or order is None:
        orders.forget(request.scan)
        completion.settle(request.scan, _ACTOR)
        return
    made = order["made"]
    part = order["repositories"][made : made + AT_ONCE]
    children = [_child(request, *one, pull_requests=bool(order["pull_requests"])) for one in part]
    opened = [(child, scans.open_scan(child, _ACTOR)) for child in children]
    admitted = [child for child, state in opened if _is_admitted(child, state)]
    waiting.ask_for_many([child for child in admitted if child.asset_type == "repository"])
    broker.emit(*(child for child in admitted if child.asset_type != "repository"))
    orders.advance(request.scan, made, len(part))
    if made + len(part) < len(order["repositories"]):
        scans.put_off(scan)
        broker.emit(request)
    else:
        scans.advance(scan, ["InProgress"], _ACTOR)
        orders.forget(request.scan)
    _end_with_parent(request.scan)


def _child(
    request: ScanRequested, name: str, url: str, asset_type: AssetType = "repository", *, pull_requests: bool
) -> ScanRequested:
    told: dict[str, object] = {"parent": request.scan, "tools": request.tools, "reason": "requested"}
    if asset_type != "repository":
        told["scan"] = scan_id(request.scan, f"{asset_type}:{name}:{url}")
        return asset_requests.request(asset_type, name, url, **told)
    repository, address = repositories.ensure(name, url)
    return ScanRequested(
        repository=repository,
        url=address,
        scan=scan_id(request.scan, name),
        parent=request.scan,
        pull_requests=pull_requests,
        tools=request.tools,
        reason="requested",
    )


def _is_admitted(child: ScanRequested, scan: Scan) -> bool:
    """Return whether a child can be asked for; one whose address is not admitted any more fails by itself."""
    if child.asset_type != "repository":
        return True
    try:
        waiting.forge_of(child)
    except PermanentError as error:
        completion.finish(scan, "Failed", str(error), actor=_ACTOR)
        return False
    return True


def _end_with_parent(scan: str) -> None:
    """Cancel the children that were made while somebody cancelled the scan; else complete it if they are done."""
    parent = scans.get(scan)
    if parent["state"] == "Cancelled":
        cancellation.ask_for_the_rest(parent, f"with {scan}")
    elif parent["state"] not in lifecycle.FINAL:
        completion.settle(scan, _ACTOR)

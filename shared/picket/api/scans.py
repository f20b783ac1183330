"""Requesting scans and following them."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from picket.api.bodies import malformed, raw
from picket.api.naming import known_repository
from picket.api.paging import paged
from picket.api.queries import given
from picket.components.assets import canonical
from picket.effects import broker
from picket.effects.git.address import admitted
from picket.effects.mongo import batches, idempotency, repositories, tool_runs
from picket.effects.mongo import scans as store
from picket.effects.mongo.client import Document, members, public
from picket.effects.mongo.documents import Scan, Wanted
from picket.effects.mongo.tool_runs import ToolRun
from picket.errors import Malformed, PermanentError, Unsupported
from picket.events import AssetType, Envelope, ScanRequested, scan_id
from picket.orchestration import asset_requests, bulk, cancellation, completion, toolbox, waiting
from picket.orchestration.tally import tally
from picket.runtime.intake import traceparent
from picket.runtime.problems import problem, status_of

blueprint = Blueprint("scans", __name__)
MAX_ITEMS = 1_000
_ACTOR = "api"
_BY_REPORTS = frozenset({"image", "namespace"})
"""Assets that no tool is run on: what tools elsewhere say of them is handed in."""
_HIDDEN = frozenset(
    (
        *("revision", "running", "open_under", "due", "idle_since", "branch", "queue", "fetching", "since", "took"),
        *("origin", "lease_until", "fence", "takeovers", "tips", "attempt", "untold", "chain", "root", "window"),
        *("planned", "refs", "missing_refs", "missing", "missing_reason", "wanted", "place", "open", "tally"),
    )
)


class ScanOrder(BaseModel):
    """What to scan: `repository`, or `asset_type` and `asset_value`; the refs of pull requests only where asked.

    What else can be asked for are domains, hosts and URLs. Images and namespaces are known by the reports of them.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    repository: str = Field(default="", max_length=2048)
    asset_type: AssetType | None = None
    asset_value: str = Field(default="", max_length=2048)
    pull_requests: bool = False
    tools: tuple[str, ...] = Field(
        default=(), max_length=100, description="Third-party tools to be run; empty: those that the policy names"
    )

    @model_validator(mode="after")
    def _names_one(self) -> ScanOrder:
        if bool(self.repository) == bool(self.asset_value) or bool(self.asset_type) != bool(self.asset_value):
            raise ValueError("give either repository, or asset_type and asset_value")
        if missing := sorted(set(self.tools) - toolbox.deployed().keys()):
            there = ", ".join(sorted(toolbox.deployed())) or "none"
            raise ValueError(f"tool {missing[0][:64]!r} is not deployed; these are: {there}")
        kind = self.asset_type or "repository"
        if odd := sorted(name for name in set(self.tools) if kind not in toolbox.deployed()[name].accepts):
            raise ValueError(f"tool {odd[0]!r} does not look at a {kind}")
        return self

    @property
    def address(self) -> str:
        """The repository as somebody named it."""
        return self.repository or self.asset_value


_ORDERS = TypeAdapter(list[ScanOrder])


@blueprint.post("/scans")
def submit() -> Response:
    """Ask for a scan of one repository, or of up to 1,000."""
    orders = read_orders(raw())
    wanted, errors = admit_all(orders if isinstance(orders, list) else [orders])
    if errors:
        status = int(errors[0]["status"]) if len(errors) == 1 else 422
        return problem(status, errors[0]["detail"], errors=errors)
    root = _root(request.headers.get("Idempotency-Key", ""), raw())
    with broker.caused_by(root):
        if isinstance(orders, list):
            pulls = any(order.pull_requests for order in orders)
            if len({order.tools for order in orders}) > 1:
                raise Malformed("all that is asked for at once is looked at by the same tools")
            tools = orders[0].tools
            scan = bulk.ask(root.id, list(dict.fromkeys(wanted)), _ACTOR, pull_requests=pulls, tools=tools)
        else:
            scan = _single(root.id, wanted[0], orders)
    answer = jsonify(view(scan))
    answer.status_code = 202
    answer.headers["Location"] = url_for("scans.show", wanted=scan["_id"])
    return answer


@blueprint.get("/scans/<wanted>")
def show(wanted: str) -> Response:
    """Tell how a scan stands."""
    return jsonify(view(store.get(wanted)))


@blueprint.delete("/scans/<wanted>")
def cancel(wanted: str) -> Response:
    """Cancel a scan; its children and batches end in the background, and what is scanned of it already stays."""
    with broker.caused_by(_root("", b"")):
        scan = cancellation.ask(wanted, _ACTOR, "cancelled")
    answer = jsonify(view(scan))
    answer.status_code = 202
    return answer


@blueprint.get("/scans")
def page() -> Response:
    """List scans, the newest first: those that are not final, unless others are asked for."""
    query = given()
    repository = known_repository(query["repository"]) if "repository" in query else ""

    def following(after: str, limit: int) -> list[Scan]:
        return store.page(after, limit, state=query["state"], repository=repository)

    found, cursor = paged(following, by="place")
    return jsonify({"scans": [summary(scan) for scan in found], "next": cursor})


def view(scan: Scan) -> Document:
    """Return a scan as the API shows it."""
    children = store.children(scan["_id"])
    told = scan["tally"] if "tally" in scan else tally(batches.of_scan(scan), children)
    counts = told["by_state"]
    finished = sum(count for state, count in counts.items() if state in {"Done", "Failed", "Cancelled"})
    return {
        **{name: value for name, value in public(scan).items() if name not in _HIDDEN},
        "kind": store.kind(scan),
        "retry_at": waiting.retry_at(scan),
        "batches": {"done": finished, "total": sum(counts.values()), "by_state": counts},
        **_of_many(scan),
        "is_ending": completion.is_ending(scan),
        "refs": refs(scan),
        "skipped": told["skipped"],
        "children": [summary(child) for child in children],
        "tool_runs": [run_view(run) for run in tool_runs.of_scan(scan["_id"])] if scan.get("tool_runs") else [],
        "failures": told["failures"],
        "findings": f"/findings?scan={scan['_id']}",
        "scored": "scored_at" in scan,
    }


def run_view(run: ToolRun) -> Document:
    """Return a tool's run as the API shows it."""
    shown = members(run, ("tool", "asset_type", "asset", "ref", "commit", "state", "reason", "requested_at"))
    report = f"/reports/{run['report']}" if "report" in run else None
    return {"id": run["_id"], **shown, "finished_at": run.get("finished_at"), "report": report, **run.get("record", {})}


def _of_many(scan: Scan) -> Document:
    """Return how far a scan of many repositories is; nothing for any other."""
    if "wanted" not in scan:
        return {}
    return {"children_total": scan["wanted"], "children_open": store.count_open_children(scan["_id"])}


def refs(scan: Scan) -> Document:
    """Return which refs a scan looked at: their number, and those that its server offered and that are missing."""
    missing = scan.get("missing", 0)
    return {
        "looked_at": scan.get("refs", 0) - missing,
        "missing": missing,
        "missing_names": scan.get("missing_refs", []),
        "reason": scan.get("missing_reason", ""),
    }


def summary(scan: Scan) -> Document:
    """Return a scan in one line."""
    return {
        "id": scan["_id"],
        "state": scan["state"],
        "kind": store.kind(scan),
        "repository": scan["repository"],
        "created_at": scan["created_at"],
        "completed_at": scan["completed_at"],
    }


def read_orders(body: bytes) -> ScanOrder | list[ScanOrder]:
    """Read one order or a list of them.

    Raises:
        Malformed: It does not fit; says where.
    """
    try:
        if not body.lstrip().startswith(b"["):
            return ScanOrder.model_validate_json(body)
        orders = _ORDERS.validate_json(body)
    except ValidationError as error:
        raise malformed(error) from None
    if not 0 < len(orders) <= MAX_ITEMS:
        raise Malformed(f"a list has 1 to {MAX_ITEMS} repositories")
    return orders


def admit_all(orders: list[ScanOrder]) -> tuple[list[Wanted], list[dict[str, Any]]]:
    """Check every address and name before anything is started."""
    wanted: list[Wanted] = []
    errors: list[dict[str, Any]] = []
    for index, order in enumerate(orders):
        try:
            wanted.append(_admitted(order))
        except PermanentError as error:
            errors.append({"index": index, "detail": str(error), "status": status_of(error)})
    return wanted, errors


def _admitted(order: ScanOrder) -> Wanted:
    """Return what an order means, by its canonical name.

    Raises:
        PermanentError: It is malformed, or not to be looked at.
    """
    if order.asset_type in {None, "repository"}:
        address = admitted(order.address)
        return address.name, address.url
    asset_type: AssetType = order.asset_type or "repository"
    if asset_type in _BY_REPORTS:
        raise Unsupported(f"no {asset_type} is fetched; hand in a report: POST /reports?asset_type={asset_type}")
    name, meant = canonical(asset_type, order.asset_value)
    return name, meant, asset_type


def _root(key: str, body: bytes) -> Envelope:
    """Make the root of everything the request causes; the same for the same Idempotency-Key."""
    trace = traceparent({name.lower(): value for name, value in request.headers})
    if not key:
        return Envelope(id=uuid.uuid4().hex, type="request", source="/picket/api", traceparent=trace)
    name = hashlib.sha256(f"idempotency|{key}".encode(errors="replace")).hexdigest()
    idempotency.check(name, hashlib.sha256(body).hexdigest())
    return Envelope(id=name, type="request", source="/picket/api", traceparent=trace)


def _single(root: str, wanted: Wanted, order: ScanOrder) -> Scan:
    name, meant, *kind = wanted
    told: dict[str, object] = {"scan": scan_id(root, "0"), "tools": order.tools, "reason": "requested"}
    if kind:
        request_of_it = asset_requests.request(kind[0], name, meant, **told)
    else:
        repository, url = repositories.ensure(name, meant)
        fields = {"repository": repository, "url": url, "pull_requests": order.pull_requests, **told}
        request_of_it = ScanRequested.model_validate(fields)
    scan = store.open_scan(request_of_it, _ACTOR)
    broker.emit(request_of_it)
    return scan

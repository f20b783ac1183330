"""Tokens that are limited to assets: what they may touch, by route. A route that is not here is closed to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any, cast, get_args

from flask import Response, request
from pydantic import ValidationError

from picket.api.naming import identity
from picket.api.scans import read_orders
from picket.api.triage import ActionOrder
from picket.commits.repository import parse_address
from picket.components.assets import canonical
from picket.components.assets import identity as asset_id
from picket.effects.mongo import findings, reports, repositories, scans
from picket.effects.mongo.assets import is_repository
from picket.errors import Malformed, PermanentError
from picket.events import AssetType
from picket.runtime import access
from picket.runtime.problems import problem

Arguments = Mapping[str, Any]
Names = Callable[[Arguments], Iterable[str]]
"""From a route's arguments to the names of the repositories that a request is about; none if it does not tell."""


def refused() -> Response | None:
    """Refuse a request of a limited token about anything else than its assets; None lets it in."""
    patterns = access.caller().assets
    if not patterns or request.endpoint is None:
        return None
    named = _NAMED.get(request.endpoint)
    if named is None:
        return problem(HTTPStatus.FORBIDDEN, f"a token that is limited to {', '.join(patterns)} may not do this")
    names = list(named(request.view_args or {}))
    if not names:
        return problem(HTTPStatus.FORBIDDEN, f"a token that is limited to {', '.join(patterns)} must name one of these")
    if all(any(fnmatchcase(name, pattern) for pattern in patterns) for name in names):
        return None
    return problem(HTTPStatus.FORBIDDEN, f"the token is limited to {', '.join(patterns)}")


def _of_repositories(wanted: Iterable[str]) -> list[str]:
    """Return the present names of repositories; one that is not known is named as it was asked for."""
    names = []
    for each in wanted:
        known = repositories.get(identity(each))
        address = each
        with suppress(PermanentError):
            address = parse_address(each, local=True).name
        names.append((known["name"] if is_repository(known) else known["_id"]) if known else address)
    return names


def _of_asset(asset_type: AssetType, named: str) -> list[str]:
    """Return the name of an asset as a limit spells it: of one that is no repository its id, as `image:host/name`."""
    if asset_type == "repository":
        return _of_repositories([named])
    with suppress(Malformed):
        return [asset_id(asset_type, canonical(asset_type, named)[0])]
    return [asset_id(asset_type, named)]


def _of_path(arguments: Arguments) -> list[str]:
    return _of_repositories([arguments["wanted"]])


def _of_query(name: str) -> Names:
    return lambda _arguments: _of_repositories([request.args[name]] if request.args.get(name) else [])


def _of_orders(_arguments: Arguments) -> list[str]:
    orders = read_orders(request.get_data())
    each = orders if isinstance(orders, list) else [orders]
    return [name for one in each for name in _of_asset(one.asset_type or "repository", one.address)]


def _of_new_report(_arguments: Arguments) -> list[str]:
    told, asset_type = request.args.get("asset", ""), request.args.get("asset_type", "repository")
    return _of_asset(cast("AssetType", asset_type), told) if told and asset_type in get_args(AssetType) else []


def _of_scan(arguments: Arguments) -> list[str]:
    scan = scans.find(arguments["wanted"])
    return _of_repositories([scan["repository"]] if scan and scan["repository"] else [])


def _of_finding(arguments: Arguments) -> list[str]:
    return _of_findings([arguments["wanted"]])


def _of_findings(names: list[str]) -> list[str]:
    return _of_repositories(sorted({one["repository"] for one in findings.get_many(names)}))


def _of_actions(_arguments: Arguments) -> list[str]:
    try:
        order = ActionOrder.model_validate_json(request.get_data())
    except ValidationError:
        return []
    if order.ids is not None:
        return _of_findings(order.ids)
    return _of_repositories([order.filter.repository] if order.filter and order.filter.repository else [])


def _of_report(arguments: Arguments) -> list[str]:
    with suppress(PermanentError):
        return _of_repositories([reports.get(arguments["wanted"])["asset"]])
    return []


_NAMED: dict[str, Names] = {
    "scans.submit": _of_orders,
    "scans.show": _of_scan,
    "scans.cancel": _of_scan,
    "scans.page": _of_query("repository"),
    "events.stream": _of_scan,
    "findings.page": _of_query("repository"),
    "findings.show": _of_finding,
    "triage.change": _of_finding,
    "verifications.verify": _of_finding,
    "verifications.revoke": _of_finding,
    "triage.change_many": _of_actions,
    "reports.add": _of_new_report,
    "reports.page": _of_query("asset"),
    "reports.show": _of_report,
    "repositories.show": _of_path,
    "schedules.page": _of_path,
    "schedules.show": _of_path,
    "builds.show": _of_path,
    "scores.show": _of_path,
}

"""The API's description of itself."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from flask import Blueprint, Response, jsonify

from picket.api import dead_letters
from picket.api.builds import BuildOrder
from picket.api.connections import ConnectionOrder
from picket.api.organizations import OrganizationOrder
from picket.api.people import PersonOrder
from picket.api.queries import PARAMETERS
from picket.api.repositories import TeamOrder
from picket.api.scans import MAX_ITEMS, ScanOrder
from picket.api.schedules import ScheduleOrder
from picket.api.tokens import TokenOrder
from picket.api.triage import ActionOrder, ApprovalOrder, FindingOrder
from picket.api.verifications import RevocationOrder
from picket.api.webhooks import RotateOrder, WebhookOrder

blueprint = Blueprint("openapi", __name__)
Json = dict[str, Any]


@blueprint.get("/openapi.json")
def show() -> Response:
    """Describe the API as OpenAPI 3.1."""
    return jsonify(document())


def document() -> Json:
    """Return the OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Picket", "version": version("picket"), "license": {"name": "Apache-2.0"}},
        "paths": _with_former(_paths()),
        "components": {
            "schemas": {model.__name__: model.model_json_schema() for model in _MODELS} | {"Problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


_MODELS = (
    ScanOrder,
    TeamOrder,
    BuildOrder,
    WebhookOrder,
    RotateOrder,
    ScheduleOrder,
    OrganizationOrder,
    ConnectionOrder,
    TokenOrder,
    FindingOrder,
    ActionOrder,
    ApprovalOrder,
    PersonOrder,
    RevocationOrder,
    dead_letters.ReplayOrder,
    dead_letters.DropOrder,
)
_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "parameter": {"type": "string", "description": "of a query: the one that is refused"},
        "values": {"type": "array", "items": {"type": "string"}, "description": "what it may be"},
    },
    "required": ["type", "title", "status", "detail"],
}


def _with_former(paths: Json) -> Json:
    """Return all paths, and what those of webhooks were called in a former version."""
    former = {
        path.replace("/webhooks", "/sources"): {method: one | {"deprecated": True} for method, one in methods.items()}
        for path, methods in paths.items()
        if path.startswith("/webhooks")
    }
    return paths | former


def _paths() -> Json:
    order = {"$ref": "#/components/schemas/ScanOrder"}
    orders = {"oneOf": [order, {"type": "array", "items": order, "minItems": 1, "maxItems": MAX_ITEMS}]}
    key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
    repository = "host/owner/name"
    return {
        "/scans": {
            "post": _operation("Request scans", "202", body=orders, parameters=[key]),
            "get": _operation("List scans, the newest first", parameters=_queries("scans.page")),
        },
        "/scans/{id}": {
            "get": _operation("Show a scan", parameters=[_path("id")]),
            "delete": _operation("Cancel a scan", "202", parameters=[_path("id")]),
        },
        "/scans/{id}/events": {"get": _stream("Follow a scan by server-sent events", _path("id"))},
        **_findings(),
        "/repositories": {
            "post": _operation("Register repositories", "201", body=orders),
            "get": _operation("List repositories", parameters=_queries("repositories.page")),
        },
        **_schedules(_path("id", repository)),
        "/repositories/{id}": {
            "get": _operation("Show a repository", parameters=[_path("id", repository)]),
            "delete": _operation(
                "Forget a repository",
                "202",
                parameters=[_path("id", repository), *_queries("repositories.forget")],
            ),
        },
        "/repositories/{id}/builds": {
            "get": _operation("Show which pushes are kept as builds", parameters=[_path("id", repository)]),
            "put": _operation("Keep builds", body=_ref(BuildOrder), parameters=[_path("id", repository)]),
            "delete": _operation("Keep no more builds", parameters=[_path("id", repository)]),
        },
        "/repositories/{id}/team": {
            "put": _operation("Set the owner", body=_ref(TeamOrder), parameters=[_path("id", repository)])
        },
        "/scores/{id}": {
            "get": _operation("Show a score", parameters=[_path("id", repository), *_queries("scores.show")])
        },
        "/teams": {"get": _operation("List teams and their scores", parameters=_queries("scores.teams"))},
        "/teams/{id}": {"get": _operation("Show a team", parameters=[_path("id")])},
        "/webhooks": {
            "post": _operation("Register a webhook", "201", body=_ref(WebhookOrder)),
            "get": _operation("List webhooks"),
        },
        "/webhooks/{id}": {"delete": _operation("Revoke a webhook", parameters=[_path("id")])},
        "/webhooks/{id}/rotate": {
            "post": _operation("Renew a webhook's secret", body=_ref(RotateOrder), parameters=[_path("id")])
        },
        "/tokens": {
            "post": _operation("Make a bearer token", "201", body=_ref(TokenOrder)),
            "get": _operation("List bearer tokens"),
        },
        "/tokens/{id}": {"delete": _operation("Revoke a bearer token", parameters=[_path("id")])},
        "/people/forget": {"post": _operation("Forget a person", body=_ref(PersonOrder))},
        **_organizations(),
        **_dead_letters(),
    }


def _findings() -> Json:
    one, yaml = [_path("id")], {"application/yaml": {"schema": {"type": "string"}}}
    test = _operation("Tell what a policy would change", parameters=_queries("policy.test"))
    report = {"application/json": {"schema": {"type": "object"}}}
    taken = _operation("Take in a tool's report", "202", parameters=_queries("reports.add"))
    return {
        "/findings": {"get": _operation("List findings", parameters=_queries("findings.page"))},
        "/findings/{id}": {
            "get": _operation("Show a finding", parameters=one),
            "patch": _operation("Decide on a finding", body=_ref(FindingOrder), parameters=one),
        },
        "/findings/{id}/verify": {"post": _operation("Ask the provider about a credential", "202", parameters=one)},
        "/findings/{id}/revoke": {
            "post": _operation("Have a credential revoked", "202", body=_ref(RevocationOrder), parameters=one)
        },
        "/findings/actions": {"post": _operation("Decide on many findings", body=_ref(ActionOrder))},
        "/approvals": {"get": _operation("List what waits for a second person", parameters=_queries("triage.page"))},
        "/approvals/{id}": {
            "get": _operation("Show what waits for a second person", parameters=one),
            "post": _operation("Approve or deny it", body=_ref(ApprovalOrder), parameters=one),
        },
        "/reports": {
            "post": {**taken, "requestBody": {"required": True, "content": report}},
            "get": _operation("List reports, the newest first", parameters=_queries("reports.page")),
        },
        "/reports/{id}": {"get": _operation("Tell what became of a report", parameters=one)},
        "/policy": {"get": _operation("Show the policy in force")},
        "/policy/test": {"post": {**test, "requestBody": {"required": True, "content": yaml}}},
    }


def _schedules(repository: Json) -> Json:
    one = [repository, _path("name")]
    return {
        "/repositories/{id}/schedules": {"get": _operation("List schedules", parameters=[repository])},
        "/repositories/{id}/schedules/{name}": {
            "get": _operation("Show a schedule", parameters=one),
            "put": _operation("Set a schedule", body=_ref(ScheduleOrder), parameters=one),
            "delete": _operation("Take a schedule away", parameters=one),
        },
    }


def _organizations() -> Json:
    one = [_path("id", "host/name")]
    return {
        "/organizations": {
            "post": _operation("Register an organization's repositories", "202", body=_ref(OrganizationOrder)),
            "get": _operation("List organizations", parameters=_queries("organizations.page")),
        },
        "/organizations/{id}": {
            "get": _operation("Show an organization", parameters=one),
            "delete": _operation("Forget an organization", parameters=one),
        },
        "/organizations/{id}/sync": {"post": _operation("List its repositories again", "202", parameters=one)},
        "/connections": {
            "post": _operation("Make webhooks at a forge, and keep them", "202", body=_ref(ConnectionOrder)),
            "get": _operation("List connections", parameters=_queries("connections.page")),
        },
        "/connections/{id}": {
            "get": _operation("Show a connection and its webhooks", parameters=one),
            "delete": _operation("Take its webhooks away", "202", parameters=one),
        },
        "/connections/{id}/check": {"post": _operation("Look after its webhooks now", "202", parameters=one)},
    }


def _dead_letters() -> Json:
    letter, asked = [_path("id")], _queries("dead_letters.page")
    return {
        "/dead-letters": {"get": _operation("List dead letters and rejections", parameters=asked)},
        "/doctor": {"get": _operation("Try what a deployment needs")},
        "/dead-letters/counts": {"get": _operation("Count dead letters and rejections by function")},
        "/dead-letters/{id}": {
            "get": _operation("Show a dead letter or rejection", parameters=letter),
            "delete": _operation("Drop one", body=_ref(dead_letters.DropOrder), parameters=letter),
        },
        "/dead-letters/{id}/replay": {
            "post": _operation("Replay one", "202", body=_ref(dead_letters.ReplayOrder), parameters=letter)
        },
    }


def _operation(
    summary: str, status: str = "200", *, body: Json | None = None, parameters: list[Json] | None = None
) -> Json:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation: Json = {
        "summary": summary,
        "parameters": parameters or [],
        "responses": {
            status: {"description": summary, "content": {"application/json": {"schema": {"type": "object"}}}},
            "default": {"description": "A problem", "content": problem},
        },
    }
    if body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _stream(summary: str, parameter: Json) -> Json:
    """Describe an operation that answers with events."""
    seen = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}, "description": "the last event seen"}
    operation = _operation(summary, parameters=[parameter, seen])
    operation["responses"]["200"]["content"] = {"text/event-stream": {}}
    operation["responses"]["204"] = {"description": "The scan has ended and all of it was told"}
    return operation


def _ref(model: type) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _queries(endpoint: str) -> list[Json]:
    """Describe the query parameters that a route admits."""
    return [{"name": name, "in": "query", "schema": schema} for name, schema in PARAMETERS[endpoint].items()]


def _path(name: str, description: str = "") -> Json:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}

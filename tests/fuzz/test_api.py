"""The API is asked for all that its description admits, and for what it does not: no answer is an error of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.support import compiled, secrets
from tests.support.deployment import Deployment, deploy, forget
from tests.support.repositories import Work

from picket.api import events
from picket.api.openapi import document

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = sorted(
    (found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)),
    key=lambda one: one.method == "delete",
)
"""Those that take something away come last."""
EXAMPLES = 50
QUICK = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@dataclass(frozen=True)
class Target:
    """The API, with something of every kind in it, and the ids of all that; a token that may look."""

    deployment: Deployment
    ids: dict[str, str]
    token: str = field(repr=False)

    @property
    def app(self) -> Any:
        return self.deployment.api.application


@pytest.fixture(scope="module")
def target(nx_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("fuzz")
    compiled.share(folder / "data")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in _environment(nx_uri, folder).items():
            environment.setenv(name, value)
        environment.setattr(events, "LONGEST_SECONDS", 0.0)
        forget()
        yield _filled(deploy(environment), folder)
    forget()


def _environment(uri: str, folder: Path) -> dict[str, str]:
    return {
        "HOST": "127.0.0.1",
        "K_SINK": "http://sink.invalid/",
        "K_SERVICE": "fuzz",
        "MONGODB_URI": uri,
        "PICKET_MONGODB_DATABASE": "fuzz",
        "PICKET_DATA_DIR": str(folder / "data"),
        "PICKET_HASH_KEY": "0" * 64,
        "PICKET_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "PICKET_ALLOW_LOCAL_REPOSITORIES": "true",
        "PICKET_REQUESTS_PER_MINUTE": "0",
    }


def _filled(deployment: Deployment, folder: Path) -> Target:
    api, work = deployment.api, Work(folder / "work")
    work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    scan = api.post("/scans", json={"repository": str(work.path)}).json
    deployment.drain()
    repository, finding = scan["repository"], api.get("/findings").json["findings"][0]["id"]
    api.put(f"/repositories/{repository}/team", json={"team": "red"})
    api.put(f"/repositories/{repository}/schedules/nightly", json={"cron": "0 3 * * *"})
    deployment.drain()
    source = api.post("/webhooks", json={"sender": "github", "name": "s"}).json["id"]
    organization = api.post("/organizations", json={"forge": "github", "name": "acme"}).json["id"]
    ids = {
        "/scans/": scan["id"],
        "/findings/": finding,
        "/repositories/": repository,
        "/scores/": repository,
        "/teams/": "red",
        "/webhooks/": source,
        "/organizations/": organization,
        "/dead-letters/": _buried(deployment),
    }
    read, lost = (api.post("/tokens", json={"name": name, "scope": "read"}).json for name in ("read", "lost"))
    ids["/tokens/"] = lost["id"]
    assert all(ids.values())
    return Target(deployment, ids, read["token"])


def _buried(deployment: Deployment) -> str:
    headers = {
        "ce-id": "1",
        "ce-type": "dev.picket.finding.changed.v1",
        "ce-source": "/picket/feedback",
        "ce-specversion": "1.0",
        "Content-Type": "application/json",
    }
    assert deployment.api.post("/dead-letters/score", data=b"{}", headers=headers).status_code == 204
    return str(deployment.api.get("/dead-letters").json["letters"][0]["id"])


def _known(target: Target, operation: APIOperation[Any, Any, Any, Any]) -> dict[str, str]:
    """Return path parameters that lead to something."""
    found = next((value for prefix, value in target.ids.items() if operation.path.startswith(prefix)), "")
    given = {name: found for name in ("id", "repository") if f"{{{name}}}" in operation.path}
    return given | ({"name": "nightly"} if "{name}" in operation.path else {})


@pytest.mark.parametrize(
    ("mode", "operation"),
    [
        pytest.param(mode, operation, id=f"{mode.value} {operation.label}")
        for mode in GenerationMode
        for operation in OPERATIONS
        if mode.is_positive or operation.body or operation.query  # any text is a path's parameter
    ],
)
def test_no_request_ends_in_an_error_of_ours(
    target: Target, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode
) -> None:
    known = _known(target, operation)
    strategies = [operation.as_strategy(generation_mode=mode)]
    strategies += [operation.as_strategy(generation_mode=mode, path_parameters=known)] if known else []

    @QUICK
    @given(case=st.one_of(strategies))
    def ask(case: Any) -> None:
        response = case.call(app=target.app)
        assert b"Traceback" not in response.content
        case.validate_response(response, checks=CHECKS)

    ask()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.label)
def test_beyond_loopback_every_operation_asks_for_a_token_first(
    target: Target, operation: APIOperation[Any, Any, Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one, with a false one, and, for what changes something, with one that may only look."""
    monkeypatch.setenv("HOST", "0.0.0.0")  # noqa: S104 - what a container listens on
    forget()
    try:
        _all_answered(target, operation, "", 401)
        _all_answered(target, operation, "picket_" + "A" * 43, 401)
        if operation.method != "get":
            _all_answered(target, operation, target.token, 403)
    finally:
        monkeypatch.undo()
        forget()


def _all_answered(target: Target, operation: APIOperation[Any, Any, Any, Any], token: str, status: int) -> None:
    @settings(QUICK, max_examples=3)
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        response = case.call(app=target.app, headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == status
        case.validate_response(response, checks=CHECKS)

    ask()


_text = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60)
_headers = st.dictionaries(
    st.sampled_from(
        [
            *("ACCEPT", "AUTHORIZATION", "EXPECT", "HOST", "IDEMPOTENCY_KEY", "LAST_EVENT_ID", "ORIGIN", "RANGE"),
            *("TRACEPARENT", "TRANSFER_ENCODING", "X_FORWARDED_FOR", "X_HTTP_METHOD_OVERRIDE", "COOKIE", "IF_MATCH"),
        ]
    ),
    _text,
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=8), part, max_size=4),
    max_leaves=12,
)
_bodies = st.one_of(
    st.binary(max_size=200),
    _json.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 50_000, b'{"a":' * 50_000, b"1e999999", b'"\\ud800"', b"\xef\xbb\xbf{}", b"9" * 10_000]),
)


_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "x"]
_requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(
            ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "x"]
        ),
        "place": st.sampled_from(["", *(path.rstrip("/") for path in document()["paths"])]),
        "more": _text,
        "query": _text,
        "body": _bodies,
        "kind": st.sampled_from(
            ["application/json", "application/json; charset=utf-16", "text/plain", "", "a/b;" * 50]
        ),
        "headers": _headers,
    }
)


@settings(QUICK, max_examples=1_000)
@given(sent=_requests)
def test_whatever_comes_over_the_wire_is_answered(target: Target, sent: dict[str, Any]) -> None:
    """Paths, queries and header values hold any byte that a server hands on."""
    answer = target.deployment.api.open(
        "/",
        method=sent["method"],
        data=sent["body"],
        content_type=sent["kind"],
        environ_overrides={
            "PATH_INFO": f"{sent['place']}/{sent['more']}",
            "QUERY_STRING": sent["query"],
            **{f"HTTP_{name}": value for name, value in sent["headers"].items()},
        },
    )

    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text

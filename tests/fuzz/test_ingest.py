"""Whatever somebody sends to ingest: it is taken, refused, or the broker is away; never an error of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support import deliveries
from tests.support.deployment import Deployment, deploy, forget
from tests.support.examples import how_many

QUICK = settings(
    max_examples=how_many(300), deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
PROVIDERS = ("github", "standard", "gitlab", "azure", "bitbucket-datacenter")
Target = tuple[Deployment, dict[str, dict[str, Any]]]

_text = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=8), part, max_size=4),
    max_leaves=12,
)
_payloads: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict[str, Any],
    st.dictionaries(st.sampled_from(["ref", "before", "after", "repository", "data", "x"]), _json),
    type=st.sampled_from(["push", "scan.requested"]) | _json,
)
_encoded = _payloads.map(lambda value: json.dumps(value).encode())
_bodies = st.one_of(
    _encoded,
    _encoded.map(lambda body: urlencode({"payload": body}).encode()),
    _encoded.map(lambda body: body.decode().encode("utf-16")),
    st.binary(max_size=200),
    st.sampled_from([b"", b"[" * 100_000, b'{"a":' * 90 + b"1" + b"}" * 90, b"payload=%ff", b"{}\x00", b"NaN"]),
)
_kinds = st.sampled_from(
    [
        *("application/json", "application/x-www-form-urlencoded", "APPLICATION/JSON;charset=latin-1", "text/plain"),
        *("", ";", "application/json" * 500, "multipart/form-data; boundary=x"),
    ]
)
_names = st.one_of(_text, st.sampled_from(["push", "ping", "", "x" * 201, "a,a", "scan.requested"]))
_odd = st.dictionaries(
    st.sampled_from(
        [
            *("CONTENT_ENCODING", "CONTENT_LENGTH", "EXPECT", "HOST", "TRACEPARENT", "TRANSFER_ENCODING", "COOKIE"),
            *("WEBHOOK_TIMESTAMP", "X_HUB_SIGNATURE_256", "WEBHOOK_SIGNATURE", "X_FORWARDED_FOR", "AUTHORIZATION"),
        ]
    ),
    st.one_of(_text, st.just("a" * 8_000), st.just("1, 1"), st.just("-1"), st.just("sha256=" + "0" * 64)),
    max_size=4,
)


@pytest.fixture(scope="module")
def target(nx_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """ingest, with a source of each provider."""
    values = {
        "HOST": "127.0.0.1",
        "K_SINK": "http://sink.invalid/",
        "MONGODB_URI": nx_uri,
        "PICKET_MONGODB_DATABASE": "fuzz-ingest",
        "PICKET_DATA_DIR": str(tmp_path_factory.mktemp("ingest") / "data"),
        "PICKET_ENCRYPTION_KEY": Fernet.generate_key().decode(),
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in values.items():
            environment.setenv(name, value)
        forget()
        deployment = deploy(environment)
        sources = {
            provider: dict(deployment.api.post("/webhooks", json={"sender": provider, "name": "f"}).json)
            for provider in PROVIDERS
        }
        yield deployment, sources
    forget()


def signed(provider: str, secret: str, body: bytes, name: str) -> dict[str, str]:
    """Return the header fields of a genuine delivery, as a server hands them on."""
    if provider == "github":
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"X_HUB_SIGNATURE_256": f"sha256={digest}", "X_GITHUB_EVENT": name, "X_GITHUB_DELIVERY": name}
    if provider != "standard":
        headers = {**deliveries.names(provider, name, name), **deliveries.proof(provider, secret, body)}
        return {each.upper().replace("-", "_"): value for each, value in headers.items()}
    stamp = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
    return {"WEBHOOK_ID": name, "WEBHOOK_TIMESTAMP": stamp, "WEBHOOK_SIGNATURE": f"v1,{digest}"}


def send(deployment: Deployment, path: str, body: bytes, kind: str, headers: dict[str, str]) -> Any:
    overrides = {"PATH_INFO": path, **{f"HTTP_{name}": value for name, value in headers.items()}}
    overrides |= {"CONTENT_LENGTH": overrides.pop("HTTP_CONTENT_LENGTH")} if "HTTP_CONTENT_LENGTH" in overrides else {}
    client = deployment.clients["ingest"]
    return client.post("/", data=body, content_type=kind, environ_overrides=overrides)


@pytest.mark.parametrize("broker", ["there", "away"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_genuine_delivery_of_anything_is_taken_or_refused_with_a_reason(
    target: Target, provider: str, broker: str
) -> None:
    deployment, sources = target
    seen = set()

    @settings(QUICK, max_examples=how_many(200))
    @given(body=_bodies, kind=_kinds, name=_names, odd=_odd)
    def ask(body: bytes, kind: str, name: str, odd: dict[str, str]) -> None:
        headers = {**odd, **signed(provider, sources[provider]["secret"], body, name)}
        headers.pop("CONTENT_LENGTH", None)
        path = sources[provider]["url"].removeprefix("http://127.0.0.1:8080")
        answer = send(deployment, path, body, kind, headers)
        seen.add(answer.status_code)
        assert answer.status_code in ({202, 400, 401, 415} if broker == "there" else {503, 400, 401, 415})
        if "HOST" not in odd:  # one that is no name is refused before any function is asked
            expected = "application/json" if answer.status_code == 202 else "application/problem+json"
            assert answer.content_type == expected
        assert "Traceback" not in answer.text

    deployment.is_down = broker == "away"
    try:
        ask()
    finally:
        deployment.is_down = False
    assert {400, 415, 202 if broker == "there" else 503} <= seen


@QUICK
@given(
    path=st.one_of(_text.map("/{}".format), _text.map("/in/github/{}".format), _text.map("/in/{}/x".format), st.none()),
    body=_bodies,
    kind=_kinds,
    odd=_odd,
)
def test_nothing_that_is_not_signed_gets_in(
    target: Target, path: str | None, body: bytes, kind: str, odd: dict[str, str]
) -> None:
    deployment, sources = target
    sent = len(deployment.sent)
    where = path or sources["github"]["url"].removeprefix("http://127.0.0.1:8080")

    answer = send(deployment, where, body, kind, odd)

    assert answer.status_code in {400, 401, 404, 413}
    assert answer.content_type == "application/problem+json" or "HOST" in odd
    assert "Traceback" not in answer.text
    assert len(deployment.sent) == sent

"""ingest: what it takes, what it refuses, and that nothing it took is lost."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.support import pushes
from tests.support.deployment import Deployment, forget

PUSH = pushes.encode(pushes.push("https://github.com/o/r.git", "a" * 40, "b" * 40))


@pytest.fixture
def source(deployed: Deployment) -> dict[str, Any]:
    """A registered GitHub webhook."""
    return dict(deployed.api.post("/webhooks", json={"sender": "github", "name": "t"}).json)


def path(source: dict[str, Any]) -> str:
    return str(source["url"]).removeprefix("http://127.0.0.1:8080")


def post(deployed: Deployment, where: str, body: bytes, headers: dict[str, str]) -> Any:
    return deployed.clients["ingest"].post(where, data=body, headers=headers)


def test_a_signed_push_is_accepted_and_handed_to_the_broker(deployed: Deployment, source: dict[str, Any]) -> None:
    answer = post(deployed, path(source), PUSH, pushes.signed(source["secret"], PUSH))

    assert answer.status_code == 202
    [event] = deployed.sent
    assert event.type == "dev.picket.webhook.received.v1"
    assert event.data["payload"] == json.loads(PUSH)
    assert event.headers["ce-correlationid"] == answer.json["delivery"]
    assert event.headers["ce-traceparent"].startswith("00-")


def test_a_form_encoded_delivery_means_the_same(deployed: Deployment, source: dict[str, Any]) -> None:
    body = urlencode({"payload": PUSH.decode()}).encode()
    headers = {**pushes.signed(source["secret"], body), "Content-Type": "application/x-www-form-urlencoded"}

    assert post(deployed, path(source), body, headers).status_code == 202
    assert deployed.sent[0].data["payload"] == json.loads(PUSH)


def test_a_forged_signature_is_answered_like_an_unknown_token(deployed: Deployment, source: dict[str, Any]) -> None:
    forged = post(deployed, path(source), PUSH, pushes.signed("guessed", PUSH))
    unsigned = post(deployed, path(source), PUSH, {"Content-Type": "application/json", "X-GitHub-Event": "push"})
    unknown = post(deployed, "/in/github/" + "x" * 32, PUSH, pushes.signed(source["secret"], PUSH))
    wrong_provider = post(
        deployed, path(source).replace("github", "standard"), PUSH, pushes.signed(source["secret"], PUSH)
    )

    assert {answer.status_code for answer in (forged, unsigned, unknown, wrong_provider)} == {401}
    assert forged.data == unsigned.data == unknown.data == wrong_provider.data
    assert not deployed.sent


def test_a_changed_body_no_longer_fits_its_signature(deployed: Deployment, source: dict[str, Any]) -> None:
    headers = pushes.signed(source["secret"], PUSH)

    assert post(deployed, path(source), PUSH + b" ", headers).status_code == 401


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        pytest.param(b"{", "application/json", 400, id="malformed JSON"),
        pytest.param(b"\xff\xfe", "application/json", 400, id="not UTF-8"),
        pytest.param(b"[]", "application/json", 400, id="not an object"),
        pytest.param(b"[" * 100_000, "application/json", 400, id="deeply nested"),
        pytest.param(b'{"a":' * 300 + b"1" + b"}" * 300, "application/json", 400, id="nested and valid"),
        pytest.param(b'{"a": "\\ud800"}', "application/json", 400, id="a lone surrogate"),
        pytest.param(b'{"\\ud800": 1}', "application/json", 400, id="a lone surrogate as a name"),
        pytest.param(b"nothing=1", "application/x-www-form-urlencoded", 400, id="form without payload"),
        pytest.param(b"{}", "text/plain", 415, id="wrong content type"),
        pytest.param(b"{}", "", 415, id="no content type"),
    ],
)
def test_a_bad_body_is_refused_with_a_reason(
    deployed: Deployment, source: dict[str, Any], body: bytes, content_type: str, status: int
) -> None:
    headers = {**pushes.signed(source["secret"], body), "Content-Type": content_type}

    answer = post(deployed, path(source), body, headers)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert not deployed.sent


@pytest.mark.parametrize("missing", ["X-GitHub-Event", "X-GitHub-Delivery"])
def test_a_delivery_that_is_not_named_is_refused(deployed: Deployment, source: dict[str, Any], missing: str) -> None:
    headers = pushes.signed(source["secret"], PUSH)
    del headers[missing]

    assert post(deployed, path(source), PUSH, headers).status_code == 400


def test_a_body_of_30_megabytes_is_refused_unread(deployed: Deployment, source: dict[str, Any]) -> None:
    body = b" " * 30_000_000

    assert post(deployed, path(source), body, pushes.signed(source["secret"], body)).status_code == 413
    assert not deployed.sent


def test_a_delivery_seen_before_is_told_so_and_keeps_its_event_id(deployed: Deployment, source: dict[str, Any]) -> None:
    headers = pushes.signed(source["secret"], PUSH)
    first, second = (post(deployed, path(source), PUSH, headers).json for _ in range(2))

    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert len({event.id for event in deployed.sent}) == 1


def test_a_large_delivery_travels_by_reference(deployed: Deployment, source: dict[str, Any]) -> None:
    payload = {**json.loads(PUSH), "commits": [{"message": "m" * 300_000}]}
    body = pushes.encode(payload)
    assert post(deployed, path(source), body, pushes.signed(source["secret"], body)).status_code == 202

    [event] = deployed.sent
    assert event.body == b""
    assert event.headers["ce-dataref"].startswith("artifact:")
    assert deployed.deliver(event) == {"normalize": 204}
    assert deployed.of_type("scan.requested")


def test_what_the_broker_did_not_take_is_not_accepted_and_may_be_sent_again(
    deployed: Deployment, source: dict[str, Any]
) -> None:
    deployed.is_down = True
    refused = post(deployed, path(source), PUSH, pushes.signed(source["secret"], PUSH))
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    deployed.is_down = False

    assert post(deployed, path(source), PUSH, pushes.signed(source["secret"], PUSH)).status_code == 202
    assert len(deployed.sent) == 1


def test_while_the_store_is_away_nothing_is_accepted(
    deployed: Deployment, source: dict[str, Any], environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("MONGODB_URI", "mongodb://127.0.0.1:1")
    environment.setenv("PICKET_MONGODB_TIMEOUT_SECONDS", "0.2")
    forget()

    assert post(deployed, path(source), PUSH, pushes.signed(source["secret"], PUSH)).status_code == 503
    assert not deployed.sent


def test_a_rotated_secret_is_valid_together_with_the_former_one_for_a_grace_time(
    deployed: Deployment, source: dict[str, Any]
) -> None:
    renewed = deployed.api.post(f"/webhooks/{source['id']}/rotate", json={"grace_seconds": 60}).json["secret"]
    for secret in (source["secret"], renewed):
        assert post(deployed, path(source), PUSH, pushes.signed(secret, PUSH)).status_code == 202

    newest = deployed.api.post(f"/webhooks/{source['id']}/rotate", json={"grace_seconds": 0}).json["secret"]
    assert post(deployed, path(source), PUSH, pushes.signed(newest, PUSH)).status_code == 202
    seconds_pass()
    assert post(deployed, path(source), PUSH, pushes.signed(newest, PUSH)).status_code == 202
    assert post(deployed, path(source), PUSH, pushes.signed(renewed, PUSH)).status_code == 401


def seconds_pass() -> None:
    """Let so much time pass that what was remembered of a source is read anew."""
    forget()


def test_a_burst_reads_its_source_once_in_a_while(
    deployed: Deployment, source: dict[str, Any], environment: pytest.MonkeyPatch
) -> None:
    from picket.effects.mongo import webhooks  # noqa: PLC0415 - connects

    read: list[str] = []
    by_token = webhooks.by_token

    def counted(provider: str, token: str) -> Any:
        read.append(token)
        return by_token(provider, token)

    environment.setattr(webhooks, "by_token", counted)
    headers = [pushes.signed(source["secret"], PUSH, delivery=f"d{number}") for number in range(20)]

    assert {post(deployed, path(source), PUSH, one).status_code for one in headers} == {202}

    assert len(read) <= 2  # two, where the seconds change meanwhile
    assert post(deployed, "/in/github/unknown", PUSH, headers[0]).status_code == 401
    assert post(deployed, "/in/github/unknown", PUSH, headers[0]).status_code == 401
    assert read.count("unknown") == 2


def test_a_revoked_source_is_unknown(deployed: Deployment, source: dict[str, Any]) -> None:
    assert post(deployed, path(source), PUSH, pushes.signed(source["secret"], PUSH)).status_code == 202
    assert deployed.api.delete(f"/webhooks/{source['id']}").status_code == 200
    seconds_pass()

    assert post(deployed, path(source), PUSH, pushes.signed(source["secret"], PUSH)).status_code == 401


def standard(secret: str, body: bytes, stamp: int, *, name: str = "msg_1") -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,c3R1ZmY= v1,{base64.b64encode(digest).decode()}",
    }


def test_a_standard_webhook_is_verified_over_id_timestamp_and_body(deployed: Deployment) -> None:
    source = deployed.api.post("/webhooks", json={"sender": "standard", "name": "t"}).json
    body = b'{"type":"scan.requested","data":{"repository":"https://github.com/o/r"}}'
    now = int(time.time())

    assert post(deployed, path(source), body, standard(source["secret"], body, now)).status_code == 202
    assert post(deployed, path(source), body, standard(source["secret"], body, now - 301)).status_code == 401
    for stamp in ("9" * 400, "9" * 5000, "-1", "\u0661"):
        odd = {**standard(source["secret"], body, now), "webhook-timestamp": stamp}
        assert post(deployed, path(source), body, odd).status_code == 401
    other = {**standard(source["secret"], body, now), "webhook-id": "msg_2"}
    assert post(deployed, path(source), body, other).status_code == 401
    assert [event.data["event"] for event in deployed.sent] == ["scan.requested"]


def test_the_secret_and_the_token_are_not_in_the_store(deployed: Deployment, source: dict[str, Any]) -> None:
    from picket.effects.mongo.client import collection  # noqa: PLC0415 - connects

    kept = repr(list(collection("sources").find({})))

    assert source["secret"] not in kept
    assert source["url"].rpartition("/")[2] not in kept
    assert source["secret"] not in deployed.api.get("/webhooks").text


@pytest.mark.parametrize("url", ["/", "/in/github", "/in/github/a/b", "/in/GITHUB/" + "x" * 20])
def test_other_paths_are_not_found(deployed: Deployment, url: str) -> None:
    assert deployed.clients["ingest"].post(url).status_code == 404


def test_health_is_answered_without_the_store(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MONGODB_URI", "mongodb://127.0.0.1:1")
    forget()

    for client in deployed.clients.values():
        assert client.get("/health/liveness").status_code == 204
        assert client.get("/health/readiness").status_code == 204


def test_a_source_that_sends_too_much_is_told_when_to_come_again_and_others_are_not(
    deployed: Deployment, source: dict[str, Any], environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PICKET_WEBHOOKS_PER_MINUTE", "3")
    forget()
    other = deployed.api.post("/webhooks", json={"sender": "github", "name": "u"}).json
    answers = [
        post(deployed, path(one), PUSH, pushes.signed(one["secret"], PUSH, delivery=f"d{number}"))
        for number in range(4)
        for one in ([source, other] if number == 0 else [source])
    ]

    assert [answer.status_code for answer in answers] == [202, 202, 202, 202, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20
    assert answers[-1].headers["RateLimit-Policy"] == '"minute";q=3;w=60'
    assert len(deployed.sent) == 4


def test_who_cannot_sign_uses_up_nothing_of_a_source(
    deployed: Deployment, source: dict[str, Any], environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PICKET_WEBHOOKS_PER_MINUTE", "1")
    forget()
    for _ in range(20):
        assert post(deployed, path(source), PUSH, pushes.signed("guessed", PUSH)).status_code == 401

    assert post(deployed, path(source), PUSH, pushes.signed(source["secret"], PUSH)).status_code == 202


def test_in_a_cluster_a_large_delivery_is_not_accepted_without_a_store_that_the_next_function_reads(
    deployed: Deployment, source: dict[str, Any], environment: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - as in a container
    forget()
    body = pushes.encode({**json.loads(PUSH), "commits": [{"message": "m" * 300_000}]})

    answer = post(deployed, path(source), body, pushes.signed(source["secret"], body))

    assert answer.status_code == 500
    assert not deployed.sent
    assert "PICKET_ARTIFACTS is not set" in capfd.readouterr().err
    assert post(deployed, path(source), PUSH, pushes.signed(source["secret"], PUSH)).status_code == 202


def test_in_a_cluster_an_event_that_another_pod_keeps_waits_for_the_artifact_store(
    deployed: Deployment, source: dict[str, Any], environment: pytest.MonkeyPatch
) -> None:
    body = pushes.encode({**json.loads(PUSH), "commits": [{"message": "m" * 300_000}]})
    assert post(deployed, path(source), body, pushes.signed(source["secret"], body)).status_code == 202
    [event] = deployed.sent
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - as in a container
    forget()

    answer = deployed.clients["normalize"].post("/", data=event.body, headers=event.headers)

    assert answer.status_code == 500, "a rejection would be for good"
    assert "PICKET_ARTIFACTS is not set" in answer.json["detail"]

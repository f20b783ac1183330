"""Messages of SNS, from the confirmation of a topic to the scan of a push; and those of somebody else's topic."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from tests.support import s3, sns
from tests.support.deliveries import NEW, OLD, UUID
from tests.support.deployment import Deployment
from tests.support.sns import Amazon

from picket.effects.mongo.client import collection

FOR_SNS = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request"}
"""How moto's server knows which service is meant."""
OTHERS = "arn:aws:sns:eu-central-1:999999999999:evil"
CHANGE = {
    "detail-type": "CodeCommit Repository State Change",
    "time": "2026-06-12T10:23:43Z",
    "region": "us-east-2",
    "detail": {
        "event": "referenceUpdated",
        "repositoryName": "demo",
        "repositoryId": UUID,
        "referenceFullName": "refs/heads/main",
        "commitId": NEW,
        "oldCommitId": OLD,
    },
}


@pytest.fixture
def amazon(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> Amazon:
    assert deployed
    return sns.stand_in(monkeypatch)


@pytest.fixture
def source(deployed: Deployment) -> dict[str, Any]:
    return dict(deployed.api.post("/webhooks", json={"sender": "codecommit", "name": "t"}).json)


def post(deployed: Deployment, source: dict[str, Any], message: dict[str, str], kind: str = "text/plain") -> Any:
    where = source["url"].removeprefix("http://127.0.0.1:8080")
    headers = {"Content-Type": f"{kind}; charset=UTF-8", "x-amz-sns-message-type": message["Type"]}
    return deployed.clients["ingest"].post(where, data=json.dumps(message).encode(), headers=headers)


def test_a_topic_is_confirmed_once_and_its_pushes_are_scanned(
    deployed: Deployment, amazon: Amazon, source: dict[str, Any]
) -> None:
    assert post(deployed, source, sns.confirmation()).status_code == 202
    assert amazon.confirmed == [sns.TOPIC]
    answers = [post(deployed, source, sns.message(CHANGE)) for _ in range(2)]
    deployed.deliver_all("dev.picket.webhook.received.v1")

    assert [answer.json["duplicate"] for answer in answers] == [False, True]
    asked = deployed.of_type("scan.requested")
    assert {one.data["scan"] for one in asked} == {asked[0].data["scan"]}
    assert (asked[0].data["url"], asked[0].data["after"]) == (
        "https://git-codecommit.us-east-2.amazonaws.com/v1/repos/demo",
        NEW,
    )
    assert len([url for url in amazon.asked if url.endswith(".pem")]) == 1


def test_the_topic_of_somebody_else_is_neither_confirmed_nor_taken(
    deployed: Deployment, amazon: Amazon, source: dict[str, Any]
) -> None:
    """All of it is signed by Amazon."""
    assert post(deployed, source, sns.confirmation()).status_code == 202
    confirmed = post(deployed, source, sns.confirmation(topic=OTHERS, MessageId="m2"))
    pushed = post(deployed, source, sns.message(CHANGE, TopicArn=OTHERS, MessageId="m3"))
    forged = post(deployed, source, {**sns.message(CHANGE), "MessageId": "m4"})

    assert {answer.status_code for answer in (confirmed, pushed, forged)} == {401}
    assert confirmed.data == pushed.data == forged.data
    assert amazon.confirmed == [sns.TOPIC]
    assert [event.data["event"] for event in deployed.sent] == ["SubscriptionConfirmation"]


def test_what_nobody_confirmed_is_not_taken(deployed: Deployment, amazon: Amazon, source: dict[str, Any]) -> None:
    assert post(deployed, source, sns.message(CHANGE)).status_code == 401
    assert amazon.confirmed == []
    assert deployed.sent == []


def test_an_unknown_token_has_nothing_fetched(deployed: Deployment, amazon: Amazon, source: dict[str, Any]) -> None:
    unknown = {**source, "url": source["url"].rpartition("/")[0] + "/" + "x" * 32}

    assert post(deployed, unknown, sns.confirmation()).status_code == 401
    assert amazon.asked == []


def test_a_confirmation_that_fails_can_come_again(deployed: Deployment, amazon: Amazon, source: dict[str, Any]) -> None:
    post(deployed, source, sns.message(CHANGE))  # so that its certificate is known
    amazon.status = 500
    refused = post(deployed, source, sns.confirmation())
    other = post(deployed, source, sns.confirmation(topic=OTHERS))
    amazon.status = 200

    assert (refused.status_code, other.status_code) == (503, 401)
    assert refused.headers["Retry-After"]
    assert post(deployed, source, sns.confirmation()).status_code == 202


@pytest.mark.parametrize(("status", "answered"), [(500, 503), (429, 503), (404, 401), (302, 401)])
def test_a_certificate_that_cannot_be_had_is_asked_for_again(
    deployed: Deployment, amazon: Amazon, source: dict[str, Any], status: int, answered: int
) -> None:
    amazon.status = status
    assert post(deployed, source, sns.confirmation()).status_code == answered
    amazon.status = 200

    assert post(deployed, source, sns.confirmation()).status_code == 202


def test_a_renewed_webhook_takes_another_topic(deployed: Deployment, amazon: Amazon, source: dict[str, Any]) -> None:
    post(deployed, source, sns.confirmation())
    assert deployed.api.post(f"/webhooks/{source['id']}/rotate", json={}).status_code == 200

    assert post(deployed, source, sns.message(CHANGE)).status_code == 401
    assert post(deployed, source, sns.confirmation(topic=OTHERS, MessageId="m2")).status_code == 202
    assert amazon.confirmed == [sns.TOPIC, OTHERS]


def test_two_topics_at_once_get_one_place(deployed: Deployment, amazon: Amazon, source: dict[str, Any]) -> None:
    post(deployed, source, sns.message(CHANGE))
    assert collection("speakers").count_documents({}) == 0
    messages = [sns.confirmation(topic=f"{sns.TOPIC}{number}", MessageId=f"m{number}") for number in range(4)]
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda one=one: answers.append(post(deployed, source, one).status_code))
        for one in messages
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [202, 401, 401, 401]
    assert len(amazon.confirmed) == 1


def test_the_end_of_a_subscription_and_odd_messages_are_taken_and_mean_nothing(
    deployed: Deployment, amazon: Amazon, source: dict[str, Any]
) -> None:
    assert amazon
    post(deployed, source, sns.confirmation())
    sent = [sns.confirmation("UnsubscribeConfirmation", MessageId="m2"), sns.message("hello", MessageId="m3")]

    assert [post(deployed, source, one).status_code for one in sent] == [202, 202]
    deployed.deliver_all("dev.picket.webhook.received.v1")
    assert deployed.of_type("scan.requested") == []
    assert collection("rejections").count_documents({}) == 0


def test_a_message_is_read_as_json_too(deployed: Deployment, amazon: Amazon, source: dict[str, Any]) -> None:
    assert amazon
    assert post(deployed, source, sns.confirmation(), "application/json").status_code == 202
    other = deployed.api.post("/webhooks", json={"sender": "github", "name": "g"}).json
    assert post(deployed, other, sns.confirmation()).status_code == 401


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """Take what is posted; yields the URL and the bodies."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(url: str, **fields: str) -> str:
    """Ask the API of SNS something; the answer, XML."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", **FOR_SNS}
    body = urlencode({"Version": "2010-03-31", **fields}).encode()
    answer = urllib3.request("POST", url, body=body, headers=headers, retries=False, timeout=10.0)
    assert answer.status == 200, answer.data
    return answer.data.decode()


def test_what_moto_signs_is_taken(deployed: Deployment, amazon: Amazon, source: dict[str, Any], tmp_path: Path) -> None:
    """An SNS that is not ours: it signs what it posts, and asks for no confirmation."""
    topic = "arn:aws:sns:us-east-1:123456789012:picket"
    with s3.server(tmp_path / "moto.log") as environment, listening() as (url, bodies):
        server = environment["AWS_ENDPOINT_URL"]
        ask(server, Action="CreateTopic", Name="picket")
        ask(server, Action="Subscribe", TopicArn=topic, Protocol="http", Endpoint=url)
        ask(server, Action="Publish", TopicArn=topic, Message=json.dumps(CHANGE))
        [message] = [json.loads(body) for body in bodies]
        path = message["SigningCertURL"].partition(".amazonaws.com")[2]
        amazon.certificate = urllib3.request("GET", f"{server}{path}", headers=FOR_SNS, retries=False).data
    assert b"BEGIN CERTIFICATE" in amazon.certificate
    collection("speakers").insert_one({"_id": source["id"], "speaker": topic})

    assert post(deployed, source, {**message, "Message": "{}"}).status_code == 401
    assert post(deployed, source, message).status_code == 202
    deployed.deliver_all("dev.picket.webhook.received.v1")
    assert [one.data["after"] for one in deployed.of_type("scan.requested")] == [NEW]

"""notify tells people through channels: signed, once, and again later where the channel's server does not answer."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.support import secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects.mongo import notices
from picket.effects.mongo.client import collection

SHOWN = ("id", "rule", "kind", "severity", "confidence", "path", "start_line", "state")
KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


@dataclass
class Receiver:
    """A channel's server: answers with `status`, and keeps what it is sent."""

    url: str = ""
    status: int = 200
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def told(
    deployed: Deployment, forge: GitHttpServer, receiver: Receiver, environment: pytest.MonkeyPatch, tmp_path: Path
) -> Deployment:
    """A scan that found a credential, of which the policy wants to tell; the request of the notice waits."""
    channels = {"security": {"type": "webhook", "url": receiver.url, "secret": SECRET}}
    environment.setenv("PICKET_CHANNELS", json.dumps(channels))
    rule = "{id: tell, match: {finding.kind: secret}, actions: [{notify: {message: a leak, channel: security}}]}"
    path = tmp_path / "policy.yaml"
    path.write_text(f"version: 1\nrules:\n- {rule}")
    environment.setenv("PICKET_POLICY", str(path))
    forget()
    Work(forge.root / "o" / "r").commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
    while not deployed.of_type("notice.requested"):
        deployed.deliver(deployed.queue.pop(0))
    return deployed


def notify(deployed: Deployment) -> dict[str, int]:
    return deployed.deliver(deployed.of_type("notice.requested")[0])


def outcomes(deployed: Deployment) -> list[str]:
    return [message.data["outcome"] for message in deployed.of_type("notice.sent")]


def test_a_notice_is_signed_and_tells_of_the_findings_without_what_is_secret(
    told: Deployment, receiver: Receiver
) -> None:
    assert notify(told) == {"notify": 204}

    [(headers, body)] = receiver.taken
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    [finding] = told.api.get("/findings").json["findings"]
    data = json.loads(body)["data"]
    assert (data["reason"], data["message"], data["count"]) == ("tell", "a leak", 1)
    assert data["findings"] == [
        {
            name: finding[name]
            for name in ("id", "rule", "kind", "severity", "confidence", "path", "start_line", "state")
        }
    ]
    assert finding["author"] not in body.decode()
    assert secrets.slack_token(1) not in body.decode()
    assert outcomes(told) == ["sent"]


def test_a_notice_is_sent_once_however_often_its_event_comes(told: Deployment, receiver: Receiver) -> None:
    for _ in range(3):
        assert notify(told) == {"notify": 204}

    assert len(receiver.taken) == 1
    assert len({message.id for message in told.of_type("notice.sent")}) == 1


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_server_that_does_not_take_it_now_is_asked_again(told: Deployment, receiver: Receiver, status: int) -> None:
    receiver.status = status
    assert notify(told) == {"notify": 503}
    receiver.status = 204

    assert notify(told) == {"notify": 204}

    assert [headers["webhook-id"] for headers, _ in receiver.taken] == [told.of_type("notice.requested")[0].id] * 2
    assert outcomes(told) == ["sent"]


@pytest.mark.parametrize("status", [302, 400, 401, 404, 410])
def test_a_server_that_refuses_is_not_asked_again_and_that_is_told(
    told: Deployment, receiver: Receiver, status: int
) -> None:
    receiver.status = status

    for _ in range(2):
        assert notify(told) == {"notify": 204}

    assert len(receiver.taken) == 1, "and no redirect is followed"
    assert set(outcomes(told)) == {"failed"}
    assert len(told.of_type("event.rejected")) == 1
    [kept] = collection("notices").find({})
    assert (kept["state"], str(status) in kept["outcome"]) == ("Failed", True)


def test_a_server_that_is_away_is_asked_again(
    told: Deployment, receiver: Receiver, environment: pytest.MonkeyPatch
) -> None:
    away = {"security": {"type": "webhook", "url": "http://127.0.0.1:9/", "secret": SECRET}}
    environment.setenv("PICKET_CHANNELS", json.dumps(away))
    forget()

    assert notify(told) == {"notify": 503}
    assert receiver.taken == []


@pytest.mark.parametrize(
    ("channel", "status"),
    [
        ({}, 204),
        ({"type": "webhook", "url": "https://h.invalid"}, 500),
        ({"type": "smoke", "url": "https://h.invalid", "secret": SECRET}, 500),
        ({"type": "webhook", "url": "ftp://h.invalid", "secret": SECRET}, 500),
        ({"type": "webhook", "url": "https://h.invalid", "secret": "whsec_c2hvcnQ="}, 500),
        ({"type": "webhook", "url": "https://h.invalid", "secret": "plain"}, 500),
    ],
)
def test_a_channel_that_is_not_there_is_a_rejection_and_a_wrong_one_waits_to_be_mended(
    told: Deployment, environment: pytest.MonkeyPatch, channel: dict[str, Any], status: int
) -> None:
    environment.setenv("PICKET_CHANNELS", json.dumps({"security": channel} if channel else {}))
    forget()

    assert notify(told) == {"notify": status}
    assert len(told.of_type("event.rejected")) == (status == 204)


def test_an_instance_that_dies_before_it_asks_for_the_notice_is_made_up_for(
    deployed: Deployment, told: Deployment, environment: pytest.MonkeyPatch
) -> None:
    scanned = told.of_type("commitbatch.scanned")[0]
    [asked] = told.of_type("notice.requested")

    told.deliver(scanned)

    assert {message.id for message in told.of_type("notice.requested")} == {asked.id}
    assert deployed
    assert environment


def test_a_notice_that_was_taken_and_not_noted_goes_out_under_the_same_id(
    told: Deployment, receiver: Receiver, environment: pytest.MonkeyPatch
) -> None:
    with environment.context() as patch:
        patch.setattr(notices, "finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            notify(told)

    assert notify(told) == {"notify": 204}
    assert len({headers["webhook-id"] for headers, _ in receiver.taken}) == 1

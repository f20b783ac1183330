"""Dead letters and rejections: listed, shown, replayed and dropped, each once however often it is asked for."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support import secrets
from tests.support.deployment import Deployment, Message, forget
from tests.support.repositories import Work

from picket.effects import broker
from picket.events import CommitBatchScanned, Envelope, ScanRequested

WEBHOOK = "dev.picket.webhook.received.v1"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    made = Work(tmp_path / "w")
    made.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    return made


def bury(deployed: Deployment, trigger: str, message: Message, **error: str) -> dict[str, Any]:
    """Give a dead letter to the sink; how the API lists it."""
    headers = {**message.headers, **{f"ce-{name}": value for name, value in error.items()}}
    assert deployed.api.post(f"/dead-letters/{trigger}", data=message.body, headers=headers).status_code == 204
    letters = deployed.api.get("/dead-letters?limit=200").json["letters"]
    found = [letter for letter in letters if letter["function"] == trigger]
    return dict(next(one for one in found if show(deployed, one["id"])["event"]["id"] == message.id))


def show(deployed: Deployment, letter: str) -> dict[str, Any]:
    return dict(deployed.api.get(f"/dead-letters/{letter}").json)


def replay(deployed: Deployment, letter: str, **order: Any) -> Any:
    return deployed.api.post(f"/dead-letters/{letter}/replay", json=order)


def delivery(number: int = 1, kind: str = WEBHOOK, body: bytes = b'{"payload": {}}') -> Message:
    headers = {"ce-id": f"d{number}", "ce-type": kind, "ce-source": "/s", "ce-specversion": "1.0"}
    more = {"ce-subject": f"delivery-{number}", "ce-partitionkey": "h/o/r", "content-type": "application/json"}
    return Message({**headers, **more}, body)


def dead_scan(deployed: Deployment, work: Work, **more: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ask for a scan and let its request die; the scan and the letter."""
    scan = deployed.api.post("/scans", json={"repository": str(work.path)}).json
    letter = bury(deployed, "enumerate", deployed.queue.pop(0), **more)
    deployed.queue.clear()
    return scan, letter


def test_a_dead_letter_says_what_why_since_when_and_how_often(deployed: Deployment) -> None:
    body = {"title": "Service Unavailable", "status": 503, "detail": "something this needs is away"}
    data = base64.b64encode(json.dumps(body).encode()).decode()
    error = {"knativeerrorcode": "503", "knativeerrordata": data, "knativeerrordest": "http://normalize"}

    letter = bury(deployed, "normalize", delivery(), **error)
    again = bury(deployed, "normalize", delivery(), **error)

    assert (letter["kind"], letter["state"], letter["function"]) == ("dead-letter", "open", "normalize")
    assert (letter["type"], letter["subject"], letter["repository"]) == (WEBHOOK, "delivery-1", "h/o/r")
    assert letter["reason"] == "its retries ran out; the last answer was 503 something this needs is away"
    assert letter["error"]["destination"] == "http://normalize"
    assert (letter["times"], again["times"], again["since"]) == (1, 2, letter["since"])
    assert again["last_at"] > letter["last_at"]
    assert "data" not in letter
    shown = show(deployed, letter["id"])
    assert (shown["data"], shown["event"]["id"], shown["replay_of"]) == ({"payload": {}}, "d1", None)


@pytest.mark.parametrize(
    ("error", "code", "data"),
    [
        pytest.param({}, "", "", id="none"),
        pytest.param({"knativeerrordata": "no, %"}, "", "no, %", id="not base64"),
        pytest.param({"knativeerrordata": "Ym9vbQ=", "knativeerrorcode": "500"}, "500", "boo", id="cut short"),
        pytest.param({"knativeerrordata": base64.b64encode(b"\x1b[2J\xff{}").decode()}, "", "[2J\ufffd{}", id="bytes"),
        pytest.param({"knativeerrordata": base64.b64encode(b"[" * 700).decode()}, "", "[" * 700, id="deep"),
        pytest.param({"knativeerrordata": base64.b64encode(b'{"detail"').decode()}, "", '{"detail"', id="cut JSON"),
    ],
)
def test_what_the_function_answered_is_shown_whatever_it_is(
    deployed: Deployment, error: dict[str, str], code: str, data: str
) -> None:
    letter = bury(deployed, "score", delivery(), **error)

    assert (letter["error"]["code"], letter["error"]["data"]) == (code, data)
    assert letter["reason"].startswith("its retries ran out")


def test_a_rejection_is_listed_beside_dead_letters_with_its_reason(deployed: Deployment) -> None:
    assert deployed.deliver(delivery(body=b"{}")) == {"normalize": 204}
    bury(deployed, "scan", delivery(2))

    letters = deployed.api.get("/dead-letters").json["letters"]

    assert [(one["kind"], one["function"]) for one in letters] == [("rejection", "test"), ("dead-letter", "scan")][::-1]
    rejected = letters[1]
    assert (rejected["error"]["code"], "does not fit" in rejected["reason"]) == ("Malformed", True)
    assert [one["kind"] for one in deployed.api.get("/dead-letters?kind=rejection").json["letters"]] == ["rejection"]
    assert [one["function"] for one in deployed.api.get("/dead-letters?function=scan").json["letters"]] == ["scan"]
    assert deployed.api.get("/dead-letters?function=score").json["letters"] == []
    assert deployed.api.get("/dead-letters?function=sca").status_code == 422


def test_letters_are_paged_by_function_and_then_oldest_first(deployed: Deployment) -> None:
    for number in range(7):
        bury(deployed, ("scan", "score", "feedback")[number % 3], delivery(number))
    deployed.deliver(delivery(8, body=b"{}"))

    seen: list[dict[str, Any]] = []
    after = ""
    while True:
        page = deployed.api.get("/dead-letters", query_string={"limit": 2, "after": after}).json
        seen += page["letters"]
        after = page["next"]
        if not after:
            break

    assert len({letter["id"] for letter in seen}) == len(seen) == 8
    assert [(one["function"], one["since"]) for one in seen] == sorted((one["function"], one["since"]) for one in seen)


def test_counts_are_by_function_with_the_oldest(deployed: Deployment) -> None:
    letters = [bury(deployed, trigger, delivery(n)) for n, trigger in enumerate(["scan", "scan", "score", "scan-x"])]
    deployed.deliver(delivery(8, body=b"{}"))

    counts = deployed.api.get("/dead-letters/counts").json["functions"]

    assert {name: (found["dead_letters"], found["rejections"]) for name, found in counts.items()} == {
        "scan": (2, 0),
        "scan-x": (1, 0),
        "score": (1, 0),
        "test": (0, 1),
    }
    assert counts["scan"]["oldest"] == letters[0]["since"]
    deployed.api.delete(f"/dead-letters/{letters[0]['id']}")
    replay(deployed, letters[2]["id"])
    counts = deployed.api.get("/dead-letters/counts").json["functions"]
    assert (counts["scan"]["dead_letters"], counts["scan"]["oldest"]) == (1, letters[1]["since"])
    assert "score" not in counts


def test_a_replay_is_a_new_event_of_the_same_data_caused_by_the_dead_one(deployed: Deployment) -> None:
    message = delivery()
    message.headers["ce-correlationid"] = "root"
    letter = bury(deployed, "normalize", message)

    answer = replay(deployed, letter["id"], by="me")

    assert answer.status_code == 202
    [sent] = deployed.sent
    assert (sent.type, sent.data) == (WEBHOOK, {"payload": {}})
    assert sent.headers["ce-dataschema"] == f"urn:picket:schema:{WEBHOOK}"
    assert (sent.headers["ce-causationid"], sent.headers["ce-correlationid"]) == ("d1", "root")
    assert (sent.headers["ce-subject"], sent.headers["ce-partitionkey"]) == ("delivery-1", "h/o/r")
    assert sent.id != "d1"
    [record] = answer.json["replays"]
    assert (record["number"], record["event"], record["by"], answer.json["state"]) == (1, sent.id, "me", "replayed")
    assert record["at"] > letter["since"]
    assert deployed.api.get("/dead-letters").json["letters"] == []
    assert [one["id"] for one in deployed.api.get("/dead-letters?all=true").json["letters"]] == [letter["id"]]


def test_asked_for_twice_a_replay_is_sent_once_and_again_only_by_its_number(deployed: Deployment) -> None:
    letter = bury(deployed, "normalize", delivery())["id"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: replay(deployed, letter), range(4)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({sent.id for sent in deployed.sent}) == 1
    count = len(deployed.sent)
    assert len(replay(deployed, letter, number=1).json["replays"]) == 1
    assert len(deployed.sent) == count
    assert replay(deployed, letter, number=3).status_code == 422
    assert len(replay(deployed, letter, number=2).json["replays"]) == 2
    assert len({sent.id for sent in deployed.sent}) == 2
    assert replay(deployed, letter, number=0).status_code == 400


def test_a_replay_that_the_broker_does_not_take_leaves_the_letter_open_and_is_the_same_event_next_time(
    deployed: Deployment,
) -> None:
    letter = bury(deployed, "normalize", delivery())["id"]
    deployed.is_down = True
    assert replay(deployed, letter).status_code == 503
    deployed.is_down = False

    [listed] = deployed.api.get("/dead-letters").json["letters"]
    assert replay(deployed, letter).status_code == 202

    [record] = show(deployed, letter)["replays"]
    assert listed["replays"] == [record]
    assert [sent.id for sent in deployed.sent] == [record["event"]]


def test_a_further_replay_that_is_not_sent_opens_the_letter_again(deployed: Deployment) -> None:
    letter = bury(deployed, "normalize", delivery())["id"]
    replay(deployed, letter)
    deployed.is_down = True
    assert replay(deployed, letter, number=2).status_code == 503
    deployed.is_down = False

    assert [one["id"] for one in deployed.api.get("/dead-letters").json["letters"]] == [letter]
    assert replay(deployed, letter).status_code == 202
    assert deployed.api.get("/dead-letters").json["letters"] == []
    assert len({sent.id for sent in deployed.sent}) == 2


def test_a_replay_that_fails_again_is_a_letter_of_its_own_that_names_the_first(deployed: Deployment) -> None:
    first = bury(deployed, "normalize", delivery())["id"]
    replay(deployed, first)

    second = bury(deployed, "normalize", deployed.sent[-1])["id"]

    assert second != first
    assert show(deployed, second)["replay_of"] == first


def test_a_replayed_request_asks_for_a_new_scan_of_the_same_thing(deployed: Deployment, work: Work) -> None:
    scan, letter = dead_scan(deployed, work)
    assert deployed.api.get(f"/scans/{scan['id']}").json["state"] == "Failed"
    assert show(deployed, letter["id"])["replay_asks_for"] == "a new scan of the same commits"

    for _ in range(2):
        answer = replay(deployed, letter["id"])
    deployed.drain()

    [record] = answer.json["replays"]
    new = deployed.api.get(f"/scans/{record['scan']}").json
    assert (new["state"], new["url"], new["parent"]) == ("Done", scan["url"], "")
    assert new["reason"] == f"replay of {scan['id']}"
    assert new["id"] != scan["id"]
    assert len(deployed.api.get(new["findings"]).json["findings"]) == 1
    assert deployed.api.get(f"/scans/{scan['id']}").json["state"] == "Failed"
    asked = [sent for sent in deployed.of_type("scan.requested") if sent.data["scan"] == new["id"]]
    assert [sent.id for sent in asked] == [record["event"]]


def test_a_replayed_push_keeps_its_range(deployed: Deployment, work: Work) -> None:
    before, after = work.head(), work.commit({"b.py": f"t = '{secrets.slack_token(2)}'\n"})
    request = ScanRequested(
        repository="h/o/r", url=work.path.as_uri(), scan="scan-1", kind="push", ref="refs/heads/main",
        before=before, after=after, parent="p", reason="push", chain=("rule",),
    )  # fmt: skip
    with broker.caused_by(Envelope("cause", "t", "/s")):
        broker.emit(request)
    letter = bury(deployed, "enumerate", deployed.queue.pop(0))

    replay(deployed, letter["id"])

    asked = deployed.of_type("scan.requested")[-1].data
    kept = ("repository", "url", "kind", "ref", "before", "after", "chain")
    assert {name: asked[name] for name in kept} == {name: request.model_dump(mode="json")[name] for name in kept}
    assert (asked["parent"], asked["reason"]) == ("", "replay of scan-1")


def test_a_batch_that_nobody_scanned_is_scanned_by_a_new_scan(deployed: Deployment, work: Work) -> None:
    scan = deployed.api.post("/scans", json={"repository": str(work.path)}).json
    deployed.deliver(deployed.queue.pop(0))
    letter = bury(deployed, "scan", deployed.queue.pop(0))
    deployed.drain()

    found = replay(deployed, letter["id"]).json["replays"][0]["scan"]
    deployed.drain()

    assert deployed.api.get(f"/scans/{scan['id']}").json["state"] == "Failed"
    new = deployed.api.get(f"/scans/{found}").json
    assert (new["state"], new["commits"], new["reason"]) == ("Done", 1, f"replay of {scan['id']}")


def test_findings_that_nobody_judged_are_judged_by_the_event_itself(deployed: Deployment, work: Work) -> None:
    deployed.api.post("/scans", json={"repository": str(work.path)})
    for _ in range(2):
        deployed.deliver(deployed.queue.pop(0))
    lost = next(message for message in deployed.queue if message.type == CommitBatchScanned.TYPE)
    deployed.queue.clear()
    letter = bury(deployed, "feedback", lost)
    deployed.drain()
    assert not deployed.of_type("finding.changed")

    replay(deployed, letter["id"])
    deployed.drain()

    assert len(deployed.of_type("finding.changed")) == 1
    assert deployed.of_type(CommitBatchScanned.TYPE.split(".", 2)[2].removesuffix(".v1"))[-1].data == lost.data


def test_what_cannot_be_replayed_says_why_and_stays(deployed: Deployment) -> None:
    reasons = []
    for number, (kind, body) in enumerate([(WEBHOOK, b"{no json"), (ScanRequested.TYPE, b"{}")]):
        letter = bury(deployed, "normalize", delivery(number, kind, body))["id"]
        answer = replay(deployed, letter)
        reasons.append((answer.status_code, answer.json["detail"]))
        assert show(deployed, letter)["state"] == "open"

    assert [status for status, _ in reasons] == [422, 422]
    assert "not JSON" in reasons[0][1]
    assert "does not fit" in reasons[1][1]
    assert not deployed.sent


def test_a_large_event_is_replayed_from_the_artifacts_unless_they_are_gone(deployed: Deployment) -> None:
    from picket.effects import artifacts  # noqa: PLC0415 - reads the settings

    whole = {"payload": {"x": "y" * 300_000}}
    kept, gone = delivery(1, body=b""), delivery(2, body=b"")
    kept.headers["ce-dataref"] = artifacts.put("events/d1.json", json.dumps(whole).encode())
    gone.headers["ce-dataref"] = "artifact:events/none.json"
    ids = [bury(deployed, "normalize", message)["id"] for message in (kept, gone)]

    assert show(deployed, ids[0])["data"] == whole
    assert "is not there" in show(deployed, ids[1])["data_lost"]
    assert [replay(deployed, letter).status_code for letter in ids] == [202, 404]
    [sent] = deployed.sent
    assert json.loads(artifacts.get(sent.headers["ce-dataref"])) == whole


def test_a_dropped_letter_leaves_the_list_and_stays_on_record(deployed: Deployment) -> None:
    letter = bury(deployed, "normalize", delivery())["id"]

    for name in ("me", "another"):
        answer = deployed.api.delete(f"/dead-letters/{letter}", json={"by": name})
        assert (answer.status_code, answer.json["state"]) == (200, "dropped")

    assert deployed.api.get("/dead-letters").json["letters"] == []
    [kept] = deployed.api.get("/dead-letters?all=true").json["letters"]
    assert (kept["dropped_by"], bool(kept["dropped_at"])) == ("me", True)
    assert not deployed.sent


@pytest.mark.parametrize("path", ["/dead-letters/{id}/replay", "/dead-letters/{id}/replay/"])
def test_a_replay_is_not_let_in_by_the_sinks_door(
    deployed: Deployment, environment: pytest.MonkeyPatch, path: str
) -> None:
    letter = bury(deployed, "normalize", delivery())["id"]
    inside = {"Host": "api.picket.svc.cluster.local"}
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - what a container listens on
    forget()

    assert deployed.api.post(path.format(id=letter), json={}, headers=inside).status_code == 401
    assert deployed.api.delete(f"/dead-letters/{letter}", json={}, headers=inside).status_code == 401
    assert deployed.api.get("/dead-letters", headers=inside).status_code == 401
    environment.setenv("HOST", "127.0.0.1")
    forget()
    evil = {"Host": "evil.example"}
    assert deployed.api.post(path.format(id=letter), json={}, headers=evil).status_code == 421
    assert not deployed.sent


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/dead-letters/none", 404),
        ("GET", "/dead-letters/letter-none", 404),
        ("POST", "/dead-letters/rejection-none/replay", 404),
        ("DELETE", "/dead-letters/none", 404),
        ("GET", "/dead-letters?kind=other", 422),
        ("GET", "/dead-letters?colour=red", 422),
        ("GET", "/dead-letters?limit=0", 422),
    ],
)
def test_a_letter_that_is_not_there_is_a_problem(deployed: Deployment, method: str, path: str, status: int) -> None:
    answer = deployed.api.open(path, method=method)

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_a_dead_letter_is_logged_as_a_warning_without_its_data(
    deployed: Deployment, caplog: pytest.LogCaptureFixture, environment: pytest.MonkeyPatch
) -> None:
    import logging  # noqa: PLC0415 - only here

    environment.setattr(logging.getLogger("picket"), "propagate", True)

    bury(deployed, "normalize", delivery(body=b'{"payload": {"password": "hunter2"}}'))

    found = [record for record in caplog.records if record.message == "dead letter kept"]
    assert {record.levelname for record in found} == {"WARNING"}
    assert not any("hunter2" in str(vars(record)) for record in found)

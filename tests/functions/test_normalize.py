"""normalize: a delivery becomes scans and changes of repositories, or a rejection with a reason."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support import pushes
from tests.support.deployment import Deployment, Message, forget

from picket.effects.mongo.client import collection
from picket.events import WebhookReceived

URL = "https://github.com/o/r.git"
OLD, NEW = "a" * 40, "b" * 40


def receive(deployed: Deployment, event: str, payload: dict[str, Any], *, name: str = "d1", scope: str = "") -> int:
    """Deliver a webhook's event to normalize; the status."""
    data = WebhookReceived(delivery=name, source="src", provider="github", event=event, scope=scope, payload=payload)
    return deployed.deliver(message(data.TYPE, name, data.model_dump_json().encode()))["normalize"]


def message(kind: str, name: str, body: bytes) -> Message:
    headers = {"ce-id": name, "ce-type": kind, "ce-source": "/test", "ce-specversion": "1.0"}
    return Message({**headers, "content-type": "application/json"}, body)


def rejections() -> list[tuple[str, str]]:
    return [(kept["kind"], kept["reason"]) for kept in collection("rejections").find({})]


def test_a_push_asks_for_a_scan_of_what_it_names(deployed: Deployment) -> None:
    assert receive(deployed, "push", pushes.push(URL, OLD, NEW, forced=True)) == 204

    [asked] = deployed.of_type("scan.requested")
    assert asked.data | {"scan": ""} == {
        "repository": "github.com/o/r",
        "scan": "",
        "url": URL,
        "kind": "reactive",
        "ref": "refs/heads/main",
        "before": OLD,
        "after": NEW,
        "forced": True,
        "target": "",
        "head": "",
        "source": "",
        "source_url": "",
        "source_known": False,
        "pull_requests": False,
        "parent": "",
        "reason": "push",
        "chain": [],
        "asset": "",
        "asset_type": "repository",
        "tools": [],
    }
    assert deployed.api.get(f"/scans/{asked.data['scan']}").json["state"] == "New"
    assert asked.headers["ce-partitionkey"] == "github.com/o/r"


def test_the_same_delivery_again_asks_for_the_same_scan(deployed: Deployment) -> None:
    for _ in range(2):
        assert receive(deployed, "push", pushes.push(URL, OLD, NEW)) == 204

    assert len({asked.id for asked in deployed.of_type("scan.requested")}) == 1
    assert collection("scans").count_documents({}) == 1


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [("archived", "archived", True), ("unarchived", "archived", False), ("deleted", "deleted", True)],
)
def test_a_change_of_a_repository_is_recorded_and_told(
    deployed: Deployment, change: str, field: str, *, value: bool
) -> None:
    assert receive(deployed, "repository", pushes.repository(URL, change)) == 204

    assert deployed.of_type("repository.changed")[0].data["change"] == change
    assert deployed.api.get("/repositories/github.com/o/r").json[field] is value


def test_a_repository_made_public_is_known_as_public(deployed: Deployment) -> None:
    receive(deployed, "push", pushes.push(URL, OLD, NEW))
    assert deployed.api.get("/repositories/github.com/o/r").json["visibility"] == "private"

    receive(deployed, "repository", pushes.repository(URL, "publicized"), name="d2")

    assert deployed.api.get("/repositories/github.com/o/r").json["visibility"] == "public"


@pytest.mark.parametrize("knows_it", [True, False])
def test_a_renamed_repository_stays_the_same_one(deployed: Deployment, *, knows_it: bool) -> None:
    if knows_it:
        receive(deployed, "push", pushes.push(URL, OLD, NEW))
    changes = {"repository": {"name": {"from": "r"}}}
    new_url = "https://github.com/o/new.git"

    assert receive(deployed, "repository", pushes.repository(new_url, "renamed", changes=changes), name="d2") == 204
    receive(deployed, "push", pushes.push(new_url, OLD, NEW), name="d3")

    expected = "github.com/o/r" if knows_it else "github.com/o/new"
    assert deployed.of_type("scan.requested")[-1].data["repository"] == expected
    assert deployed.api.get("/repositories/github.com/o/new").json["id"] == expected
    assert collection("repositories").count_documents({}) == 1


def test_a_ping_is_taken_in_silence(deployed: Deployment) -> None:
    assert receive(deployed, "ping", {"zen": "x"}) == 204

    assert (deployed.sent, rejections()) == ([], [])


@pytest.mark.parametrize(
    ("event", "payload", "kind"),
    [
        pytest.param("push", {"ref": "x"}, "Malformed", id="a push that does not fit"),
        pytest.param("push", pushes.push("ext::sh", OLD, NEW), "Unsupported", id="a hostile address"),
        pytest.param("push", pushes.push("https://u:p@h/o/r", OLD, NEW), "Malformed", id="credentials in the address"),
    ],
)
def test_anything_else_is_kept_with_a_reason_and_told(
    deployed: Deployment, event: str, payload: dict[str, Any], kind: str
) -> None:
    assert receive(deployed, event, payload) == 204

    [(kept, reason)] = rejections()
    assert kept == kind
    [told] = deployed.of_type("event.rejected")
    assert (told.data["event"], told.data["reason"]) == ("d1", reason)
    assert not deployed.of_type("scan.requested")


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        pytest.param("issues", {"action": "opened"}, id="an event that nothing reacts to"),
        pytest.param("star", {"action": "created", "repository": {"clone_url": URL}}, id="a star"),
        pytest.param("repository", pushes.repository(URL, "edited"), id="an action that changes nothing here"),
    ],
)
def test_what_is_genuine_and_of_no_interest_is_counted_and_not_kept(
    deployed: Deployment, environment: pytest.MonkeyPatch, event: str, payload: dict[str, Any]
) -> None:
    environment.setenv("PICKET_METRICS", "true")
    forget()

    assert receive(deployed, event, payload) == 204

    assert (rejections(), deployed.sent, collection("repositories").count_documents({})) == ([], [], 0)
    answer = deployed.clients["normalize"].get("/metrics")
    assert b"picket_deliveries_ignored_total 1.0" in answer.data


def test_a_rename_without_an_id_takes_nobodys_repository_over(deployed: Deployment) -> None:
    receive(deployed, "push", pushes.push("https://github.com/acme/b.git", OLD, NEW), scope="github.com/acme/b")
    rename = pushes.repository(
        "https://github.com/acme/a.git", "renamed", changes={"repository": {"name": {"from": "b"}}}
    )
    del rename["repository"]["id"]

    receive(deployed, "repository", rename, name="d2", scope="github.com/acme/a")

    b = deployed.api.get("/repositories/github.com/acme/b").json
    assert (b["name"], b["url"]) == ("github.com/acme/b", "https://github.com/acme/b.git")
    assert deployed.api.get("/repositories/github.com/acme/a").json["id"] == "github.com/acme/a"


def test_a_rename_with_an_id_does_not_lead_out_of_the_sources_scope(deployed: Deployment) -> None:
    push = pushes.push("https://github.com/acme/b.git", OLD, NEW)
    del push["repository"]["id"]
    receive(deployed, "push", push, scope="github.com/acme/b")
    changes = {"repository": {"name": {"from": "b"}}}
    rename = pushes.repository("https://github.com/acme/a.git", "renamed", changes=changes)

    receive(deployed, "repository", rename, name="d2", scope="github.com/acme/a")

    assert rejections() == [("Unauthorized", "the source speaks for github.com/acme/a only")]
    assert deployed.api.get("/repositories/github.com/acme/b").json["url"] == "https://github.com/acme/b.git"


def at(payload: dict[str, Any], minute: int) -> dict[str, Any]:
    """Let a payload describe its repository as of some minute."""
    known = {**payload["repository"], "updated_at": f"2026-05-01T10:{minute:02d}:00Z"}
    return {**payload, "repository": known}


def test_what_was_archived_and_is_not_any_more_is_not_archived_by_a_late_delivery(deployed: Deployment) -> None:
    receive(deployed, "repository", at(pushes.repository(URL, "unarchived"), 2), name="d2")

    receive(deployed, "repository", at(pushes.repository(URL, "archived"), 1), name="d1")

    assert deployed.api.get("/repositories/github.com/o/r").json["archived"] is False
    assert [told.data["change"] for told in deployed.of_type("repository.changed")] == ["unarchived"]


def test_a_late_push_does_not_restore_an_old_name_and_is_scanned_where_the_repository_is_now(
    deployed: Deployment,
) -> None:
    receive(deployed, "push", at(pushes.push(URL, OLD, NEW), 1), name="d1")
    renamed = pushes.repository(
        "https://github.com/o/new.git", "renamed", changes={"repository": {"name": {"from": "r"}}}
    )
    receive(deployed, "repository", at(renamed, 3), name="d3")

    receive(deployed, "push", at(pushes.push(URL, NEW, "c" * 40), 2), name="d2")

    known = deployed.api.get("/repositories/github.com/o/r").json
    assert (known["name"], known["url"]) == ("github.com/o/new", "https://github.com/o/new.git")
    assert deployed.of_type("scan.requested")[-1].data["url"] == "https://github.com/o/new.git"


def test_a_clock_that_is_far_ahead_keeps_nothing_out(deployed: Deployment) -> None:
    ahead = pushes.repository(URL, "archived")
    ahead["repository"]["updated_at"] = "2999-01-01T00:00:00Z"
    receive(deployed, "repository", ahead, name="d1")

    receive(deployed, "repository", at(pushes.repository(URL, "unarchived"), 1), name="d2")

    assert deployed.api.get("/repositories/github.com/o/r").json["archived"] is False


def test_two_first_deliveries_of_one_repository_make_one(deployed: Deployment) -> None:
    urls = [f"https://github.com/o/r{number}.git" for number in range(4)]
    assert collection("names").count_documents({}) == 0  # one client for all threads

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda url: receive(deployed, "push", pushes.push(url, OLD, NEW), name=url), urls))

    assert collection("repositories").count_documents({"forge_key": "github.com:7"}) == 1


def test_a_repository_outside_the_sources_scope_is_refused(deployed: Deployment) -> None:
    receive(deployed, "push", pushes.push(URL, OLD, NEW), scope="github.com/other")

    assert rejections() == [("Unauthorized", "the source speaks for github.com/other only")]


def test_a_payloads_id_does_not_lead_out_of_the_sources_scope(deployed: Deployment) -> None:
    receive(deployed, "push", pushes.push("https://github.com/alice/prod.git", OLD, NEW), scope="github.com/alice")
    mallory = pushes.repository("https://github.com/mallory/x.git", "deleted")

    receive(deployed, "repository", mallory, name="d2", scope="github.com/mallory")

    assert rejections() == [("Unauthorized", "the source speaks for github.com/mallory only")]
    prod = deployed.api.get("/repositories/github.com/alice/prod").json
    assert (prod["name"], prod["deleted"]) == ("github.com/alice/prod", False)


def test_events_of_knatives_github_source_are_understood(deployed: Deployment) -> None:
    body = pushes.encode(pushes.push(URL, OLD, NEW))

    assert deployed.deliver(message("dev.knative.source.github.push", "g1", body)) == {"normalize": 204}
    assert deployed.of_type("scan.requested")


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'{"delivery": 1}'])
def test_data_that_does_not_fit_is_kept_as_a_rejection(deployed: Deployment, body: bytes) -> None:
    assert deployed.deliver(message(WebhookReceived.TYPE, "x", body)) == {"normalize": 204}

    [(kind, reason)] = rejections()
    assert kind == "Malformed"
    assert WebhookReceived.TYPE in reason


@pytest.mark.parametrize("function", ["normalize", "enumerate", "scan", "feedback", "score"])
def test_what_is_no_event_is_answered_400(deployed: Deployment, function: str) -> None:
    client = deployed.clients[function]

    assert client.post("/", data=b"{}", headers={"Content-Type": "application/json"}).status_code == 400
    assert client.post("/", data=b"{", headers={"Content-Type": "application/cloudevents+json"}).status_code == 400
    assert client.get("/").status_code == 405


@pytest.mark.parametrize("function", ["normalize", "enumerate", "scan", "feedback", "score"])
def test_an_event_of_another_type_is_kept_as_a_rejection(deployed: Deployment, function: str) -> None:
    other = message("some.other.type", "o1", b"{}")

    answer = deployed.clients[function].post("/", data=other.body, headers=other.headers)

    assert (answer.status_code, answer.data) == (204, b"")
    assert rejections()[0][0] == "Unsupported"


def test_structured_events_are_understood_too(deployed: Deployment) -> None:
    body = (
        b'{"specversion":"1.0","id":"s1","source":"/t","type":"some.other.type","datacontenttype":"application/json",'
        b'"data":{"a":1}}'
    )

    answer = deployed.clients["score"].post("/", data=body, headers={"Content-Type": "application/cloudevents+json"})

    assert answer.status_code == 204
    assert collection("rejections").find_one({})["event"]["id"] == "s1"  # type: ignore[index]

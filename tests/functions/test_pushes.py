"""One push is scanned once, whoever tells of it and how often; another push of the same commits is another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support import pushes
from tests.support.deployment import Deployment, Message
from tests.support.repositories import GitHttpServer, Work
from tests.support.there import there

from picket.effects.mongo import pushes as told_pushes
from picket.effects.mongo import scans
from picket.effects.mongo.client import collection
from picket.events import WebhookReceived
from picket.orchestration.pushes import Move, scan_of

URL = "https://github.com/o/r.git"
A, B, C, NONE = "a" * 40, "b" * 40, "c" * 40, "0" * 40


def tell(
    deployed: Deployment, before: str, after: str, *, name: str, webhook: str = "one", ref: str = "refs/heads/main"
) -> None:
    """Deliver a push to normalize, told by a webhook under the name of a delivery."""
    payload = pushes.push(URL, before, after, ref=ref)
    data = WebhookReceived(delivery=name, source=webhook, provider="github", event="push", payload=payload)
    headers = {"ce-id": name, "ce-type": data.TYPE, "ce-source": "/t", "ce-specversion": "1.0"}
    message = Message({**headers, "content-type": "application/json"}, data.model_dump_json().encode())
    assert deployed.deliver(message) == {"normalize": 204}


def asked(deployed: Deployment) -> list[str]:
    """Return the ids of the scans that were asked for, in order."""
    return [one.data["scan"] for one in deployed.of_type("scan.requested")]


def end(scan: str, state: str) -> None:
    collection("scans").update_one({"_id": scan}, {"$set": {"state": state}})


def test_two_hooks_that_tell_of_a_push_lead_to_one_scan(deployed: Deployment) -> None:
    tell(deployed, A, B, name="d1", webhook="one")
    tell(deployed, A, B, name="d2", webhook="two")
    [first, *more] = asked(deployed)

    assert set(more) <= {first}
    assert collection("scans").count_documents({}) == 1


@pytest.mark.parametrize("state", ["Queued", "InProgress", "Done", "Partial"])
def test_what_was_told_before_is_not_asked_for_again_once_it_has_begun(deployed: Deployment, state: str) -> None:
    tell(deployed, A, B, name="d1")
    end(asked(deployed)[0], state)

    tell(deployed, A, B, name="d2")
    tell(deployed, A, B, name="d3", webhook="two")

    assert len(asked(deployed)) == 1


def test_the_first_delivery_that_comes_again_asks_again_as_it_did(deployed: Deployment) -> None:
    for _ in range(2):
        tell(deployed, A, B, name="d1")
        end(asked(deployed)[0], "Done")

    assert len({one.id for one in deployed.of_type("scan.requested")}) == 1


@pytest.mark.parametrize("state", ["Failed", "Cancelled"])
@pytest.mark.parametrize("name", ["d1", "d2"], ids=["the same delivery", "another one"])
def test_what_has_come_to_nothing_can_be_told_again(deployed: Deployment, state: str, name: str) -> None:
    tell(deployed, A, B, name="d1")
    end(asked(deployed)[0], state)

    tell(deployed, A, B, name=name)
    tell(deployed, A, B, name=name)
    tell(deployed, A, B, name="d3", webhook="two")

    first, *more = asked(deployed)
    assert len(set(more)) == 1
    assert first not in more
    assert collection("scans").count_documents({}) == 2


def test_a_branch_that_goes_back_and_forth_is_looked_at_each_time(deployed: Deployment) -> None:
    moves = [(A, B), (B, A), (A, B), (B, A), (A, B)]
    for number, (before, after) in enumerate(moves):
        for webhook in ("one", "two"):
            tell(deployed, before, after, name=f"{webhook}{number}", webhook=webhook)
        for scan in set(asked(deployed)):
            end(scan, "Done")

    assert len(set(asked(deployed))) == len(moves)


def test_a_hook_that_lags_behind_tells_of_the_same_pushes(deployed: Deployment) -> None:
    for webhook in ("one", "two"):
        for number, (before, after) in enumerate([(A, B), (B, A), (A, B)]):
            tell(deployed, before, after, name=f"{webhook}{number}", webhook=webhook)

    assert len(set(asked(deployed))) == 3


def test_the_broker_s_second_delivery_of_an_early_push_is_not_a_later_one(deployed: Deployment) -> None:
    for number, (before, after) in enumerate([(A, B), (B, A), (A, B)]):
        tell(deployed, before, after, name=f"d{number}")
    known = asked(deployed)

    tell(deployed, A, B, name="d0")

    assert asked(deployed)[-1] == known[0]


def test_a_branch_that_is_deleted_and_made_again_is_looked_at_again(deployed: Deployment) -> None:
    for number, (before, after) in enumerate([(NONE, A), (A, NONE), (NONE, A)]):
        tell(deployed, before, after, name=f"d{number}")

    assert len(set(asked(deployed))) == 3


def test_other_refs_and_other_commits_are_other_pushes(deployed: Deployment) -> None:
    tell(deployed, A, B, name="d1")
    tell(deployed, A, C, name="d2")
    tell(deployed, A, B, name="d3", ref="refs/heads/other")
    tell(deployed, A, B, name="d4", ref="refs/tags/v1")

    assert len(set(asked(deployed))) == 4


@pytest.mark.parametrize("state", ["", "Failed"])
def test_those_who_tell_at_the_same_time_agree(deployed: Deployment, state: str) -> None:
    assert deployed
    assert collection("pushes").count_documents({}) == 0  # one client for all threads
    move = Move("github.com/o/r", "refs/heads/main", A, B)
    if state:
        tell(deployed, A, B, name="d0")
        end(asked(deployed)[0], state)

    with ThreadPoolExecutor(8) as pool:
        led = list(pool.map(lambda number: scan_of(move, f"w{number}", f"e{number}"), range(8)))

    assert len({scan for scan, _ in led}) == 1
    assert sum(is_news for _, is_news in led) == 1
    [kept] = told_pushes.of_ref(move.repository, move.ref)["pushes"][-1:]
    assert len(kept["told"]) == 8


def test_what_is_kept_of_a_ref_is_bounded(deployed: Deployment) -> None:
    assert deployed
    for number in range(60):
        scan_of(Move("r", "refs/heads/main", f"{number:040x}", f"{number + 1:040x}"), "w", f"e{number}")
    for number in range(60):
        scan_of(Move("r", "refs/heads/main", f"{59:040x}", f"{60:040x}"), f"w{number}", f"f{number}")

    kept = told_pushes.of_ref("r", "refs/heads/main")["pushes"]
    assert (len(kept), len(kept[-1]["told"])) == (20, 12)
    assert kept[-1]["told"][0]["cause"] == "e59"


def test_a_pull_request_is_told_by_its_head(deployed: Deployment) -> None:
    def tell_of(action: str, head: str, name: str) -> None:
        known = {"id": 7, "clone_url": URL, "private": True}
        told = {"head": {"ref": "t", "sha": head}, "base": {"ref": "main", "sha": A}}
        payload: dict[str, Any] = {"action": action, "number": 3, "pull_request": told, "repository": known}
        data = WebhookReceived(delivery=name, source="s", provider="github", event="pull_request", payload=payload)
        headers = {"ce-id": name, "ce-type": data.TYPE, "ce-source": "/t", "ce-specversion": "1.0"}
        message = Message({**headers, "content-type": "application/json"}, data.model_dump_json().encode())
        assert deployed.deliver(message) == {"normalize": 204}

    for number, (action, head) in enumerate(
        [("opened", A), ("ready_for_review", A), ("synchronize", B), ("synchronize", A), ("reopened", A)]
    ):
        tell_of(action, head, f"d{number}")
        for scan in asked(deployed):
            end(scan, "Done")

    assert len(set(asked(deployed))) == 3
    assert {one.data["reason"] for one in deployed.of_type("scan.requested")} == {"pull request"}


def test_a_forgotten_repository_leaves_nothing_of_its_pushes(deployed: Deployment) -> None:
    tell(deployed, A, B, name="d1")
    assert collection("pushes").count_documents({}) == 1

    deployed.api.delete("/repositories/github.com/o/r?confirm=github.com/o/r")
    deployed.deliver_all("dev.picket.repository.forgotten.v1")

    assert collection("pushes").count_documents({}) == 0


def test_two_hooks_end_to_end_find_what_was_pushed_once(deployed: Deployment, forge: GitHttpServer) -> None:
    work = Work(forge.root / "o" / "r")
    before, after = work.commit({"a.py": "x = 1\n"}), work.commit({"b.py": "y = 1\n"})
    payload = pushes.push(f"{forge.url}/o/r/.git", before, after)
    body = pushes.encode(payload)
    for number in range(2):
        source = deployed.api.post("/webhooks", json={"sender": "github", "name": f"t{number}"}).json
        headers = pushes.signed(source["secret"], body, delivery=f"d{number}")
        where = source["url"].removeprefix("http://127.0.0.1:8080")
        assert deployed.clients["ingest"].post(where, data=body, headers=headers).status_code == 202
        deployed.drain()

    [scan] = deployed.api.get("/scans?state=all").json["scans"]
    assert there(scans.find(scan["id"]))["state"] == "Done"
    assert len(deployed.of_type("scan.completed")) == 1

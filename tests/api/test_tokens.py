"""The API's bearer tokens: made once, stored hashed, each good for its scope until it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.deployment import Deployment, forget

from picket.api.app import _app
from picket.api.scopes import SCOPES, needed
from picket.effects.mongo import client, tokens
from picket.effects.mongo.client import collection
from picket.events import ago, now
from picket.runtime.access import INCLUDED, Scope

BOOTSTRAP = "b" * 40
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def beyond(deployed: Deployment, environment: pytest.MonkeyPatch) -> Deployment:
    """The functions where others than this machine can reach them."""
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - what a container listens on
    environment.setenv("PICKET_API_TOKEN", BOOTSTRAP)
    forget()
    return deployed


@pytest.fixture
def make(beyond: Deployment) -> Make:
    """Makes tokens with the bootstrap token."""

    def made(scope: str, name: str = "ci", **more: Any) -> dict[str, Any]:
        answer = beyond.api.post("/tokens", json={"name": name, "scope": scope, **more}, headers=bearer(BOOTSTRAP))
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    return made


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def seconds_pass() -> None:
    """Let so much time pass that what was remembered of tokens is read anew."""
    forget()


def test_every_route_has_a_scope_and_every_scope_a_route(deployed: Deployment) -> None:
    assert deployed
    endpoints = {rule.endpoint for rule in _app().url_map.iter_rules() if rule.endpoint != "static"}

    assert set(SCOPES) == endpoints


def test_looking_takes_the_least_scope_and_what_could_hide_a_leak_the_largest() -> None:
    for rule in _app().url_map.iter_rules():
        looks = "GET" in (rule.methods or set())
        guarded = {"tokens.page": "admin", "doctor.show": "admin", "dead_letters.show": "submit"}
        guarded |= {"reports.show": "report"}
        expected = guarded.get(rule.endpoint, "read")
        assert (needed(rule.endpoint) == expected) is looks, rule

    assert {needed(name) for name in ("scans.cancel", "dead_letters.drop", "tokens.add", "webhooks.add")} == {"admin"}
    assert needed("somebody.forgot") == "admin"


@pytest.mark.parametrize("scope", INCLUDED)
def test_a_token_opens_what_its_scope_includes_and_nothing_else(beyond: Deployment, make: Make, scope: Scope) -> None:
    token = make(scope)["token"]
    asked = {
        "read": beyond.api.get("/scans", headers=bearer(token)),
        "submit": beyond.api.post("/scans", json={"repository": "https://h.invalid/o/r"}, headers=bearer(token)),
        "report": beyond.api.post("/reports?tool=t&asset=h/o/r", json={}, headers=bearer(token)),
        "triage": beyond.api.patch("/findings/none", json={"state": "fixed"}, headers=bearer(token)),
        "admin": beyond.api.get("/tokens", headers=bearer(token)),
    }

    for needs, answer in asked.items():
        assert (answer.status_code != 403) is (needs in INCLUDED[scope]), needs
        if answer.status_code == 403:
            assert answer.content_type == "application/problem+json"
            assert answer.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{needs}"'
    assert len(beyond.of_type("scan.requested")) == (scope in {"submit", "admin"})


def test_a_token_is_shown_once_and_stored_as_a_hash(beyond: Deployment, make: Make) -> None:
    made = make("read", "dashboard", days=7)
    listed = beyond.api.get("/tokens", headers=bearer(BOOTSTRAP))

    assert made["token"].startswith("picket_")
    assert len(made["token"]) == 50
    assert made["token"] not in repr(list(collection("tokens").find({})))
    assert made["token"] not in listed.text
    [shown] = listed.json["tokens"]
    assert shown == {name: value for name, value in made.items() if name != "token"}
    assert (shown["name"], shown["scope"], shown["state"]) == ("dashboard", "read", "valid")
    assert (shown["created_by"], shown["last_used_at"]) == ("PICKET_API_TOKEN", None)
    assert ago(-timedelta(days=6)) < shown["expires_at"] < ago(-timedelta(days=8))


def test_unknown_expired_revoked_and_missing_tokens_are_answered_alike(beyond: Deployment, make: Make) -> None:
    expired, revoked = make("admin", "old"), make("admin", "bad")
    collection("tokens").update_one({"token": expired["id"]}, {"$set": {"expires_at": ago(timedelta(seconds=1))}})
    assert beyond.api.delete(f"/tokens/{revoked['id']}", json={}, headers=bearer(BOOTSTRAP)).status_code == 200
    seconds_pass()

    given = [expired["token"], revoked["token"], "picket_" + "A" * 43, "x", "", BOOTSTRAP[:-1], f"{BOOTSTRAP}=", "ü"]
    answers = [beyond.api.get("/scans", headers=bearer(token)) for token in given] + [beyond.api.get("/scans")]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_without_a_bootstrap_token_an_empty_one_opens_nothing(
    beyond: Deployment, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PICKET_API_TOKEN", "")
    forget()

    for header in ("Bearer ", "Bearer", "", "Basic Og=="):
        assert beyond.api.get("/scans", headers={"Authorization": header}).status_code == 401


def test_a_token_that_expires_while_it_is_remembered_ends_then(
    beyond: Deployment, make: Make, environment: pytest.MonkeyPatch
) -> None:
    token = make("read")["token"]
    assert beyond.api.get("/scans", headers=bearer(token)).status_code == 200
    environment.setattr(tokens, "now", lambda: ago(-timedelta(days=91)))

    assert beyond.api.get("/scans", headers=bearer(token)).status_code == 401


def test_a_revoked_token_works_for_no_longer_than_it_is_remembered(beyond: Deployment, make: Make) -> None:
    token = make("read", "lost")["token"]
    assert beyond.api.get("/scans", headers=bearer(token)).status_code == 200

    done = beyond.api.delete("/tokens/lost", json={}, headers=bearer(BOOTSTRAP))
    assert (done.json["state"], done.json["revoked_by"]) == ("revoked", "PICKET_API_TOKEN")
    seconds_pass()

    assert beyond.api.get("/scans", headers=bearer(token)).status_code == 401
    assert tokens.REMEMBERED_SECONDS <= 5


@pytest.mark.parametrize("name", ["loopback", "PICKET_API_TOKEN"])
def test_no_token_is_called_what_the_log_calls_others(beyond: Deployment, name: str) -> None:
    answer = beyond.api.post("/tokens", json={"name": name, "scope": "read"}, headers=bearer(BOOTSTRAP))
    assert (answer.status_code, answer.json["detail"]) == (400, f"{name} is what the log calls another caller")


def test_an_expired_token_leaves_its_name_to_the_next(beyond: Deployment, make: Make) -> None:
    old = make("read")
    collection("tokens").update_one({"token": old["id"]}, {"$set": {"expires_at": ago(timedelta(days=1))}})
    new = make("read")

    assert beyond.api.delete("/tokens/ci", json={}, headers=bearer(BOOTSTRAP)).json["id"] == new["id"]


def test_a_name_that_several_have_revokes_none_of_them(beyond: Deployment, make: Make) -> None:
    first, other = make("read"), make("read", "other")
    collection("tokens").update_one({"token": other["id"]}, {"$set": {"name": "ci"}})  # as an earlier version admitted

    assert beyond.api.delete("/tokens/ci", json={}, headers=bearer(BOOTSTRAP)).status_code == 409
    assert beyond.api.delete(f"/tokens/{first['id']}", json={}, headers=bearer(BOOTSTRAP)).status_code == 200
    assert beyond.api.delete("/tokens/ci", json={}, headers=bearer(BOOTSTRAP)).status_code == 200
    assert beyond.api.delete("/tokens/ci", json={}, headers=bearer(BOOTSTRAP)).status_code == 404


def test_a_name_that_a_valid_token_has_is_refused_to_another(beyond: Deployment, make: Make) -> None:
    first = make("read", "board")

    order = {"name": "board", "scope": "admin"}
    refused = beyond.api.post("/tokens", json=order, headers=bearer(BOOTSTRAP))
    assert (refused.status_code, "board" in refused.json["detail"]) == (409, True)
    assert [one["id"] for one in tokens_listed(beyond)] == [first["id"]]
    beyond.api.delete("/tokens/board", json={}, headers=bearer(BOOTSTRAP))
    assert make("admin", "board")["state"] == "valid"


def tokens_listed(beyond: Deployment) -> list[dict[str, Any]]:
    return list(beyond.api.get("/tokens", headers=bearer(BOOTSTRAP)).json["tokens"])


def test_a_burst_of_requests_reads_its_token_once_and_writes_once(
    beyond: Deployment, make: Make, environment: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    find = client.collection

    def counted(name: str, *of: Any) -> Any:
        read.append(name)
        return find(name, *of)

    token = make("read")["token"]
    environment.setattr(tokens, "collection", counted)
    environment.setattr("picket.effects.mongo.tokens.time", SimpleNamespace(monotonic=lambda: 1.0))

    for _ in range(5):
        assert beyond.api.get("/openapi.json", headers=bearer(token)).status_code == 200
    assert len(read) == 2  # it was found, and noted as used
    seconds_pass()
    assert beyond.api.get("/openapi.json", headers=bearer(token)).status_code == 200

    assert len(read) == 3
    [kept] = collection("tokens").find({})
    assert ago(timedelta(minutes=1)) < kept["last_used_at"] <= now()


def test_what_cannot_be_a_token_is_refused_without_asking_the_store(
    beyond: Deployment, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(tokens, "collection", lambda _: pytest.fail("the store was asked"))

    for given in ("x", "picket_", "picket_" + "A" * 44, "picket_" + "A" * 42 + "=", "picket_" + "A" * 43 + "\n"):
        assert tokens.lately(given) is None
    assert beyond.api.get("/scans", headers=bearer("hunter2")).status_code == 401


def test_while_the_store_is_away_a_token_is_neither_valid_nor_wrong(
    beyond: Deployment, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("MONGODB_URI", "mongodb://127.0.0.1:1")
    environment.setenv("PICKET_MONGODB_TIMEOUT_SECONDS", "0.2")
    environment.setenv("PICKET_METRICS", "true")
    forget()

    for path in ("/scans", "/metrics"):
        answer = beyond.api.get(path, headers=bearer("picket_" + "B" * 43))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_on_loopback_the_first_token_is_made_without_one(deployed: Deployment) -> None:
    made = deployed.api.post("/tokens", json={"name": "first", "scope": "admin"})

    assert (made.status_code, made.json["created_by"]) == (201, "loopback")


@pytest.mark.parametrize(
    "order",
    [
        {"name": "a", "scope": "root"},
        {"name": "", "scope": "read"},
        {"name": "a b", "scope": "read"},
        {"name": "a\n", "scope": "read"},
        {"name": "a" * 65, "scope": "read"},
        {"name": "a", "scope": "read", "days": 0},
        {"name": "a", "scope": "read", "days": 4_000},
        {"name": "a"},
        {},
    ],
)
def test_a_token_that_does_not_fit_is_not_made(deployed: Deployment, order: dict[str, Any]) -> None:
    assert deployed.api.post("/tokens", json=order).status_code == 400
    assert collection("tokens").count_documents({}) == 0


def test_who_changes_something_is_logged_by_name_and_never_by_token(
    beyond: Deployment, make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    token = make("submit", "deploy-bot")["token"]
    capsys.readouterr()

    beyond.api.post("/repositories", json={"repository": "https://h.invalid/o/r"}, headers=bearer(token))
    beyond.api.get("/scans", headers=bearer(token))

    shown = capsys.readouterr().err
    [line] = [json.loads(line) for line in shown.splitlines() if "changed through the API" in line]
    assert (line["caller"], line["route"]) == ("deploy-bot", "repositories.add")
    assert token not in shown


def test_the_record_of_a_token_in_memory_does_not_show_it(beyond: Deployment, make: Make) -> None:
    assert beyond
    token = make("read")["token"]

    assert token not in repr(tokens.lately(token))

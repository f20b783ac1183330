"""Webhooks at forges are removed, and nothing is said to be gone that is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.orchestration import asking
from tests.orchestration.webhooks.managed import as_it_should_be, changes, connect, name_of, shown
from tests.support.deployment import Deployment
from tests.support.hook_forges import HookForge, Kept

from picket.effects.forge.hooks import Keeper
from picket.effects.mongo import connections
from picket.effects.mongo.client import collection
from picket.events import ago
from picket.forges import FORGES
from picket.forges.hooks import Place
from picket.runtime import doctor


def test_a_new_secret_reaches_the_forge_and_the_former_one_stays_valid(deployed: Deployment, forge: HookForge) -> None:
    forge.place(name_of(forge))
    connect(deployed, forge)
    before = {one.secret for one in as_it_should_be(deployed, forge)}
    [webhook] = deployed.api.get("/webhooks").json["webhooks"]

    answer = deployed.api.post(f"/webhooks/{webhook['id']}/rotate", json={})
    deployed.drain()

    assert "secret" not in answer.json
    after = {one.secret for one in as_it_should_be(deployed, forge)}
    assert before.isdisjoint(after)
    assert ("replaced" in changes(deployed)) == FORGES[forge.forge].hooks.keeps_secret


def test_it_is_taken_away_again(deployed: Deployment, forge: HookForge) -> None:
    forge.place(name_of(forge))
    connect(deployed, forge)
    foreign = Kept("988", "https://elsewhere.example.com/in/github/x", "s", ["push"], more={"publisherInputs": {}})
    forge.kept(name_of(forge)).append(foreign)

    answer = deployed.api.delete(f"/connections/{forge.host}/{name_of(forge)}")
    deployed.drain()

    assert answer.status_code == 202
    assert forge.kept(name_of(forge)) == [foreign]
    assert deployed.api.get(f"/connections/{forge.host}/{name_of(forge)}").status_code == 404
    assert all(one["revoked"] for one in deployed.api.get("/webhooks").json["webhooks"])
    assert changes(deployed)[-1] == "removed"


def test_what_the_forge_does_not_let_go_of_stays_listed_until_it_is_forgotten(
    deployed: Deployment, github: HookForge
) -> None:
    github.place("acme")
    connect(deployed, github)
    github.hook = lambda *_: (403, {"message": "no"})

    deployed.api.delete(f"/connections/{github.host}/acme")
    deployed.drain()
    assert shown(deployed, github)["state"] == "Orphaned"
    assert all(one["revoked"] for one in deployed.api.get("/webhooks").json["webhooks"])

    gone = deployed.api.delete(f"/connections/{github.host}/acme")
    assert (gone.status_code, gone.json["state"]) == (200, "Gone")
    assert deployed.api.get(f"/connections/{github.host}/acme").status_code == 404
    assert collection("hooks").count_documents({}) == 0


def test_many_are_taken_away_a_few_at_a_time(deployed: Deployment, github: HookForge) -> None:
    connect(deployed, github)
    names = [f"acme/r{number}" for number in range(120)]
    for name in names:
        github.place(name)
    connections.settle(f"{github.host}/acme", "Connected", each=True)
    connections.add_places(f"{github.host}/acme", [Place("http", github.host, "repository", name) for name in names])

    deployed.api.delete(f"/connections/{github.host}/acme")
    deployed.drain()

    assert len(deployed.of_type("webhook.requested")) == 1 + 3
    assert deployed.api.get(f"/connections/{github.host}/acme").status_code == 404


def test_a_token_that_has_lost_the_right_is_not_told_that_all_is_gone(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    github.hook = lambda method, _path, _body: (404, {"message": "Not Found"}) if method == "DELETE" else None

    deployed.api.delete(f"/connections/{github.host}/acme")
    deployed.drain()

    assert shown(deployed, github)["state"] == "Orphaned"
    assert "removed" not in changes(deployed)
    github.hook = lambda *_: None
    asking.tick(deployed, "tick-1")
    deployed.drain()
    assert len(github.kept("acme")) == 1, "nothing new is made for what was disconnected"
    assert [one["revoked"] for one in deployed.api.get("/webhooks").json["webhooks"]] == [True]


def test_another_kind_of_forge_leaves_nothing_of_the_former_one(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    former = list(github.kept("acme"))
    github.forge = "gitea"
    connect(deployed, github)
    [kept] = github.kept("acme")
    assert kept not in former

    deployed.api.delete(f"/connections/{github.host}/acme")
    deployed.drain()

    assert github.kept("acme") == []
    assert all(one["revoked"] for one in deployed.api.get("/webhooks").json["webhooks"])


def test_a_disconnect_that_comes_while_it_is_being_connected_wins(
    deployed: Deployment, github: HookForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.place("acme")
    whole = Keeper.there

    def there(keeper: Keeper) -> Any:
        monkeypatch.setattr(Keeper, "there", whole)
        assert deployed.api.delete(f"/connections/{github.host}/acme").status_code == 202
        return whole(keeper)

    monkeypatch.setattr(Keeper, "there", there)
    deployed.api.post("/connections", json={"forge": "github", "host": github.host, "name": "acme"})
    deployed.drain()

    assert deployed.api.get(f"/connections/{github.host}/acme").status_code == 404
    assert github.kept("acme") == []


def test_events_of_what_is_gone_are_done_with(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    deployed.api.delete(f"/connections/{github.host}/acme")
    deployed.drain()

    for message in deployed.of_type("webhook.requested"):
        assert deployed.deliver(message) == {"connect": 204}


def test_what_the_forge_does_not_remove_is_told_by_the_doctor(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    [hook] = connections.hooks(f"{github.host}/acme", 10)
    connections.leave(hook["_id"], "it may not")

    found = doctor.examine("webhooks")[0]

    assert (found.state, "it may not" in found.found) == ("wrong", True)


def test_a_webhook_that_is_kept_is_ended_by_disconnecting_alone(deployed: Deployment, github: HookForge) -> None:
    """Revoked by itself, it would be made anew within hours."""
    github.place("acme")
    found = connect(deployed, github)

    answer = deployed.api.delete(f"/webhooks/{found['webhook']}")

    assert (answer.status_code, "disconnect" in answer.json["detail"]) == (409, True)
    assert deployed.api.get("/webhooks").json["webhooks"][0]["revoked"] is False
    deployed.api.delete(f"/connections/{github.host}/acme")
    deployed.drain()
    assert deployed.api.delete(f"/webhooks/{found['webhook']}").status_code == 200


def test_a_disconnect_over_which_many_workers_died_goes_on(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    deployed.api.delete(f"/connections/{github.host}/acme")
    collection("connections").update_many({}, {"$set": {"takeovers": 9}})
    deployed.drain()
    collection("connections").update_many({}, {"$set": {"due": f"at {ago(timedelta(minutes=1))}"}})

    asking.tick(deployed, "tick-1")
    deployed.drain()

    assert deployed.api.get(f"/connections/{github.host}/acme").status_code == 404
    assert github.kept("acme") == []

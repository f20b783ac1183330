"""Webhooks at forges are created once, at the level that needs the fewest."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.orchestration import asking
from tests.orchestration.webhooks.managed import as_it_should_be, changes, connect, name_of, shown
from tests.support.deployment import Deployment, forget
from tests.support.hook_forges import HookForge, Kept

from picket.effects.mongo import connections, repositories
from picket.effects.mongo.client import collection
from picket.events import ago
from picket.orchestration import places


def test_one_webhook_is_made_for_all_of_it_and_asking_again_makes_no_other(
    deployed: Deployment, forge: HookForge
) -> None:
    forge.place(name_of(forge))

    found = connect(deployed, forge)
    made = as_it_should_be(deployed, forge)
    again = connect(deployed, forge)

    assert (found["state"], found["each"], found["by_state"]) == ("Connected", False, {"Kept": 1})
    assert again["state"] == "Connected"
    assert as_it_should_be(deployed, forge) == made
    assert len(made) == (3 if forge.forge == "azure" else 1)
    assert set(changes(deployed)) == {"created"}
    assert "t0ken" not in json.dumps(deployed.api.get("/connections").json)


def test_it_is_tested_where_the_forge_can_be_asked_to(deployed: Deployment, forge: HookForge) -> None:
    forge.place(name_of(forge))
    connect(deployed, forge)

    tested = sum(one.tests for one in forge.kept(name_of(forge)))

    assert tested == {"gitlab": 1, "azure": 3}.get(forge.forge, 0)  # GitHub does it by itself when one is made


def test_without_the_right_for_all_of_it_each_repository_gets_its_own(deployed: Deployment, github: HookForge) -> None:
    listed = [
        {"id": number, "full_name": f"acme/{name}", "private": False, "archived": name == "old", "fork": False}
        | {"clone_url": f"http://{github.host}/acme/{name}.git"}
        for number, name in enumerate(("shop", "site", "old"))
    ]
    for name in ("shop", "site", "old"):
        github.place(f"acme/{name}")
    github.hook = lambda _method, path, _body: (200, listed) if "/orgs/acme/repos" in path else None

    found = connect(deployed, github)

    assert (found["state"], found["each"]) == ("Connected", True)
    assert found["by_state"] == {"New": 2}
    asking.tick(deployed, "tick-1")
    deployed.drain()
    assert {name: len(github.kept(f"acme/{name}")) for name in ("shop", "site", "old")} == {
        "shop": 1,
        "site": 1,
        "old": 0,
    }
    assert "organization" in shown(deployed, github)["remarks"][0]
    assert "admin:org_hook" in shown(deployed, github)["remarks"][0]


def test_a_repository_without_the_right_fails_and_says_what_is_missing(deployed: Deployment, github: HookForge) -> None:
    github.hook = lambda *_: (403, {"message": "Must have admin rights"})

    found = connect(deployed, github, "acme/shop")

    assert found["state"] == "Failed"
    assert "admin:repo_hook" in found["reason"]
    assert found["due_at"]
    assert changes(deployed) == ["failed"]


def test_a_rate_limit_is_waited_for(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    github.hook = lambda *_: (429, ({}, {"Retry-After": "1200"}))
    found = connect(deployed, github)
    github.hook = lambda *_: None

    assert found["state"] == "Waiting"
    assert found["due_at"] > ago(-timedelta(minutes=15))
    asked = len(github.requests)
    connect(deployed, github)
    assert len(github.requests) == asked, "nobody with the same token asks meanwhile"
    collection("forge_budgets").delete_many({})
    collection("connections").update_many({}, {"$set": {"due": f"at {ago(timedelta(minutes=1))}"}})
    asking.tick(deployed, "tick-1")
    deployed.drain()
    assert shown(deployed, github)["state"] == "Connected"


def test_one_that_was_registered_by_hand_is_adopted(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    order = {"sender": "github", "name": "by hand", "organization": f"{github.host}/acme"}
    webhook = deployed.api.post("/webhooks", json=order).json
    events = ["push", "pull_request", "repository", "public", "star"]
    kept = Kept("7", webhook["url"], webhook["secret"], events, more={"content_type": "json"})
    github.kept("acme").append(kept)

    found = connect(deployed, github)

    assert github.kept("acme") == [kept]
    assert kept.secret == webhook["secret"]
    assert found["webhook"] == webhook["id"]
    assert changes(deployed) == ["adopted", "repaired"]


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>"),
        (200, {"hooks": []}),
        (200, [{"id": "x"}]),
        (302, (None, {"Location": "https://evil.example/"})),
        (200, ([], {"Link": '<https://evil.example/>; rel="next"'})),
        (418, None),
    ],
)
def test_a_forge_that_answers_something_else_fails_the_connection(
    deployed: Deployment, github: HookForge, answer: Any
) -> None:
    github.hook = lambda *_: answer

    found = connect(deployed, github, "acme/shop")

    assert found["state"] == "Failed"
    assert found["reason"]
    assert all("evil" not in path for _, path, _ in github.requests)


def test_a_foreign_webhook_of_any_shape_stands_in_nobodys_way(deployed: Deployment, forge: HookForge) -> None:
    forge.place(name_of(forge))
    more = {"publisherInputs": {"projectId": "x", "odd": [1]}, "consumerInputs": {"url": None, "n": 3}}
    foreign = Kept(
        "988", "https://elsewhere.example.com/" + "x" * 10_000, "", [f"e{n}" for n in range(2_000)], more=more
    )
    forge.kept(name_of(forge)).append(foreign)

    found = connect(deployed, forge)

    assert found["by_state"] == {"Kept": 1}, found


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://ingest.picket.svc.cluster.local", "https://ingest"])
def test_a_forge_elsewhere_is_given_no_url_that_leads_nowhere(
    deployed: Deployment, environment: pytest.MonkeyPatch, url: str
) -> None:
    environment.setenv("PICKET_PUBLIC_URL", url)
    environment.setenv("PICKET_GIT_TOKENS", json.dumps({"github.com": "t0ken"}))
    forget()

    deployed.api.post("/connections", json={"forge": "github", "name": "acme"})
    deployed.drain()
    found = deployed.api.get("/connections/github.com/acme").json

    assert (found["state"], "PICKET_PUBLIC_URL" in found["reason"]) == ("Failed", True)


def test_repositories_lose_their_own_when_there_is_one_for_all(deployed: Deployment, github: HookForge) -> None:
    listed = [{"id": 1, "full_name": "acme/shop", "private": False, "clone_url": f"http://{github.host}/acme/shop.git"}]
    github.place("acme/shop")
    github.hook = lambda _method, path, _body: (200, listed) if "/orgs/acme/repos" in path else None
    connect(deployed, github)
    asking.tick(deployed, "tick-1")
    deployed.drain()
    assert len(github.kept("acme/shop")) == 1
    github.place("acme")

    found = connect(deployed, github)

    assert (len(github.kept("acme")), len(github.kept("acme/shop"))) == (1, 0)
    assert (found["each"], found["by_state"]) == (False, {"Kept": 1})


def test_connecting_again_in_another_case_keeps_the_webhook(
    deployed: Deployment, github: HookForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("picket.commits.repository._CASELESS_HOSTS", frozenset({github.host}))
    github.place("acme")
    connect(deployed, github)
    github.place("ACME")
    github.places["orgs/ACME"] = github.places["orgs/acme"]

    found = connect(deployed, github, "ACME")

    assert len(github.kept("acme")) == 1
    assert found["by_state"] == {"Kept": 1}


def test_an_organization_that_there_is_not_is_not_connected(deployed: Deployment, github: HookForge) -> None:
    found = connect(deployed, github, "nosuch")

    assert (found["state"], found["each"]) == ("Failed", False)
    assert deployed.api.get("/organizations").json["organizations"] == []


@pytest.mark.parametrize("forge", ["azure"], indirect=True)
def test_a_project_with_a_blank_in_its_name_gets_its_webhooks(deployed: Deployment, forge: HookForge) -> None:
    forge.place("acme/My Shop")
    connect(deployed, forge)
    connection = connections.find(f"{forge.host}/acme/shop")
    assert connection is not None
    made = repositories.register(f"{forge.host}/acme/x", f"http://{forge.host}/acme/My%20Shop/_git/x")

    places.add({**connection, "each": True}, [made])

    found = {one["path"] for one in connections.hooks(connection["_id"], 10)}
    assert "acme/My Shop" in found

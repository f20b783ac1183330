"""Webhooks at forges: made once, kept as they should be, and taken away again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.orchestration import asking
from tests.support import pushes
from tests.support.deployment import Deployment, forget
from tests.support.hook_forges import HookForge, Kept

from picket.context import context
from picket.effects.forge.hooks import Keeper
from picket.effects.mongo import connections, repositories, webhooks
from picket.effects.mongo.client import collection
from picket.events import ago
from picket.forges import FORGES
from picket.forges.hooks import Place
from picket.orchestration import places
from picket.probes import posture
from picket.runtime import doctor

ALL = [name for name, forge in FORGES.items() if forge.manages and forge.receives]
NAMES = {"azure": "acme/shop"}
"""What is connected; Azure DevOps has no webhook of a whole organization."""


@pytest.fixture(params=ALL)
def forge(request: pytest.FixtureRequest, deployed: Deployment, environment: pytest.MonkeyPatch) -> Iterator[HookForge]:
    found = HookForge(request.param)
    environment.setenv("PICKET_GIT_TOKENS", json.dumps({found.host: "t0ken"}))
    environment.setenv("PICKET_PUBLIC_URL", "https://picket.example.com/hooks/")
    forget()
    assert deployed
    yield found
    found.close()


@pytest.fixture
def github(deployed: Deployment, environment: pytest.MonkeyPatch) -> Iterator[HookForge]:
    found = HookForge("github")
    environment.setenv("PICKET_GIT_TOKENS", json.dumps({found.host: "t0ken"}))
    forget()
    assert deployed
    yield found
    found.close()


def name_of(forge: HookForge) -> str:
    return NAMES.get(forge.forge, "acme")


def connect(deployed: Deployment, forge: HookForge, name: str = "", **more: Any) -> Any:
    order = {"forge": forge.forge, "host": forge.host, "name": name or name_of(forge), **more}
    answer = deployed.api.post("/connections", json=order)
    assert answer.status_code == 202, answer.json
    deployed.drain()
    return shown(deployed, forge, name)


def shown(deployed: Deployment, forge: HookForge, name: str = "") -> Any:
    return deployed.api.get(f"/connections/{forge.host}/{name or name_of(forge)}").json


def check(deployed: Deployment, forge: HookForge) -> Any:
    answer = deployed.api.post(f"/connections/{forge.host}/{name_of(forge)}/check", json={})
    assert answer.status_code == 202, answer.json
    deployed.drain()
    return shown(deployed, forge)


def as_it_should_be(deployed: Deployment, forge: HookForge) -> list[Kept]:
    """Return what the forge keeps: it must deliver to us, once each, with the secret of today, and be switched on."""
    kept = forge.kept(name_of(forge))
    [webhook] = [one for one in deployed.api.get("/webhooks").json["webhooks"] if not one["revoked"]]
    assert len({one.url for one in kept}) == 1
    assert kept[0].url.startswith(f"https://picket.example.com/hooks/in/{forge.forge}/")
    secrets = {one.secret for one in kept}
    assert len(secrets) == 1
    assert secrets != {""}
    assert all(one.active for one in kept)
    told = [event for one in kept for event in one.events]
    assert len(told) == len(set(told))
    assert webhook["scope"].startswith(f"{forge.host}/")
    return kept


def changes(deployed: Deployment) -> list[str]:
    return [message.data["change"] for message in deployed.of_type("webhook.changed")]


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


DRIFT: dict[str, list[dict[str, Any]]] = {
    "github": [{"active": False}, {"events": ["push"]}, {"more": {"content_type": "form"}}],
    "gitlab": [{"events": ["push_events"]}, {"more": {"enable_ssl_verification": False}}],
    "bitbucket": [{"active": False}, {"events": ["repo:push"]}, {"secret": ""}],
    "bitbucket-datacenter": [{"active": False}, {"events": ["pr:opened"]}],
    "gitea": [{"active": False}, {"events": ["push"]}, {"more": {"branch_filter": "main", "content_type": "json"}}],
    "forgejo": [{"active": False}],
    "azure": [
        {"more": {"publisherInputs": {"projectId": "", "branch": "main"}, "status": "enabled"}},
        {"details": "minimal"},
    ],
}


def test_what_somebody_has_changed_by_hand_is_mended(deployed: Deployment, forge: HookForge) -> None:
    forge.place(name_of(forge))
    connect(deployed, forge)
    for drift in DRIFT[forge.forge]:
        one = forge.kept(name_of(forge))[0]
        if "more" in drift and "publisherInputs" in drift["more"]:
            drift["more"]["publisherInputs"]["projectId"] = one.more["publisherInputs"]["projectId"]
        for field, value in drift.items():
            setattr(one, field, value)
        before, secret = len(changes(deployed)), forge.kept(name_of(forge))[-1].secret

        found = check(deployed, forge)

        assert found["by_state"] == {"Kept": 1}, found
        assert set(changes(deployed)[before:]) == {"repaired"}, drift
        kept = as_it_should_be(deployed, forge)
        assert secret in {"", kept[0].secret}
        steady = len(forge.writes())
        check(deployed, forge)
        assert len(forge.writes()) == steady, "what is mended is left alone"


@pytest.mark.parametrize("forge", ["azure"], indirect=True)
def test_azure_may_say_by_nothing_that_it_sends_everything(deployed: Deployment, forge: HookForge) -> None:
    """Source: github.com/MicrosoftDocs/vsts-rest-api-specs, hooks/7.1, possible values of the consumer webHooks."""
    forge.place(name_of(forge))
    connect(deployed, forge)
    for one in forge.kept(name_of(forge)):
        one.details = ""
    steady = len(forge.writes())

    check(deployed, forge)

    assert len(forge.writes()) == steady


def test_one_that_was_deleted_is_made_again_and_a_second_one_goes(deployed: Deployment, forge: HookForge) -> None:
    forge.place(name_of(forge))
    connect(deployed, forge)
    kept = forge.kept(name_of(forge))
    url = kept[0].url
    kept.clear()

    check(deployed, forge)
    [first, *_] = as_it_should_be(deployed, forge)
    kept.append(Kept("977", url, "other", list(first.events), more=dict(first.more)))
    check(deployed, forge)

    assert first.url == url
    assert "977" not in [one.id for one in as_it_should_be(deployed, forge)]


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


@pytest.mark.parametrize("dies", ["there", "create", "test"])
def test_a_worker_that_dies_half_way_leads_to_no_second_webhook(
    deployed: Deployment, forge: HookForge, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    forge.place(name_of(forge))
    whole = getattr(Keeper, dies)
    left = [1]

    def dying(keeper: Keeper, *given: Any) -> Any:
        done = whole(keeper, *given)  # what it asked for has happened; nobody has noted it
        if left:
            left.pop()
            raise SystemExit
        return done

    monkeypatch.setattr(Keeper, dies, dying)
    order = {"forge": forge.forge, "host": forge.host, "name": name_of(forge)}
    assert deployed.api.post("/connections", json=order).status_code == 202
    while deployed.queue:
        message = deployed.queue.pop(0)
        try:
            deployed.deliver(message)
        except SystemExit:
            deployed.queue.insert(0, message)
            collection("connections").update_many({}, {"$set": {"lease_until": 0.0}})
            collection("hooks").update_many({}, {"$set": {"lease_until": 0.0}})

    assert not left or (forge.forge, dies) == ("github", "test")
    assert len(as_it_should_be(deployed, forge)) == (3 if forge.forge == "azure" else 1)
    assert shown(deployed, forge)["by_state"] == {"Kept": 1}


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


def test_what_leads_here_and_is_not_known_is_named(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    url = github.kept("acme")[0].url.rpartition("/")[0]
    github.kept("acme").append(Kept("55", f"{url}/forgotten", "s", ["push"], more={"content_type": "json"}))

    found = check(deployed, github)

    assert found["hooks"][0]["orphans"] == ["55"]
    assert len(github.kept("acme")) == 2


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


def test_deliveries_that_failed_are_sent_again_once(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    at = [ago(timedelta(hours=1)), ago(timedelta(days=4))]
    github.failed = [
        {"id": number, "guid": f"guid-{number}", "delivered_at": moment, "status_code": 502}
        for number, moment in enumerate(at)
    ]
    lasting = list(github.failed)

    check(deployed, github)
    again = [path for _, path in github.writes() if "attempts" in path]
    github.failed = lasting
    check(deployed, github)

    assert [path.split("/")[-2] for path in again] == ["0"]
    assert [path for _, path in github.writes() if "attempts" in path] == again
    assert "redelivered" in changes(deployed)


def test_one_that_its_forge_has_switched_off_is_woken(deployed: Deployment, forge: HookForge) -> None:
    if forge.forge not in {"gitlab", "azure"}:
        return
    forge.place(name_of(forge))
    connect(deployed, forge)
    one = forge.kept(name_of(forge))[0]
    one.more |= {"alert_status": "disabled"} if forge.forge == "gitlab" else {"status": "onProbation"}
    tests = one.tests

    check(deployed, forge)

    assert one.tests == tests + 1
    assert changes(deployed)[-1] == "revived"


def test_the_clock_looks_after_what_is_due(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    github.kept("acme").clear()
    asking.tick(deployed, "tick-1")
    deployed.drain()
    assert github.kept("acme") == []

    collection("hooks").update_many({}, {"$set": {"due": f"at {ago(timedelta(minutes=1))}"}})
    asking.tick(deployed, "tick-2")
    deployed.drain()

    assert len(github.kept("acme")) == 1


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


def test_one_that_cannot_be_kept_is_told_by_the_doctor_a_probe_and_a_notice(
    deployed: Deployment, github: HookForge, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PICKET_OPERATORS_CHANNEL", "ops")
    forget()
    github.place("acme")
    connect(deployed, github)
    repository = repositories.register(f"{github.host}/acme/shop", f"http://{github.host}/acme/shop")["_id"]
    github.hook = lambda *_: (403, {"message": "Resource not accessible"})
    answer = deployed.api.post(f"/connections/{github.host}/acme/check", json={})
    assert answer.status_code == 202
    deployed.deliver_all("dev.picket.webhook.requested.v1")

    [notice] = deployed.of_type("notice.requested")
    [said] = doctor.examine("webhooks")
    context.forget()
    found = connections.fault_of(f"{github.host}/acme/shop")
    judged = {check.id: check for check in posture.checks({"webhook_fault": found}, "", datetime.now(UTC))}

    assert (notice.data["channel"], "acme: failed" in notice.data["message"]) == ("ops", True)
    assert (said.state, "admin:org_hook" in said.found) == ("wrong", True)
    assert "admin:org_hook" in found
    assert judged["webhook-delivers"].outcome == "fail"
    assert shown(deployed, github)["by_state"] == {"Failed": 1}
    assert repository
    github.hook = lambda *_: None
    check(deployed, github)
    assert doctor.examine("webhooks")[0].state == "ok"


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


def test_another_kind_of_forge_at_the_same_host_gets_a_webhook_that_it_can_sign(
    deployed: Deployment, github: HookForge
) -> None:
    github.place("acme")
    connect(deployed, github)
    github.forge = "gitea"
    github.places["orgs/acme"].clear()

    connect(deployed, github)

    [kept] = github.kept("acme")
    token = kept.url.rpartition("/")[2]
    assert "/in/gitea/" in kept.url
    known = webhooks.by_token("gitea", token)
    assert known is not None
    assert kept.secret in known.secrets


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


def test_one_over_which_many_workers_died_can_be_asked_for_again(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    collection("connections").update_many({}, {"$set": {"takeovers": 9}})
    collection("hooks").update_many({}, {"$set": {"takeovers": 9}})
    check(deployed, github)
    assert shown(deployed, github)["by_state"] == {"Failed": 1}

    found = connect(deployed, github)

    assert (found["state"], found["by_state"]) == ("Connected", {"Kept": 1})


def test_an_organization_that_there_is_not_is_not_connected(deployed: Deployment, github: HookForge) -> None:
    found = connect(deployed, github, "nosuch")

    assert (found["state"], found["each"]) == ("Failed", False)
    assert deployed.api.get("/organizations").json["organizations"] == []


def test_a_delivery_that_was_refused_for_the_brokers_sake_is_sent_again(
    deployed: Deployment, github: HookForge
) -> None:
    github.place("acme")
    connect(deployed, github)
    [kept] = github.kept("acme")
    deployed.is_down = True
    body = b'{"zen": "x"}'
    headers = pushes.signed(kept.secret, body, event="ping", delivery="guid-1")
    where = kept.url.removeprefix("http://127.0.0.1:8080")
    assert deployed.clients["ingest"].post(where, data=body, headers=headers).status_code == 503
    deployed.is_down = False
    github.failed = [{"id": 1, "guid": "guid-1", "delivered_at": ago(timedelta(minutes=1)), "status_code": 503}]
    check(deployed, github)

    assert [path for _, path in github.writes() if path.endswith("/deliveries/1/attempts")]


def test_a_test_that_is_refused_is_no_failure_of_the_webhook(deployed: Deployment, forge: HookForge) -> None:
    forge.place(name_of(forge))
    forge.hook = lambda _method, path, _body: (422, {}) if "/test" in path or "testnotif" in path else None

    found = connect(deployed, forge)

    assert found["by_state"] == {"Kept": 1}
    assert as_it_should_be(deployed, forge)


def test_events_of_what_is_gone_are_done_with(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    deployed.api.delete(f"/connections/{github.host}/acme")
    deployed.drain()

    for message in deployed.of_type("webhook.requested"):
        assert deployed.deliver(message) == {"connect": 204}


def test_a_project_with_a_blank_in_its_name_gets_its_webhooks(deployed: Deployment, forge: HookForge) -> None:
    if forge.forge != "azure":
        return
    forge.place("acme/My Shop")
    connect(deployed, forge)
    connection = connections.find(f"{forge.host}/acme/shop")
    assert connection is not None
    made = repositories.register(f"{forge.host}/acme/x", f"http://{forge.host}/acme/My%20Shop/_git/x")

    places.add({**connection, "each": True}, [made])

    found = {one["path"] for one in connections.hooks(connection["_id"], 10)}
    assert "acme/My Shop" in found


def test_one_made_by_hand_is_not_taken_for_that_of_a_worker_that_died(
    deployed: Deployment, forge: HookForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not FORGES[forge.forge].hooks.keeps_secret:
        return
    forge.place("acme")
    order = {"sender": forge.forge, "name": "by hand", "organization": f"{forge.host}/acme"}
    webhook = deployed.api.post("/webhooks", json=order).json
    by_hand = Kept("1", webhook["url"], "another secret", ["push"], more={"content_type": "json"})
    forge.kept("acme").append(by_hand)
    next(forge._numbers)
    whole, left = Keeper.create, [1]

    def dying(keeper: Keeper, wanted: Any) -> Any:
        done = whole(keeper, wanted)
        if left:
            left.pop()
            raise SystemExit
        return done

    monkeypatch.setattr(Keeper, "create", dying)
    deployed.api.post("/connections", json={"forge": forge.forge, "host": forge.host, "name": "acme"})
    while deployed.queue:
        message = deployed.queue.pop(0)
        try:
            deployed.deliver(message)
        except SystemExit:
            deployed.queue.insert(0, message)
            collection("hooks").update_many({}, {"$set": {"lease_until": 0.0}})

    [kept] = forge.kept("acme")
    assert (kept.id, kept.secret) == ("2", webhook["secret"])


def test_one_that_its_forge_has_switched_off_and_does_not_wake_is_not_kept(
    deployed: Deployment, forge: HookForge
) -> None:
    if forge.forge not in {"gitlab", "azure"}:
        return
    forge.place(name_of(forge))
    connect(deployed, forge)
    one = forge.kept(name_of(forge))[0]
    one.more |= {"alert_status": "disabled"} if forge.forge == "gitlab" else {"status": "disabledBySystem"}
    forge.hook = lambda _method, path, _body: (422, {}) if "/test" in path or "testnotif" in path else None

    found = check(deployed, forge)

    assert found["by_state"] == {"Failed": 1}
    assert "disabled" in found["hooks"][0]["reason"]
    assert "needs" not in found["hooks"][0]["reason"], "it is no right that is missing"
    assert doctor.examine("webhooks")[0].state == "wrong"
    assert "revived" not in changes(deployed)


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


def test_what_is_known_of_webhooks_is_asked_for_once_however_many_a_forge_lists(
    deployed: Deployment, github: HookForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.place("acme")
    connect(deployed, github)
    asked: list[str] = []
    whole = webhooks.all_of_connection

    def counted(name: str) -> Any:
        asked.append(name)
        return whole(name)

    monkeypatch.setattr(webhooks, "all_of_connection", counted)
    github.kept("acme").extend(Kept(str(n), f"https://elsewhere.example.com/{n}", events=["push"]) for n in range(30))

    check(deployed, github)

    assert len(asked) == 1

"""Webhooks at forges are kept as they should be, whatever happens to them or to workers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.orchestration import asking
from tests.orchestration.webhooks.managed import as_it_should_be, changes, check, connect, name_of, shown
from tests.support import pushes
from tests.support.deployment import Deployment, forget
from tests.support.hook_forges import HookForge, Kept

from picket.context import context
from picket.effects.forge.hooks import Keeper
from picket.effects.mongo import connections, repositories, webhooks
from picket.effects.mongo.client import collection
from picket.events import ago
from picket.probes import posture
from picket.runtime import doctor

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


def test_what_leads_here_and_is_not_known_is_named(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    url = github.kept("acme")[0].url.rpartition("/")[0]
    github.kept("acme").append(Kept("55", f"{url}/forgotten", "s", ["push"], more={"content_type": "json"}))

    found = check(deployed, github)

    assert found["hooks"][0]["orphans"] == ["55"]
    assert len(github.kept("acme")) == 2


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


@pytest.mark.parametrize("forge", ["gitlab", "azure"], indirect=True)
def test_one_that_its_forge_has_switched_off_is_woken(deployed: Deployment, forge: HookForge) -> None:
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


def test_one_over_which_many_workers_died_can_be_asked_for_again(deployed: Deployment, github: HookForge) -> None:
    github.place("acme")
    connect(deployed, github)
    collection("connections").update_many({}, {"$set": {"takeovers": 9}})
    collection("hooks").update_many({}, {"$set": {"takeovers": 9}})
    check(deployed, github)
    assert shown(deployed, github)["by_state"] == {"Failed": 1}

    found = connect(deployed, github)

    assert (found["state"], found["by_state"]) == ("Connected", {"Kept": 1})


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


@pytest.mark.parametrize("forge", ["gitea", "forgejo"], indirect=True)
def test_one_made_by_hand_is_not_taken_for_that_of_a_worker_that_died(
    deployed: Deployment, forge: HookForge, monkeypatch: pytest.MonkeyPatch
) -> None:
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


@pytest.mark.parametrize("forge", ["gitlab", "azure"], indirect=True)
def test_one_that_its_forge_has_switched_off_and_does_not_wake_is_not_kept(
    deployed: Deployment, forge: HookForge
) -> None:
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

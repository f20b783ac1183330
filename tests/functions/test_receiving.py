"""Deliveries of every forge, from ingest to what normalize asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support import deliveries
from tests.support.deliveries import FORGES, NEW, OLD
from tests.support.deployment import Deployment, forget

from picket.effects.mongo.client import collection

EACH = pytest.mark.parametrize("forge", FORGES)
ODD: list[dict[str, Any]] = [{}, {"repository": 7}, {"object_kind": "push"}, {"resource": []}]


def webhook(deployed: Deployment, forge: str, **more: str) -> dict[str, Any]:
    return dict(deployed.api.post("/webhooks", json={"sender": forge, "name": "t", **more}).json)


def post(
    deployed: Deployment,
    source: dict[str, Any],
    payload: dict[str, Any],
    *,
    event: str = "",
    delivery: str = "d1",
    **more: Any,
) -> Any:
    """Post a delivery as its forge does; *secret* is another one than the webhook's."""
    body, forge = deliveries.encode(payload), source["sender"]
    secret = more.pop("secret", source["secret"])
    headers = {"Content-Type": "application/json", **deliveries.names(forge, event, delivery)}
    headers |= deliveries.proof(forge, secret, body) if secret else {}
    where = source["url"].removeprefix("http://127.0.0.1:8080")
    return deployed.clients["ingest"].post(where, data=body, headers={**headers, **more})


def rejections() -> list[str]:
    return [kept["kind"] for kept in collection("rejections").find({})]


@EACH
def test_a_push_becomes_a_scan(deployed: Deployment, forge: str) -> None:
    event, payload = deliveries.a_push(forge)

    assert post(deployed, webhook(deployed, forge), payload, event=event).status_code == 202
    assert deployed.deliver(deployed.sent[0]) == {"normalize": 204}

    [asked] = deployed.of_type("scan.requested")
    told = {name: asked.data[name] for name in ("ref", "before", "after", "reason")}
    assert told == {"ref": "refs/heads/main", "before": OLD, "after": NEW, "reason": "push"}
    [repository] = collection("repositories").find({})
    assert (repository["_id"], repository["url"]) == (asked.data["repository"], asked.data["url"])
    assert repository["forge_key"].partition(":")[0] == repository["_id"].partition("/")[0]


@EACH
def test_who_does_not_prove_it_is_answered_like_an_unknown_token(deployed: Deployment, forge: str) -> None:
    source, (event, payload) = webhook(deployed, forge), deliveries.a_push(forge)
    unknown = {**source, "url": source["url"].rpartition("/")[0] + "/" + "x" * 32}

    answers = [
        post(deployed, source, payload, event=event, secret="guessed"),
        post(deployed, source, payload, event=event, secret=""),
        post(deployed, unknown, payload, event=event),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    assert deployed.sent == []


@EACH
@pytest.mark.parametrize("payload", ODD, ids=json.dumps)
def test_what_a_forge_has_signed_is_never_refused_for_what_it_says(
    deployed: Deployment, forge: str, payload: dict[str, Any]
) -> None:
    """A refusal would end in a hook that its forge switches off; what does not fit is kept with a reason instead."""
    event = deliveries.a_push(forge)[0]
    payload = {**payload, "eventType": event} if forge == "azure" else payload

    assert post(deployed, webhook(deployed, forge), payload, event=event).status_code == 202
    assert deployed.deliver(deployed.sent[0]) == {"normalize": 204}

    assert rejections() == (["Malformed"] if payload.get("object_kind") or forge != "gitlab" else [])
    assert not deployed.of_type("scan.requested")


@EACH
def test_what_nothing_reacts_to_is_taken_and_counted(
    deployed: Deployment, environment: pytest.MonkeyPatch, forge: str
) -> None:
    environment.setenv("PICKET_METRICS", "true")
    forget()
    payload = {"object_kind": "pipeline", "eventType": "build.complete"}

    assert post(deployed, webhook(deployed, forge), payload, event="pipeline").status_code == 202
    assert deployed.deliver(deployed.sent[0]) == {"normalize": 204}

    assert rejections() == []
    assert b"picket_deliveries_ignored_total 1.0" in deployed.clients["normalize"].get("/metrics").data


@pytest.mark.parametrize("forge", ["gitlab", "gitea", "forgejo", "bitbucket", "bitbucket-datacenter", "azure"])
def test_a_delivery_without_names_is_taken_under_names_that_are_made_of_it(deployed: Deployment, forge: str) -> None:
    """GitHub names each of its deliveries: one that does not is none of its own."""
    source = webhook(deployed, forge)
    nameless = dict.fromkeys(deliveries.names(forge, "", ""), "")
    answers = [post(deployed, source, {"n": number}, **nameless) for number in (1, 1, 2)]

    assert [answer.status_code for answer in answers] == [202] * 3
    assert [answer.json["duplicate"] for answer in answers] == [False, True, False]


def test_a_test_of_the_connection_needs_no_signature_and_does_nothing(deployed: Deployment) -> None:
    source = webhook(deployed, "bitbucket-datacenter")
    headers = {"X-Event-Key": "diagnostics:ping"}
    where = source["url"].removeprefix("http://127.0.0.1:8080")
    client = deployed.clients["ingest"]

    for body, kind in ((b'{"test":true}', "application/json"), (b"", "text/plain"), (b"\xff{", "")):
        answer = client.post(where, data=body, headers={**headers, "Content-Type": kind})
        assert (answer.status_code, answer.json) == (202, {"ping": True})
    assert deployed.sent == []
    assert collection("deliveries").count_documents({}) == 0
    unknown = where.rpartition("/")[0] + "/" + "x" * 32
    assert client.post(unknown, data=b"{}", headers=headers).status_code == 401
    assert client.post(where.replace("-datacenter", ""), data=b"{}", headers=headers).status_code == 401
    assert client.post(where, data=b"{}", headers={"X-Event-Key": "repo:refs_changed"}).status_code == 401


def test_a_ping_uses_up_nothing_of_a_webhook(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_WEBHOOKS_PER_MINUTE", "1")
    forget()
    source = webhook(deployed, "bitbucket-datacenter")
    for _ in range(5):
        assert post(deployed, source, {}, event="diagnostics:ping", secret="").status_code == 202

    event, payload = deliveries.a_push("bitbucket-datacenter")
    assert post(deployed, source, payload, event=event).status_code == 202


@pytest.mark.parametrize(("forge", "status"), [("github", 429), ("azure", 503), ("gitlab", 503), ("bitbucket", 503)])
def test_who_takes_a_refusal_for_final_is_asked_to_come_again_instead(
    deployed: Deployment, environment: pytest.MonkeyPatch, forge: str, status: int
) -> None:
    environment.setenv("PICKET_WEBHOOKS_PER_MINUTE", "1")
    forget()
    source, (event, payload) = webhook(deployed, forge), deliveries.a_push(forge)
    answers = [post(deployed, source, payload, event=event) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, status]
    assert int(answers[-1].headers["Retry-After"]) >= 1


@EACH
def test_a_webhook_speaks_for_its_scope_only(deployed: Deployment, forge: str) -> None:
    source = webhook(deployed, forge, organization="elsewhere.io/other")
    event, payload = deliveries.a_push(forge)

    post(deployed, source, payload, event=event)
    deployed.deliver(deployed.sent[0])

    assert rejections() == ["Unauthorized"]
    assert collection("repositories").count_documents({}) == 0


def test_several_refs_of_one_push_are_a_scan_each(deployed: Deployment) -> None:
    changes = [
        {"ref": {"id": f"refs/heads/b{number}"}, "fromHash": OLD, "toHash": NEW, "type": "UPDATE"}
        for number in range(3)
    ]
    source = webhook(deployed, "bitbucket-datacenter")
    post(deployed, source, deliveries.datacenter_push(*changes), event="repo:refs_changed")
    for _ in range(2):
        assert deployed.deliver(deployed.sent[0]) == {"normalize": 204}

    asked = deployed.of_type("scan.requested")
    assert len({one.id for one in asked}) == 3
    assert {one.data["ref"] for one in asked} == {f"refs/heads/b{number}" for number in range(3)}
    assert collection("scans").count_documents({}) == 3


def test_a_project_that_moves_on_its_instance_stays_the_same_one(deployed: Deployment) -> None:
    source = webhook(deployed, "gitlab")
    post(deployed, source, deliveries.gitlab_push(), event="Push Hook")
    told = {"event_name": "project_transfer", "project_id": 7, "project_visibility": "internal"}
    paths = {"path_with_namespace": "other/p", "old_path_with_namespace": "g/p"}
    post(deployed, source, {**told, **paths}, event="System Hook", delivery="d2")
    deployed.deliver_all("dev.picket.webhook.received.v1")

    known = deployed.api.get("/repositories/gitlab.com/other/p").json
    assert (known["id"], known["visibility"]) == ("gitlab.com/g/p", "internal")
    assert [one.data["change"] for one in deployed.of_type("repository.changed")] == ["transferred"]


def test_what_is_told_without_a_change_is_recorded_and_told_to_nobody(deployed: Deployment) -> None:
    source = webhook(deployed, "gitlab")
    told = {"event_name": "project_update", "project_id": 7, "path_with_namespace": "g/p"}
    post(deployed, source, {**told, "project_visibility": "public"}, event="System Hook")
    deployed.deliver_all("dev.picket.webhook.received.v1")

    assert deployed.api.get("/repositories/gitlab.com/g/p").json["visibility"] == "public"
    assert deployed.of_type("repository.changed") == []

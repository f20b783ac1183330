"""What deliveries of Azure DevOps prove and mean."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.support import deliveries
from tests.support.deliveries import NEW, OLD, UUID, ZERO

from picket.errors import Malformed
from picket.forges.azure.receiving import RECEIVING
from picket.webhooks.events import Ignored, PullRequest, Push, Repository, RepositoryEvent

REPOSITORY = Repository(
    "https://dev.azure.com/acme/shop/_git/cart", f"dev.azure.com:{UUID}", "private", "2026-05-01T10:00:00.123456Z"
)


def interpret(payload: dict[str, Any]) -> Any:
    return RECEIVING.interpret(payload["eventType"], payload)


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "proves"),
    [
        pytest.param(basic("picket:s"), True, id="password"),
        pytest.param(basic(":s"), True, id="password without a user"),
        pytest.param(basic("s:other"), False, id="the secret as user"),
        pytest.param(basic("picket:"), False, id="empty password"),
        pytest.param(basic("s"), False, id="no colon"),
        pytest.param({"authorization": "Basic ???"}, False, id="not base64"),
        pytest.param({"authorization": "Basic /w=="}, False, id="not UTF-8"),
        pytest.param({"authorization": "Bearer s"}, False, id="another scheme"),
        pytest.param({"x-picket-secret": "s"}, True, id="header field"),
        pytest.param({"x-picket-secret": ""}, False, id="empty header field"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_the_secret_is_a_password_or_a_header_field(headers: dict[str, str], *, proves: bool) -> None:
    assert RECEIVING.is_signed(headers, b"{}", ["", "another", "s"], 0) is proves


def test_a_delivery_is_named_by_its_body_whatever_stands_there() -> None:
    assert RECEIVING.named({}, {"id": "e1", "eventType": "git.push"}) == ("e1", "git.push")
    for odd in ({}, {"id": 7, "eventType": ["x"]}, {"id": "", "eventType": "\u00e9"}, {"id": "x" * 300}):
        name, event = RECEIVING.named({}, odd)
        assert (len(name), event) == (64, "unknown")


def test_one_push_may_move_several_refs() -> None:
    updates = [
        {"name": "refs/heads/main", "oldObjectId": OLD, "newObjectId": NEW},
        {"name": "refs/tags/v1", "oldObjectId": ZERO, "newObjectId": NEW},
        {"name": "refs/heads/gone", "oldObjectId": OLD, "newObjectId": ZERO},
    ]

    assert interpret(deliveries.azure_push(*updates)) == tuple(
        Push(REPOSITORY, one["name"], one["oldObjectId"], one["newObjectId"]) for one in updates
    )


def pull_request(event: str, **more: Any) -> dict[str, Any]:
    told = {"pullRequestId": 6, "status": "active", "targetRefName": "refs/heads/main"}
    return deliveries.azure(event, **{**told, "lastMergeSourceCommit": {"commitId": NEW}, **more})


@pytest.mark.parametrize("event", ["git.pullrequest.created", "git.pullrequest.updated"])
def test_a_pull_request_with_a_new_head_is_looked_at(event: str) -> None:
    fork = {"repository": deliveries.azure_repository(id=UUID.replace("6", "5"))}
    [meaning] = interpret(pull_request(event, forkSource=fork))

    assert isinstance(meaning, PullRequest)
    assert (meaning.number, meaning.head, meaning.target) == (6, NEW, "refs/heads/main")
    assert meaning.ref == "refs/pull/6/merge"
    assert meaning.source is not None


@pytest.mark.parametrize("status", ["completed", "abandoned"])
def test_a_pull_request_that_is_over_is_ignored(status: str) -> None:
    assert interpret(pull_request("git.pullrequest.updated", status=status)) == (Ignored(),)


@pytest.mark.parametrize(
    ("event", "resource", "change", "former"),
    [
        ("git.repo.created", {}, "created", ""),
        ("git.repo.renamed", {"oldName": "old", "newName": "cart"}, "renamed", REPOSITORY.url[:-4] + "old"),
        ("git.repo.statuschanged", {"disabled": True}, "archived", ""),
        ("git.repo.statuschanged", {"disabled": False}, "unarchived", ""),
        ("git.repo.deleted", {}, "deleted", ""),
    ],
)
def test_what_happens_to_a_repository_is_told(event: str, resource: dict[str, Any], change: str, former: str) -> None:
    [meaning] = interpret(deliveries.azure(event, **resource))

    assert meaning == RepositoryEvent(REPOSITORY, change, former)  # type: ignore[arg-type]


def test_a_deleted_repository_of_which_only_the_id_is_told_is_left_to_the_listing() -> None:
    payload = deliveries.azure("git.repo.deleted")
    payload["resource"] = {"repositoryId": UUID, "repositoryName": "cart"}

    assert interpret(payload) == (Ignored(),)


@pytest.mark.parametrize("event", ["build.complete", "git.pullrequest.merged", "workitem.created", "unknown"])
def test_what_nothing_reacts_to_is_ignored(event: str) -> None:
    assert RECEIVING.interpret(event, {}) == (Ignored(),)


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (deliveries.azure("git.push"), "refUpdates"),
        ({**deliveries.azure("git.push"), "resource": None}, "git.push"),
        (deliveries.azure("git.push", repository={"id": 7, "remoteUrl": "x"}, refUpdates=[]), "repository.id"),
        (pull_request("git.pullrequest.created", lastMergeSourceCommit=None), "lastMergeSourceCommit"),
    ],
)
def test_what_does_not_fit_names_the_place(payload: dict[str, Any], place: str) -> None:
    with pytest.raises(Malformed, match=place):
        interpret(payload)

"""What GitLab's deliveries prove and mean."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.support import deliveries
from tests.support.deliveries import NEW, OLD, ZERO

from picket.errors import Malformed
from picket.forges.gitlab.receiving import RECEIVING
from picket.webhooks import events
from picket.webhooks.events import Ignored, PullRequest, Push, RepositoryEvent, RepositoryTold, ScanWanted
from picket.webhooks.payloads import MOST_REFS

BODY = b"{}"


def interpret(payload: dict[str, Any]) -> Any:
    return RECEIVING.interpret("Push Hook", payload)


def signed(headers: dict[str, str], *secrets: str, clock: float | None = None, body: bytes = BODY) -> bool:
    return RECEIVING.is_signed(headers, body, secrets, time.time() if clock is None else clock)


def test_the_secret_token_is_one_of_the_secrets() -> None:
    assert signed({"x-gitlab-token": "two"}, "one", "two")
    assert not signed({"x-gitlab-token": "three"}, "one", "two")
    assert not signed({"x-gitlab-token": "\u00e9"}, "one")
    assert not signed({}, "one")


def test_an_empty_token_proves_nothing_even_where_a_secret_is_empty() -> None:
    assert not signed({"x-gitlab-token": ""}, "")
    assert not signed({}, "")
    assert not signed({"x-gitlab-token": ""})


def test_the_signing_token_signs_id_time_and_body() -> None:
    secret = RECEIVING.new_secret()
    headers = deliveries.standard(secret, BODY)

    assert secret.startswith("whsec_")
    assert signed(headers, secret)
    assert signed(headers, RECEIVING.new_secret(), secret)
    assert not signed(headers, secret, body=b"{ }")
    assert not signed(headers, secret, clock=time.time() + 301)
    assert not signed({**headers, "webhook-id": "other"}, secret)
    assert not signed(headers, RECEIVING.new_secret())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"idempotency-key": "k", "x-gitlab-event-uuid": "u"}, "k", id="Idempotency-Key"),
        pytest.param({"idempotency-key": "k", "webhook-id": "w"}, "w", id="what a signature covers"),
        pytest.param({}, None, id="neither"),
        pytest.param({"idempotency-key": "k" * 300}, None, id="one that is no name"),
    ],
)
def test_a_delivery_is_called_what_stays_when_it_is_sent_again(headers: dict[str, str], expected: str | None) -> None:
    first = RECEIVING.named({**headers, "x-gitlab-event": "Push Hook"}, deliveries.gitlab_push())
    again = RECEIVING.named({**headers, "x-gitlab-event": "Push Hook"}, deliveries.gitlab_push())
    other = RECEIVING.named({**headers, "x-gitlab-event": "Push Hook"}, deliveries.gitlab_push(after=OLD))

    assert first == again
    assert first[1] == "Push Hook"
    if expected is None:
        assert first != other
    else:
        assert first[0] == expected


@pytest.mark.parametrize(
    ("before", "after", "ref"),
    [
        pytest.param(OLD, NEW, "refs/heads/main", id="branch"),
        pytest.param(ZERO, NEW, "refs/heads/new", id="branch created"),
        pytest.param(OLD, ZERO, "refs/heads/old", id="branch deleted"),
        pytest.param(ZERO, NEW, "refs/tags/v1", id="tag"),
    ],
)
def test_a_push_is_ref_before_and_after(before: str, after: str, ref: str) -> None:
    [meaning] = interpret(deliveries.gitlab_push(before, after, ref))

    repository = events.Repository("https://gitlab.com/g/p.git", "gitlab.com:7", "private")
    assert meaning == Push(repository, ref, before, after)


@pytest.mark.parametrize(
    ("level", "visibility"), [(0, "private"), (10, "internal"), (20, "public"), (5, ""), (None, "")]
)
def test_visibility_is_a_level(level: int | None, visibility: str) -> None:
    payload = deliveries.gitlab_push(project=deliveries.gitlab_project(visibility_level=level))

    assert interpret(payload)[0].repository.visibility == visibility


def test_a_system_hook_tells_all_refs_of_a_push() -> None:
    changes = [{"ref": f"refs/heads/b{n}", "before": OLD, "after": NEW} for n in range(4)]
    payload = deliveries.gitlab_push(event_name="repository_update", changes=changes)

    assert [one.ref for one in interpret(payload)] == [f"refs/heads/b{n}" for n in range(4)]


def test_very_many_refs_of_one_push_are_one_scan() -> None:
    changes = [{"ref": f"refs/heads/b{n}", "before": OLD, "after": NEW} for n in range(MOST_REFS + 1)]
    [meaning] = interpret(deliveries.gitlab_push(event_name="repository_update", changes=changes))

    assert isinstance(meaning, ScanWanted)


def merge_request(action: str, **more: Any) -> dict[str, Any]:
    attributes = {
        "iid": 3,
        "action": action,
        "target_branch": "main",
        "last_commit": {"id": NEW},
        "source_project_id": 7,
        "target_project_id": 7,
        **more,
    }
    return {"object_kind": "merge_request", "project": deliveries.gitlab_project(), "object_attributes": attributes}


@pytest.mark.parametrize(
    ("payload", "is_looked_at"),
    [
        pytest.param(merge_request("open"), True, id="opened"),
        pytest.param(merge_request("reopen"), True, id="reopened"),
        pytest.param(merge_request("update", oldrev=OLD), True, id="new commits"),
        pytest.param(merge_request("update"), False, id="another title"),
        pytest.param(merge_request("merge"), False, id="merged"),
        pytest.param(merge_request("approved"), False, id="approved"),
    ],
)
def test_a_merge_request_with_a_new_head_is_looked_at(payload: dict[str, Any], *, is_looked_at: bool) -> None:
    [meaning] = interpret(payload)

    assert isinstance(meaning, PullRequest if is_looked_at else Ignored)
    if isinstance(meaning, PullRequest):
        told = (meaning.number, meaning.head, meaning.ref, meaning.target, meaning.source)
        assert told == (3, NEW, "refs/merge-requests/3/head", "refs/heads/main", None)


def test_a_merge_request_of_a_fork_names_it() -> None:
    fork = deliveries.gitlab_project("https://gitlab.com/other/p.git", id=8)
    [meaning] = interpret(merge_request("open", source_project_id=8, source=fork))

    assert isinstance(meaning, PullRequest)
    assert meaning.source is not None
    assert (meaning.source.url, meaning.source.forge_key) == ("https://gitlab.com/other/p.git", "gitlab.com:8")
    assert meaning.repository.forge_key == "gitlab.com:7"


def project(event: str, **more: Any) -> dict[str, Any]:
    told = {"event_name": event, "path_with_namespace": "g/sub/p", "project_id": 7, "project_visibility": "public"}
    return {**told, **more}


def from_instance(payload: dict[str, Any], instance: str = "https://git.corp.io") -> dict[str, Any]:
    return RECEIVING.completed({"x-gitlab-instance": instance} if instance else {}, payload)


@pytest.mark.parametrize(
    ("event", "change"),
    [
        ("project_create", "created"),
        ("project_rename", "renamed"),
        ("project_transfer", "transferred"),
        ("project_destroy", "deleted"),
    ],
)
def test_what_happens_to_a_project_is_told_by_its_path_and_the_instance(event: str, change: str) -> None:
    [meaning] = interpret(from_instance(project(event, old_path_with_namespace="g/old")))

    repository = events.Repository("https://git.corp.io/g/sub/p.git", "git.corp.io:7", "public")
    assert meaning == RepositoryEvent(repository, change, "https://git.corp.io/g/old.git")  # type: ignore[arg-type]


def test_a_project_that_was_changed_somehow_is_told_as_it_is() -> None:
    assert isinstance(interpret(from_instance(project("project_update")))[0], RepositoryTold)


def test_without_the_instance_a_project_is_left_to_the_listing() -> None:
    claimed = project("project_create", x_gitlab_instance="https://elsewhere.io")

    assert interpret(from_instance(claimed, "")) == (Ignored(),)


@pytest.mark.parametrize("instance", ["nowhere", "://", "https://"])
def test_an_instance_that_is_no_address_does_not_fit(instance: str) -> None:
    with pytest.raises(Malformed):
        interpret(from_instance(project("project_create"), instance))


@pytest.mark.parametrize("event", ["pipeline", "note", "issue", "group_rename", "user_create", "subgroup_create"])
def test_what_nothing_reacts_to_is_ignored(event: str) -> None:
    assert interpret({"object_kind": event}) == (Ignored(),)
    assert interpret({"event_name": event}) == (Ignored(),)


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (deliveries.gitlab_push(ref="main"), "ref"),
        (deliveries.gitlab_push(after="HEAD"), "after"),
        (deliveries.gitlab_push(project=None), "project"),
        (deliveries.gitlab_push(project={"git_http_url": 1}), "project.git_http_url"),
        ({"object_kind": "merge_request"}, "project, object_attributes"),
        (from_instance(project("project_create", path_with_namespace="../x")), "path_with_namespace"),
    ],
)
def test_what_does_not_fit_names_the_place(payload: dict[str, Any], place: str) -> None:
    with pytest.raises(Malformed, match=place) as caught:
        interpret(payload)
    assert "HEAD" not in str(caught.value)

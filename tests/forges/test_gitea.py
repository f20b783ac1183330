"""What Gitea's and Forgejo's deliveries prove and mean; the payloads are those of a Gitea 1.26, cut short."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import deliveries, pushes
from tests.support.deliveries import NEW, OLD, ZERO

from picket.effects import senders
from picket.errors import Malformed
from picket.forges.github.payloads import parse as as_githubs
from picket.webhooks.events import Ignored, PullRequest, Push, RepositoryEvent

URL = "https://git.corp.io/acme/demo.git"
BODY = b'{"ref": "x"}'
REPOSITORY: dict[str, Any] = {
    "id": 1,
    "full_name": "acme/demo",
    "clone_url": URL,
    "private": False,
    "internal": False,
    "archived": False,
    "updated_at": "2026-11-25T23:04:11Z",
    "object_format_name": "sha1",
}
BOTH = pytest.mark.parametrize("forge", ["gitea", "forgejo"])


def interpret(event: str, payload: dict[str, Any], forge: str = "gitea") -> Any:
    return senders.receiving(forge).interpret(event, {"repository": REPOSITORY, **payload})


@BOTH
def test_a_signature_is_bare_digits_or_githubs(forge: str) -> None:
    receiving, made = senders.receiving(forge), deliveries.digest("s", BODY)

    assert receiving.is_signed({f"x-{forge}-signature": made}, BODY, ["other", "s"], 0)
    assert receiving.is_signed({"x-hub-signature-256": f"sha256={made}"}, BODY, ["s"], 0)
    assert not receiving.is_signed({f"x-{forge}-signature": f"sha256={made}"}, BODY, ["s"], 0)
    assert not receiving.is_signed({"x-hub-signature-256": made}, BODY, ["s"], 0)
    assert not receiving.is_signed({f"x-{forge}-signature": ""}, BODY, ["s"], 0)
    assert not receiving.is_signed({f"x-{forge}-signature": deliveries.digest("", BODY)}, BODY, [""], 0)
    assert not receiving.is_signed({f"x-{forge}-signature": made}, BODY + b" ", ["s"], 0)


def test_forgejo_is_understood_by_gitea_s_names_too() -> None:
    receiving = senders.receiving("forgejo")
    theirs = {"x-forgejo-delivery": "f", "x-forgejo-event": "pull_request", "x-forgejo-event-type": "pull_request_sync"}
    giteas = {name.replace("forgejo", "gitea"): value for name, value in theirs.items()}

    assert receiving.named(theirs, {}) == receiving.named(giteas, {}) == ("f", "pull_request_sync")
    assert receiving.is_signed({"x-gitea-signature": deliveries.digest("s", BODY)}, BODY, ["s"], 0)


def test_the_events_type_says_more_than_its_name() -> None:
    headers = {
        "x-gitea-delivery": "e3251335",
        "x-gitea-event": "pull_request",
        "x-gitea-event-type": "pull_request_sync",
    }

    assert senders.receiving("gitea").named(headers, {}) == ("e3251335", "pull_request_sync")


@BOTH
def test_a_push_is_ref_before_and_after(forge: str) -> None:
    [meaning] = interpret("push", {"ref": "refs/heads/main", "before": ZERO, "after": NEW}, forge)

    assert isinstance(meaning, Push)
    assert (meaning.ref, meaning.before, meaning.after) == ("refs/heads/main", ZERO, NEW)
    told = meaning.repository
    assert (told.url, told.forge_key, told.visibility) == (URL, "git.corp.io:1", "public")
    assert told.as_of == "2026-11-25T23:04:11.000000Z"


@BOTH
def test_the_end_of_a_branch_is_told_by_delete_alone(forge: str) -> None:
    [meaning] = interpret("delete", {"ref": "feature/x", "ref_type": "branch", "pusher_type": "user"}, forge)

    assert isinstance(meaning, Push)
    assert (meaning.ref, meaning.before, meaning.after) == ("refs/heads/feature/x", "", ZERO)


def test_in_a_sha256_repository_what_is_gone_has_64_zeros() -> None:
    repository = {**REPOSITORY, "object_format_name": "sha256"}
    [meaning] = interpret("delete", {"ref": "x", "ref_type": "branch", "repository": repository})

    assert isinstance(meaning, Push)
    assert meaning.after == "0" * 64


def test_what_a_push_tells_better_is_left_to_it() -> None:
    assert interpret("create", {"ref": "main", "ref_type": "branch", "sha": NEW}) == ()
    assert interpret("delete", {"ref": "v1", "ref_type": "tag"}) == ()


def pull_request(action: str, **more: Any) -> dict[str, Any]:
    head = {"ref": "topic", "sha": NEW, "repo_id": 1, "repo": REPOSITORY}
    base = {"ref": "main", "sha": OLD, "repo_id": 1, "repo": REPOSITORY}
    return {"action": action, "number": 5, "pull_request": {"head": head, "base": base, **more}}


@BOTH
@pytest.mark.parametrize(
    ("event", "action", "is_looked_at"),
    [
        ("pull_request", "opened", True),
        ("pull_request", "reopened", True),
        ("pull_request_sync", "synchronized", True),
        ("pull_request", "edited", False),
        ("pull_request", "closed", False),
        ("pull_request_label", "label_updated", False),
    ],
)
def test_a_pull_request_with_a_new_head_is_looked_at(
    forge: str, event: str, action: str, *, is_looked_at: bool
) -> None:
    [meaning] = interpret(event, pull_request(action), forge)

    assert isinstance(meaning, PullRequest if is_looked_at else Ignored)
    if isinstance(meaning, PullRequest):
        assert (meaning.head, meaning.ref, meaning.target) == (NEW, "refs/pull/5/head", "refs/heads/main")


def test_a_pull_request_of_a_fork_names_it_and_of_one_that_is_gone_does_not() -> None:
    fork = {**REPOSITORY, "id": 9, "clone_url": "https://git.corp.io/ada/demo.git"}
    payload = pull_request("opened", head={"ref": "t", "sha": NEW, "repo": fork})
    gone = pull_request("opened", head={"ref": "t", "sha": NEW, "repo": None})

    assert interpret("pull_request", payload)[0].source.forge_key == "git.corp.io:9"
    assert interpret("pull_request", gone)[0].source is None


@BOTH
def test_a_repository_that_is_made_deleted_or_renamed_is_told(forge: str) -> None:
    renamed = {"action": "renamed", "changes": {"name": {"from": "former"}}}
    told = [interpret("repository", one, forge)[0] for one in ({"action": "created"}, {"action": "deleted"}, renamed)]

    assert all(isinstance(one, RepositoryEvent) for one in told)
    assert [(one.change, one.former_url) for one in told] == [
        ("created", ""),
        ("deleted", ""),
        ("renamed", "https://git.corp.io/acme/former.git"),
    ]


def test_what_does_not_fit_names_the_place() -> None:
    with pytest.raises(Malformed, match="ref"):
        interpret("delete", {"ref": "a b", "ref_type": "branch"})
    with pytest.raises(Malformed, match="repository"):
        interpret("delete", {"ref": "x", "ref_type": "branch", "repository": "text"})
    with pytest.raises(Malformed, match="head"):
        interpret("pull_request", {"action": "opened", "number": 1, "pull_request": {"head": None}})


def test_a_webhook_of_github_takes_gitea_s_deliveries_as_before() -> None:
    push = pushes.push(URL, OLD, NEW)
    sync = {"repository": REPOSITORY, **pull_request("synchronized")}

    assert isinstance(as_githubs("push", push)[0], Push)
    assert isinstance(as_githubs("pull_request", sync)[0], PullRequest)
    headers = {"x-hub-signature-256": f"sha256={deliveries.digest('s', BODY)}"}
    assert senders.receiving("github").is_signed(headers, BODY, ["s"], 0)

"""What deliveries of Bitbucket Cloud prove and mean."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import deliveries
from tests.support.deliveries import NEW, OLD, UUID, ZERO

from picket.errors import Malformed
from picket.forges.bitbucket.receiving import RECEIVING
from picket.webhooks.events import Ignored, PullRequest, Push, Repository, RepositoryEvent, RepositoryTold

REPOSITORY = Repository("https://bitbucket.org/team/shop.git", f"bitbucket.org:{UUID}", "private")


def interpret(event: str, payload: dict[str, Any]) -> Any:
    return RECEIVING.interpret(event, payload)


def test_a_signature_has_the_name_of_its_hash() -> None:
    made = deliveries.digest("s", b"{}")

    assert RECEIVING.is_signed({"x-hub-signature": f"sha256={made}"}, b"{}", ["other", "s"], 0)
    assert not RECEIVING.is_signed({"x-hub-signature": made}, b"{}", ["s"], 0)
    assert not RECEIVING.is_signed({"x-hub-signature-256": f"sha256={made}"}, b"{}", ["s"], 0)
    assert not RECEIVING.is_signed({}, b"{}", ["s"], 0)


def test_one_push_may_move_several_refs() -> None:
    changes = (
        {"old": deliveries.bitbucket_tip("main", OLD), "new": deliveries.bitbucket_tip("main", NEW), "forced": True},
        {"old": None, "new": deliveries.bitbucket_tip("feature/x", NEW), "created": True},
        {"old": deliveries.bitbucket_tip("gone", OLD), "new": None, "closed": True},
        {"old": None, "new": deliveries.bitbucket_tip("v1", NEW, "tag")},
        {"old": None, "new": deliveries.bitbucket_tip("b", NEW, "bookmark")},
        {"old": None, "new": None},
    )

    assert interpret("repo:push", deliveries.bitbucket_push(*changes)) == (
        Push(REPOSITORY, "refs/heads/main", OLD, NEW, forced=True),
        Push(REPOSITORY, "refs/heads/feature/x", ZERO, NEW),
        Push(REPOSITORY, "refs/heads/gone", OLD, ZERO),
        Push(REPOSITORY, "refs/tags/v1", ZERO, NEW),
    )


@pytest.mark.parametrize("event", ["pullrequest:created", "pullrequest:updated", "pullrequest:push"])
def test_of_a_pull_requests_head_twelve_digits_are_told_which_are_no_id(event: str) -> None:
    fork = deliveries.bitbucket_repository(uuid=f"{{{UUID.replace('6', '5')}}}", full_name="ada/s")
    source = {"branch": {"name": "t"}, "commit": {"hash": "d3022fc0ca3d"}, "repository": fork}
    request = {"id": 4, "source": source, "destination": {"branch": {"name": "main"}, "commit": {"hash": "c0ffee"}}}
    payload = {"repository": deliveries.bitbucket_repository(), "pullrequest": request}

    [meaning] = interpret(event, payload)

    assert isinstance(meaning, PullRequest)
    assert (meaning.number, meaning.head, meaning.begins) == (4, "", "d3022fc0ca3d")
    assert (meaning.branch, meaning.ref) == ("refs/heads/t", "refs/pull-requests/4/from")
    assert meaning.target == "refs/heads/main"
    assert meaning.source is not None
    assert meaning.source.url == "https://bitbucket.org/ada/s.git"


def test_of_a_pull_request_whose_fork_is_gone_no_branch_is_told() -> None:
    source = {"branch": {"name": "t"}, "commit": {"hash": "d3022fc0ca3d"}, "repository": None}
    request = {"id": 4, "source": source, "destination": {"branch": {"name": "main"}, "commit": {"hash": "c0ffee"}}}

    [meaning] = interpret(
        "pullrequest:created", {"repository": deliveries.bitbucket_repository(), "pullrequest": request}
    )

    assert isinstance(meaning, PullRequest)
    assert (meaning.branch, meaning.source, meaning.begins) == ("", None, "d3022fc0ca3d")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("commit.hash", "--upload-pack=x"),
        ("commit.hash", "d3022f\n"),
        ("branch.name", "a b"),
        ("branch.name", "x:refs/heads/main"),
        ("repository.full_name", "../../etc"),
        ("repository.full_name", "ada@evil.example/s"),
    ],
)
def test_a_hostile_head_of_a_pull_request_does_not_fit(place: str, value: str) -> None:
    fork = deliveries.bitbucket_repository(uuid=f"{{{UUID.replace('6', '5')}}}", full_name="ada/s")
    source = {"branch": {"name": "t"}, "commit": {"hash": "d3022fc0ca3d"}, "repository": fork}
    part, field = place.split(".")
    source[part] = {**source[part], field: value}
    request = {"id": 4, "source": source, "destination": {"branch": {"name": "main"}}}

    with pytest.raises(Malformed, match=field):
        interpret("pullrequest:created", {"repository": deliveries.bitbucket_repository(), "pullrequest": request})


@pytest.mark.parametrize(
    ("event", "change"),
    [("repo:created", "created"), ("repo:transfer", "transferred"), ("repo:deleted", "deleted")],
)
def test_what_happens_to_a_repository_is_told(event: str, change: str) -> None:
    payload = {"repository": deliveries.bitbucket_repository()}

    assert interpret(event, payload) == (RepositoryEvent(REPOSITORY, change),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("new", "change"), [("team/cart", "renamed"), ("other/shop", "transferred"), ("team/shop", None)]
)
def test_an_update_may_be_of_the_name(new: str, change: str | None) -> None:
    changes = {"full_name": {"old": "team/shop", "new": new}, "description": {"old": "a", "new": "b"}}
    [meaning] = interpret("repo:updated", {"repository": deliveries.bitbucket_repository(), "changes": changes})

    if change is None:
        assert meaning == RepositoryTold(REPOSITORY)
    else:
        assert isinstance(meaning, RepositoryEvent)
        assert (meaning.change, meaning.repository.url) == (change, f"https://bitbucket.org/{new}.git")
        assert meaning.former_url == "https://bitbucket.org/team/shop.git"


@pytest.mark.parametrize("event", ["issue:created", "repo:commit_status_created", "pullrequest:approved", "unknown"])
def test_what_nothing_reacts_to_is_ignored(event: str) -> None:
    assert interpret(event, {}) == (Ignored(),)


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        ({"repository": deliveries.bitbucket_repository(full_name="x"), "push": {"changes": []}}, "full_name"),
        ({"repository": deliveries.bitbucket_repository(uuid="7"), "push": {"changes": []}}, "uuid"),
        ({"repository": deliveries.bitbucket_repository()}, "push"),
        (deliveries.bitbucket_push({"new": {"type": "branch", "name": "a b", "target": {"hash": NEW}}}), "name"),
        (deliveries.bitbucket_push({"new": deliveries.bitbucket_tip("m", "d3022fc0ca3d")}), "hash"),
    ],
)
def test_what_does_not_fit_names_the_place(payload: dict[str, Any], place: str) -> None:
    with pytest.raises(Malformed, match=place):
        interpret("repo:push", payload)

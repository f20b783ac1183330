"""What deliveries of Bitbucket Data Center prove and mean."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import deliveries
from tests.support.deliveries import NEW, OLD, ZERO

from picket.errors import Malformed
from picket.forges.bitbucket_datacenter.receiving import RECEIVING
from picket.webhooks.events import (
    Ignored,
    Ping,
    PullRequest,
    Push,
    Repository,
    RepositoryEvent,
    RepositoryTold,
    ScanWanted,
)

AT = "2026-05-01T10:00:00.000000Z"
REPOSITORY = Repository("https://git.corp.io/scm/shop/cart.git", "git.corp.io:4", "private", AT)


def interpret(event: str, payload: dict[str, Any]) -> Any:
    return RECEIVING.interpret(event, {"date": "2026-05-01T12:00:00+0200", **payload})


def test_a_signature_has_the_name_of_its_hash_and_a_ping_needs_none() -> None:
    made = deliveries.digest("s", b"{}")

    assert RECEIVING.is_signed({"x-hub-signature": f"sha256={made}"}, b"{}", ["s"], 0)
    assert not RECEIVING.is_signed({"x-event-key": "diagnostics:ping"}, b'{"test":true}', ["s"], 0)
    assert RECEIVING.is_harmless_ping({"x-event-key": "diagnostics:ping"}, b'{"test":true}')
    assert not RECEIVING.is_harmless_ping({"x-event-key": "repo:refs_changed"}, b'{"test":true}')
    assert interpret("diagnostics:ping", {"test": True}) == (Ping(),)


def test_one_push_may_move_several_refs() -> None:
    changes: list[dict[str, Any]] = [
        {"ref": {"id": "refs/heads/main"}, "fromHash": OLD, "toHash": NEW, "type": "UPDATE"},
        {"ref": {"id": "refs/heads/new"}, "fromHash": ZERO, "toHash": NEW, "type": "ADD"},
        {"ref": {"id": "refs/tags/v1"}, "fromHash": OLD, "toHash": ZERO, "type": "DELETE"},
    ]

    assert interpret("repo:refs_changed", deliveries.datacenter_push(*changes)) == tuple(
        Push(REPOSITORY, one["ref"]["id"], one["fromHash"], one["toHash"]) for one in changes
    )


@pytest.mark.parametrize(
    ("links", "project", "url", "key"),
    [
        pytest.param(
            {"clone": [{"name": "http", "href": "https://ada@git.corp.io/bb/scm/~ada/cart.git"}]},
            {"key": "~ADA"},
            "https://git.corp.io/bb/scm/~ada/cart.git",
            "git.corp.io:4",
            id="with a user in the address",
        ),
        pytest.param(
            {"self": [{"href": "https://git.corp.io:7990/bb/users/ada/repos/cart/browse"}]},
            {"key": "~ADA"},
            "https://git.corp.io:7990/bb/scm/~ada/cart.git",
            "git.corp.io:7990:4",
            id="from its page",
        ),
        pytest.param(
            None,
            {"key": "SHOP", "links": {"self": [{"href": "https://git.corp.io/projects/SHOP"}]}},
            "https://git.corp.io/scm/shop/cart.git",
            "git.corp.io:4",
            id="from its project's page",
        ),
        pytest.param(
            {"clone": [{"name": "ssh", "href": "ssh://git@git.corp.io:7999/shop/cart.git"}]},
            {"key": "SHOP"},
            "ssh://git@git.corp.io:7999/shop/cart.git",
            "git.corp.io:4",
            id="by ssh alone",
        ),
    ],
)
def test_the_address_is_told_or_built(links: Any, project: Any, url: str, key: str) -> None:
    repository = deliveries.datacenter_repository(links=links, project=project)
    [meaning] = interpret("repo:refs_changed", {**deliveries.datacenter_push(), "repository": repository})

    assert (meaning.repository.url, meaning.repository.forge_key) == (url, key)


def test_a_repository_of_which_nothing_says_where_it_is_does_not_fit() -> None:
    with pytest.raises(Malformed, match=r"repository\.links"):
        interpret(
            "repo:refs_changed",
            {**deliveries.datacenter_push(), "repository": deliveries.datacenter_repository(links=None)},
        )


@pytest.mark.parametrize("event", ["pr:opened", "pr:from_ref_updated"])
def test_a_pull_request_with_a_new_head_is_looked_at(event: str) -> None:
    source = {"id": "refs/heads/t", "latestCommit": NEW, "repository": deliveries.datacenter_repository(id=5)}
    target = {"id": "refs/heads/main", "latestCommit": OLD, "repository": deliveries.datacenter_repository()}
    [meaning] = interpret(event, {"pullRequest": {"id": 9, "fromRef": source, "toRef": target}})

    assert isinstance(meaning, PullRequest)
    assert (meaning.number, meaning.head, meaning.ref) == (9, NEW, "refs/pull-requests/9/from")
    assert (meaning.repository, meaning.target) == (REPOSITORY, "refs/heads/main")
    assert meaning.source is not None
    assert meaning.source.forge_key == "git.corp.io:5"


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        pytest.param({"slug": "former"}, {}, ["renamed"], id="renamed"),
        pytest.param({"project": {"key": "OTHER"}}, {}, ["transferred"], id="transferred"),
        pytest.param({"archived": False}, {"archived": True}, ["archived"], id="archived"),
        pytest.param({"archived": True}, {"archived": False}, ["unarchived"], id="unarchived"),
        pytest.param({"public": False}, {"public": True}, ["publicized"], id="publicized"),
        pytest.param({"slug": "f", "public": True}, {}, ["renamed", "privatized"], id="two at once"),
    ],
)
def test_a_change_is_what_differs(old: dict[str, Any], new: dict[str, Any], changes: list[str]) -> None:
    made = {"old": deliveries.datacenter_repository(**old), "new": deliveries.datacenter_repository(**new)}
    meanings = interpret("repo:modified", made)

    assert all(isinstance(one, RepositoryEvent) for one in meanings)
    assert [one.change for one in meanings] == changes


def test_another_description_changes_nothing() -> None:
    same = deliveries.datacenter_repository()

    assert interpret("repo:modified", {"old": same, "new": same}) == (RepositoryTold(REPOSITORY),)


def test_a_secret_that_the_server_has_found_asks_for_a_scan_since_its_value_is_not_told() -> None:
    location = {"path": "a.py", "line": 3, "commitId": NEW, "ruleName": "AWS"}
    payload = {
        "repository": deliveries.datacenter_repository(),
        "secretLocations": [{**location, "repository": deliveries.datacenter_repository()}, location],
    }

    assert interpret("repo:secret_detected", payload) == (ScanWanted(REPOSITORY),)
    assert interpret("repo:secret_detected", {}) == (Ignored(),)


@pytest.mark.parametrize("event", ["pr:merged", "repo:forked", "repo:comment:added", "unknown"])
def test_what_nothing_reacts_to_is_ignored(event: str) -> None:
    assert interpret(event, {}) == (Ignored(),)

"""What GitHub's deliveries mean."""

from typing import Any

import pytest
from tests.support import pushes

from picket.effects import senders
from picket.errors import Malformed, Unauthorized, Unsupported
from picket.events import Envelope, GitHubSourceEvent
from picket.forges.github import payloads as github
from picket.forges.github import receiving as github_receiving
from picket.forges.standard import payloads as standard
from picket.forges.standard import receiving as standard_receiving
from picket.webhooks.delivery import check_scope
from picket.webhooks.events import Ignored, Ping, PullRequest, Push, RepositoryEvent, ScanWanted, as_of

URL = "https://github.com/o/r.git"
OLD, NEW, ZERO = "a" * 40, "b" * 40, "0" * 40


@pytest.mark.parametrize(
    ("payload", "ref", "before", "after"),
    [
        pytest.param(pushes.push(URL, OLD, NEW), "refs/heads/main", OLD, NEW, id="branch"),
        pytest.param(pushes.push(URL, ZERO, NEW, created=True), "refs/heads/main", ZERO, NEW, id="created"),
        pytest.param(pushes.push(URL, OLD, ZERO, deleted=True), "refs/heads/main", OLD, ZERO, id="deleted"),
        pytest.param(pushes.push(URL, ZERO, NEW, ref="refs/tags/v1"), "refs/tags/v1", ZERO, NEW, id="tag"),
    ],
)
def test_a_push_is_ref_before_and_after(payload: dict[str, Any], ref: str, before: str, after: str) -> None:
    (meaning,) = github.parse("push", payload)

    assert isinstance(meaning, Push)
    assert (meaning.ref, meaning.before, meaning.after, meaning.forced) == (ref, before, after, False)
    assert (meaning.repository.url, meaning.repository.forge_key) == (URL, "github.com:7")
    assert meaning.repository.visibility == "private"


def test_what_a_push_does_not_tell_of_its_repository_stays_unknown() -> None:
    (meaning,) = github.parse("push", {**pushes.push(URL, OLD, NEW), "repository": {"clone_url": URL}})

    assert isinstance(meaning, Push)
    assert (meaning.repository.forge_key, meaning.repository.visibility) == ("", "")


def test_a_forced_push_says_so() -> None:
    (meaning,) = github.parse("push", pushes.push(URL, OLD, NEW, forced=True))

    assert isinstance(meaning, Push)
    assert meaning.forced


@pytest.mark.parametrize(
    "action",
    ["created", "renamed", "transferred", "archived", "unarchived", "deleted", "publicized", "privatized"],
)
def test_a_repository_event_is_a_change(action: str) -> None:
    (meaning,) = github.parse("repository", pushes.repository(URL, action))

    assert isinstance(meaning, RepositoryEvent)
    assert meaning.change == action


def test_a_rename_tells_the_former_name() -> None:
    changes = {"repository": {"name": {"from": "former"}}}

    (meaning,) = github.parse("repository", pushes.repository(URL, "renamed", changes=changes))

    assert isinstance(meaning, RepositoryEvent)
    assert meaning.former_url == "https://github.com/o/former.git"


@pytest.mark.parametrize("kind", ["user", "organization"])
def test_a_transfer_tells_the_former_owner(kind: str) -> None:
    changes = {"owner": {"from": {kind: {"login": "former", "id": 1}}}}

    (meaning,) = github.parse("repository", pushes.repository(URL, "transferred", changes=changes))

    assert isinstance(meaning, RepositoryEvent)
    assert (meaning.change, meaning.former_url) == ("transferred", "https://github.com/former/r.git")


@pytest.mark.parametrize("login", ["a/b", "..%2f", "", 7])
def test_a_former_owner_that_is_no_name_does_not_fit(login: object) -> None:
    changes = {"owner": {"from": {"user": {"login": login}}}}

    with pytest.raises(Malformed, match="login"):
        github.parse("repository", pushes.repository(URL, "transferred", changes=changes))


def pull_request(action: str, **more: Any) -> dict[str, Any]:
    repository = pushes.push(URL, OLD, NEW)["repository"]
    head = {"ref": "topic", "sha": NEW, "repo": repository, **more}
    told = {"head": head, "base": {"ref": "main", "sha": OLD, "repo": repository}}
    return {"action": action, "number": 12, "pull_request": told, "repository": repository}


@pytest.mark.parametrize("action", ["opened", "reopened", "ready_for_review", "synchronize"])
def test_a_pull_request_with_a_new_head_is_looked_at(action: str) -> None:
    (meaning,) = github.parse("pull_request", pull_request(action))

    assert isinstance(meaning, PullRequest)
    assert (meaning.number, meaning.head, meaning.ref) == (12, NEW, "refs/pull/12/head")
    assert (meaning.target, meaning.source) == ("refs/heads/main", None)


def test_a_pull_request_of_a_fork_names_it_and_of_one_that_is_gone_does_not() -> None:
    fork = {"id": 8, "clone_url": "https://github.com/ada/r.git", "private": False}
    (of_fork,), (of_gone,) = (github.parse("pull_request", pull_request("opened", repo=repo)) for repo in (fork, None))

    assert isinstance(of_fork, PullRequest)
    assert isinstance(of_gone, PullRequest)
    assert of_fork.source is not None
    assert of_fork.source.forge_key == "github.com:8"
    assert of_gone.source is None


@pytest.mark.parametrize("action", ["edited", "closed", "labeled", "converted_to_draft", None, ["opened"]])
def test_what_leaves_a_pull_requests_head_alone_is_ignored(action: Any) -> None:
    assert github.parse("pull_request", pull_request(action)) == (Ignored(),)


@pytest.mark.parametrize("event", ["installation", "installation_repositories", "installation_target"])
def test_what_an_app_may_reach_is_left_to_the_listing(event: str) -> None:
    assert github.parse(event, {"action": "created"}) == (Ignored(),)


def test_the_public_event_has_no_action_and_means_publicized() -> None:
    payload = pushes.repository(URL, "x")
    del payload["action"]

    (meaning,) = github.parse("public", payload)

    assert isinstance(meaning, RepositoryEvent)
    assert meaning.change == "publicized"


def test_a_ping_is_a_ping_and_create_and_delete_are_told_better_by_their_push() -> None:
    assert github.parse("ping", {"zen": "x"}) == (Ping(),)
    ref = {"ref": "v1", "ref_type": "tag", "repository": {"id": 7, "clone_url": URL}}
    assert github.parse("create", ref) == ()
    assert github.parse("delete", ref) == ()


@pytest.mark.parametrize("event", ["issues", "star", "workflow_run"])
def test_an_event_nothing_reacts_to_is_ignored(event: str) -> None:
    assert github.parse(event, {}) == (Ignored(),)


def test_an_action_nothing_reacts_to_is_ignored() -> None:
    assert github.parse("repository", pushes.repository(URL, "edited")) == (Ignored(),)


@pytest.mark.parametrize(
    ("times", "latest"),
    [
        (("2026-05-01T10:00:00Z", 1_777_629_600), "2026-05-01T10:00:00.000000Z"),
        (("2026-05-01T12:00:00+02:00", None), "2026-05-01T10:00:00.000000Z"),
        ((1_777_629_600, "no time"), "2026-05-01T10:00:00.000000Z"),
        (("2026-05-01T10:00:00", True, 10**30, None), ""),
    ],
)
def test_a_payload_is_as_of_the_latest_time_that_it_names(times: tuple[object, ...], latest: str) -> None:
    assert as_of(*times) == latest


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("before", "HEAD"),
        ("after", "-x"),
        ("after", "B" * 40),
        ("ref", "main"),
        ("ref", "refs/heads/a b"),
        ("ref", "refs/heads/a\n"),
        ("repository", None),
        ("repository", {"id": "seven", "clone_url": URL}),
    ],
)
def test_a_push_that_does_not_fit_names_the_place_and_not_the_value(field: str, value: object) -> None:
    with pytest.raises(Malformed, match=field) as caught:
        github.parse("push", {**pushes.push(URL, OLD, NEW), field: value})
    assert "HEAD" not in str(caught.value)


def test_standard_webhooks_carry_pickets_own_payloads() -> None:
    push = {"data": {"repository": URL, "ref": "refs/heads/x", "before": OLD, "after": NEW}}

    assert isinstance(standard.parse("push", push)[0], Push)
    assert isinstance(standard.parse("scan.requested", {"data": {"repository": URL}})[0], ScanWanted)
    assert standard.parse("ping", {}) == (Ping(),)
    with pytest.raises(Malformed):
        standard.parse("push", {"data": {"repository": URL}})
    with pytest.raises(Malformed):
        standard.parse("push", {"data": "text"})
    with pytest.raises(Unsupported):
        standard.parse("other", {})


def test_the_sender_decides_how_a_payload_is_read() -> None:
    payload = {"data": {"repository": URL}}

    assert isinstance(senders.receiving("standard").interpret("scan.requested", payload)[0], ScanWanted)
    assert senders.receiving("github").interpret("scan.requested", payload) == (Ignored(),)
    for name in ("nosuch", "sarif"):
        with pytest.raises(Unsupported, match="sends no webhooks"):
            senders.receiving(name)


def test_events_of_knatives_github_source_mean_the_same() -> None:
    envelope = Envelope(id="1", type="dev.knative.source.github.push", source="https://github.com/o/r")
    event = GitHubSourceEvent.read(pushes.encode(pushes.push(URL, OLD, NEW)).decode(), envelope)

    assert GitHubSourceEvent.handles(envelope.type)
    assert isinstance(senders.receiving("github").interpret(event.event, event.payload)[0], Push)


@pytest.mark.parametrize(
    ("scope", "name", "is_admitted"),
    [
        ("", "h/o/r", True),
        ("h/o", "h/o/r", True),
        ("h/o/r", "h/o/r", True),
        ("h/o", "h/other/r", False),
        ("h/o/r", "h/o/r2", False),
        ("h/o", "h/o2/r", False),
    ],
)
def test_a_source_speaks_for_its_scope_only(scope: str, name: str, *, is_admitted: bool) -> None:
    if is_admitted:
        check_scope(scope, name)
    else:
        with pytest.raises(Unauthorized):
            check_scope(scope, name)


def test_githubs_own_example_of_a_signature() -> None:
    # Source: docs.github.com, "Validating webhook deliveries", testing the webhook payload validation.
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"x-hub-signature-256": f"sha256={digest}"}

    assert github_receiving.is_signed(headers, b"Hello, World!", ["It's a Secret to Everybody"])
    assert not github_receiving.is_signed(headers, b"Hello, World?", ["It's a Secret to Everybody"])
    assert not github_receiving.is_signed({}, b"Hello, World!", ["It's a Secret to Everybody"])
    assert not github_receiving.is_signed({"x-hub-signature-256": "sha256=\u00e9"}, b"", ["x"])


def test_the_specifications_own_example_of_a_standard_webhook() -> None:
    # Source: standard-webhooks.md, "Signature scheme", example.
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }

    assert standard_receiving.is_signed(headers, body, [secret], 1614265330.0)
    assert not standard_receiving.is_signed(headers, body, [secret], 1614265330.0 + 301)
    assert not standard_receiving.is_signed({**headers, "webhook-timestamp": "\u0663"}, body, [secret], 3.0)
    assert not standard_receiving.is_signed({**headers, "webhook-signature": "v2,abc"}, body, [secret], 1614265330.0)

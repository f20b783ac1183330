"""A genuine forge: Gitea lists an organization, and announces pushes by webhooks of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from pydantic import SecretStr
from tests.support import gitea, secrets
from tests.support.gitea import Gitea
from tests.support.repositories import Work
from tests.support.stack import eventually, kill, picket_up

from picket.effects.forge import client, listing, reviews
from picket.effects.forge.client import Caller
from picket.effects.forge.transport import Moved
from picket.forges.listing import Listed
from picket.forges.reviewing import Remark, Review, comment
from picket.forges.status import PROPOSED, Commit, Status

pytestmark = [pytest.mark.real("gitea"), pytest.mark.stack, pytest.mark.slow]
REPOSITORIES = 60
"""More than Gitea lists on one page."""


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gitea]:
    with gitea.running(tmp_path_factory.mktemp("gitea")) as found:
        found.post("/orgs", {"username": "acme"})
        yield found


@pytest.mark.usefixtures("store")
def test_an_organization_is_listed_page_by_page(forge: Gitea) -> None:
    forge.post("/orgs", {"username": "many"})
    for number in range(REPOSITORIES):
        forge.post("/orgs/many/repos", {"name": f"r{number}", "private": number % 2 == 1})

    found: list[Listed] = []
    url, pages = listing.first_url("gitea", "http", forge.host, "many"), 0
    while url:
        page = listing.fetch("gitea", "many", url, SecretStr(forge.token), "")
        assert page is not None
        found, url, pages = [*found, *page.repositories], page.next, pages + 1

    assert pages > 1
    assert {(one.path, one.visibility) for one in found} == {
        (f"r{number}", "private" if number % 2 else "public") for number in range(REPOSITORIES)
    }
    assert all(one.url == f"http://{forge.host}/many/{one.path}.git" for one in found)


def listed(forge: Gitea, name: str, token: str | None = None) -> dict[str, str]:
    """Return paths by id of an organization's or user's first page."""
    given = SecretStr(token) if token else None
    for url in listing.first_urls("gitea", "http", forge.host, name, given):
        with suppress(listing.Absent):
            page = listing.fetch("gitea", name, url, given)
            assert page is not None
            return {one.key: one.url.removeprefix(f"http://{forge.host}/") for one in page.repositories}
    raise listing.Absent(name)


@pytest.mark.usefixtures("store")
def test_a_user_is_listed_where_no_organization_has_the_name(forge: Gitea) -> None:
    forge.post("/user/repos", {"name": "open"})
    forge.post("/user/repos", {"name": "closed", "private": True})

    assert set(listed(forge, gitea.USER, forge.token).values()) == {
        f"{gitea.USER}/{name}.git" for name in ("open", "closed")
    }
    assert set(listed(forge, gitea.USER).values()) == {f"{gitea.USER}/open.git"}
    with pytest.raises(listing.Absent):
        listed(forge, "nobody", forge.token)


@pytest.mark.usefixtures("store")
def test_an_organization_that_may_not_be_seen_is_no_user_without_repositories(forge: Gitea) -> None:
    forge.post("/orgs", {"username": "hidden", "visibility": "private"})
    forge.post("/orgs/hidden/repos", {"name": "r"})

    assert set(listed(forge, "hidden", forge.token).values()) == {"hidden/r.git"}
    with pytest.raises(listing.Absent):
        listed(forge, "hidden")


@pytest.mark.usefixtures("store")
def test_what_was_renamed_and_moved_has_the_same_id_and_a_write_to_its_old_path_says_where_it_is(
    forge: Gitea,
) -> None:
    caller, headers = Caller("gitea", SecretStr(forge.token)), {"Authorization": f"token {forge.token}"}
    forge.post("/orgs", {"username": "from"})
    forge.post("/orgs", {"username": "to"})
    forge.post("/orgs/from/repos", {"name": "old"})
    [key] = listed(forge, "from", forge.token)
    base = f"http://{forge.host}/api/v1/repos"

    assert client.write(caller, "PATCH", f"{base}/from/old", headers, {"name": "new"}).status == 200
    assert listed(forge, "from", forge.token) == {key: "from/new.git"}
    with pytest.raises(Moved, match=r"/repos/from/new/hooks") as caught:
        client.write(caller, "POST", f"{base}/from/old/hooks", headers, {"type": "gitea"})
    assert caught.value.path == "/api/v1/repos/from/new/hooks"
    client.write(caller, "POST", f"{base}/from/new/transfer", headers, {"new_owner": "to"})

    assert listed(forge, "from", forge.token) == {}
    assert listed(forge, "to", forge.token) == {key: "to/new.git"}


def test_a_push_over_http_is_announced_by_its_webhook_and_ends_as_a_finding(forge: Gitea, tmp_path: Path) -> None:
    forge.post("/orgs/acme/repos", {"name": "shop", "default_branch": "main"})
    work = Work(tmp_path / "work")
    work.commit({"a.py": "x = 1\n"})
    work.git("push", "--quiet", forge.remote("acme/shop"), "HEAD:refs/heads/main")
    secret = secrets.aws_key(1)
    with picket_up(tmp_path / "data") as stack:
        source = stack.post("/webhooks", {"sender": "github", "name": "gitea"})
        hook = {"url": source["url"], "content_type": "json", "secret": source["secret"]}
        more = {"type": "gitea", "events": ["push"], "active": True}
        forge.post("/repos/acme/shop/hooks", {"config": hook, **more})
        after = work.commit({"a.py": f"x = 1\nkey = '{secret}'\n"})
        work.git("push", "--quiet", forge.remote("acme/shop"), "HEAD:refs/heads/main")

        [finding] = eventually(stack.all_findings)

    assert (finding["commit"], finding["path"], finding["start_line"]) == (after, "a.py", 2)
    assert secret not in str(finding)


def test_a_push_gets_a_status_that_links_to_the_finding_and_follows_what_is_decided_of_it(
    forge: Gitea, tmp_path: Path
) -> None:
    forge.post("/orgs/acme/repos", {"name": "told", "default_branch": "main"})
    work = Work(tmp_path / "work")
    work.commit({"a.py": "x = 1\n"})
    work.git("push", "--quiet", forge.remote("acme/told"), "HEAD:refs/heads/main")
    told = {
        "PICKET_STATUSES": json.dumps({forge.host: {"forge": "gitea", "token": forge.token}}),
        "PICKET_STATUS_REPOSITORIES": json.dumps([f"{forge.host}/acme/*"]),
        "PICKET_WEB_URL": "https://picket.corp.io",
    }
    with picket_up(tmp_path / "data", environment=told) as stack:
        source = stack.post("/webhooks", {"sender": "github", "name": "gitea"})
        hook = {"url": source["url"], "content_type": "json", "secret": source["secret"]}
        forge.post("/repos/acme/told/hooks", {"config": hook, "type": "gitea", "events": ["push"], "active": True})

        def statuses(sha: str) -> list[tuple[str, str]]:
            """Return states and URLs, the oldest first."""
            found = forge.get(f"/repos/acme/told/commits/{sha}/statuses")  # those of one second come in any order
            return [(one["status"], one["target_url"]) for one in sorted(found, key=lambda one: int(one["id"]))]

        def push(text: str) -> str:
            sha = work.commit({"a.py": text})
            work.git("push", "--quiet", forge.remote("acme/told"), "HEAD:refs/heads/main")
            return sha

        clean = push("x = 2\n")
        eventually(lambda: [state for state, _ in statuses(clean)][-1:] == ["success"])
        leaked = push(f"key = '{secrets.slack_token(2)}'\n")
        eventually(lambda: [state for state, _ in statuses(leaked)][-1:] == ["failure"])
        [finding] = stack.all_findings()
        assert statuses(leaked)[-1][1] == f"https://picket.corp.io/findings/{finding['id']}"
        stack.patch(f"/findings/{finding['id']}", {"state": "false-positive"})
        eventually(lambda: [state for state, _ in statuses(leaked)] == ["pending", "failure", "success"])


HOSTILE = "a](https:/evil.example) <script>`x`.py"


def test_a_pull_request_gets_a_comment_at_the_line_that_follows_what_is_decided_of_the_finding(
    forge: Gitea, tmp_path: Path
) -> None:
    forge.post("/orgs/acme/repos", {"name": "asked", "default_branch": "main"})
    work, remote = Work(tmp_path / "work"), forge.remote("acme/asked")
    work.commit({"a.py": "x = 1\n"})
    work.git("push", "--quiet", remote, "HEAD:refs/heads/main")
    told = {
        "PICKET_STATUSES": json.dumps({forge.host: {"forge": "gitea", "token": forge.token}}),
        "PICKET_STATUS_REPOSITORIES": json.dumps([f"{forge.host}/acme/*"]),
        "PICKET_WEB_URL": "https://picket.corp.io",
    }
    events = ["push", "pull_request", "pull_request_sync"]

    def comments() -> list[tuple[str, int, str]]:
        """Return path, line and text of each comment at a line."""
        reviews = forge.get("/repos/acme/asked/pulls/1/reviews")
        each = [forge.get(f"/repos/acme/asked/pulls/1/reviews/{one['id']}/comments") for one in reviews]
        return sorted((one["path"], one["position"], one["body"]) for found in each for one in found)

    with picket_up(tmp_path / "data", environment=told) as stack:
        source = stack.post("/webhooks", {"sender": "gitea", "name": "asked"})
        hook = {"url": source["url"], "content_type": "json", "secret": source["secret"]}
        forge.post("/repos/acme/asked/hooks", {"config": hook, "type": "gitea", "events": events, "active": True})
        planted = secrets.slack_token(5), secrets.slack_token(6)
        work.commit({"a.py": f"x = 1\n\nkey = '{planted[0]}'\n", HOSTILE: f"key = '{planted[1]}'\n"})
        work.git("push", "--quiet", remote, "HEAD:refs/heads/topic")
        forge.post("/repos/acme/asked/pulls", {"head": "topic", "base": "main", "title": "t"})

        eventually(lambda: len(comments()) == 2)
        first = comments()
        finding = next(one for one in stack.all_findings() if one["path"] == "a.py")
        assert [(path, line) for path, line, _ in first] == [("a.py", 3), (HOSTILE, 1)]
        link = f"https://picket.corp.io/findings/{finding['id']}"
        assert f"[See it in Picket]({link})" in first[0][2]
        assert not [body for _, _, body in first for secret in (*planted, "evil", "script") if secret in body]
        [hunk] = [
            one["diff_hunk"]
            for review in forge.get("/repos/acme/asked/pulls/1/reviews")
            for one in forge.get(f"/repos/acme/asked/pulls/1/reviews/{review['id']}/comments")
            if one["path"] == "a.py"
        ]
        assert "+key = " in hunk
        shown = urllib3.request("GET", f"http://{forge.host}/acme/asked/pulls/1", headers=forge.headers).data.decode()
        assert f'href="{link}"' in shown

        stack.patch(f"/findings/{finding['id']}", {"state": "false-positive"})
        eventually(lambda: "no longer open" in comments()[0][2])
        stack.patch(f"/findings/{finding['id']}", {"state": "open"})
        eventually(lambda: comments() == first)
        # A new head, whose line is unchanged, and a finding in a line that it takes back: not in the diff.
        work.commit({"b.py": f"y = '{secrets.slack_token(7)}'\n"})
        work.commit({"b.py": "y = 1\n"})
        work.git("push", "--quiet", remote, "HEAD:refs/heads/topic")
        eventually(lambda: len(comments()) == 3)
        later = comments()

    assert later[:2] == first
    assert later[2][:2] == ("b.py", 1)
    assert {one["state"] for one in forge.get("/repos/acme/asked/pulls/1/reviews")} == {"COMMENT"}


@pytest.mark.usefixtures("store")
def test_odd_places_drafts_and_deleted_comments_keep_no_other_finding_from_its_line(
    forge: Gitea, tmp_path: Path
) -> None:
    forge.post("/orgs/acme/repos", {"name": "odd", "default_branch": "main"})
    work, remote = Work(tmp_path / "work"), forge.remote("acme/odd")
    work.commit({"a.py": "x = 1\n"})
    work.git("push", "--quiet", remote, "HEAD:refs/heads/main")
    longer = work.commit({"a.py": "x = 1\n" * 8})
    head = work.commit({"a.py": "x = 1\nkey = 1\n"})
    work.git("push", "--quiet", remote, "HEAD:refs/heads/topic")
    eventually(lambda: len(forge.get("/repos/acme/odd/branches") or ()) == 2)  # it takes note of a push a little later
    forge.post("/repos/acme/odd/pulls", {"head": "topic", "base": "main", "title": "t"})
    base = "/repos/acme/odd/pulls/1/reviews"
    places = [("a.py", 2), ("a.py", 8), ("gone.py", 3), ("d/" * 1_999 + "x", 1), ("a\nb`c`.py", 0), ("a.py", 2)]
    remarks = [
        Remark(f"f{each}", *place, longer if each == 1 else head, "high", "New") for each, place in enumerate(places)
    ]
    commit = Commit("http", forge.host, "acme/odd", "", head, PROPOSED)
    kept: dict[str, str] = {}
    draft = [{"path": "a.py", "new_position": 2, "body": comment(remarks[5])}]
    forge.post(base, {"event": "PENDING", "body": "d", "comments": draft})

    def show(*found: Remark) -> list[dict[str, Any]]:
        review = Review("i", commit, 1, Status("failure", "said"), found)
        reviews.show("gitea", review, dict(kept), SecretStr(forge.token), kept.update)
        each = [one["id"] for one in forge.get(base)]
        there = [one for number in each for one in forge.get(f"{base}/{number}/comments")]
        return sorted(there, key=lambda one: int(one["id"]))  # those of one second come in any order

    first = show(*remarks)
    assert len(first) == 6
    assert {one["state"] for one in forge.get(base)} == {"COMMENT"}
    kept.clear()
    assert show(*remarks) == first
    forge.delete(f"/repos/acme/odd/issues/comments/{kept['f0']}")
    left = show(*remarks[2:])
    assert len(left) == 5
    assert sum(one["body"].startswith("This finding is no longer open") for one in left) == 1


def test_an_organization_is_connected_watched_and_told(forge: Gitea, tmp_path: Path) -> None:
    """From `connect` to a status on the commit, with what somebody changes by hand in between."""
    forge.post("/orgs", {"username": "whole"})
    forge.post("/orgs/whole/repos", {"name": "shop", "default_branch": "main"})
    foreign = {"type": "gitea", "events": ["push"], "config": {"url": "http://127.0.0.1:9/x", "content_type": "json"}}
    for _ in range(REPOSITORIES):  # more than Gitea lists on one page
        forge.post("/orgs/whole/hooks", foreign)
    work = Work(tmp_path / "work")
    work.commit({"a.py": "x = 1\n"})
    work.git("push", "--quiet", forge.remote("whole/shop"), "HEAD:refs/heads/main")
    told = {
        "PICKET_GIT_TOKENS": json.dumps({forge.host: forge.token}),
        "PICKET_STATUSES": json.dumps({forge.host: {"forge": "gitea", "token": forge.token}}),
        "PICKET_STATUS_REPOSITORIES": json.dumps([f"{forge.host}/whole/*"]),
        "PICKET_WEB_URL": "https://picket.corp.io",
    }
    where = f"{forge.host}/whole"

    def ours() -> list[Any]:
        found = [one for page in (1, 2) for one in forge.get(f"/orgs/whole/hooks?limit=50&page={page}")]
        return [one for one in found if "/in/gitea/" in one["config"]["url"]]

    with picket_up(tmp_path / "data", environment=told) as stack:

        def kept(wanted: int = 1) -> bool:
            return bool(stack.get(f"/connections/{where}")["by_state"] == {"Kept": wanted})

        def look() -> None:
            before = stack.get(f"/connections/{where}")["hooks"][0]["checked_at"]
            stack.post(f"/connections/{where}/check", {})
            eventually(lambda: stack.get(f"/connections/{where}")["hooks"][0]["checked_at"] > before)

        done = stack.picket("webhooks", "connect", "gitea", "whole", "--host", forge.host)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"Connected  {where}")
        [first] = ours()
        assert (first["active"], first["type"]) == (True, "gitea")
        forge.delete(f"/orgs/whole/hooks/{first['id']}")
        look()
        [second] = ours()
        forge.patch(f"/orgs/whole/hooks/{second['id']}", {"active": False, "events": ["push"]})
        look()
        [mended] = ours()
        assert (mended["id"], mended["active"], "delete" in mended["events"]) == (second["id"], True, True)
        webhook = stack.get(f"/connections/{where}")["webhook"]
        stack.post(f"/webhooks/{webhook}/rotate", {})
        eventually(lambda: [one["id"] for one in ours()] not in ([second["id"]], []) and len(ours()) == 1)
        eventually(kept)

        leaked = work.commit({"a.py": f"key = '{secrets.slack_token(3)}'\n"})
        work.git("push", "--quiet", forge.remote("whole/shop"), "HEAD:refs/heads/main")

        def states() -> list[str]:
            found = forge.get(f"/repos/whole/shop/commits/{leaked}/statuses")
            return [one["status"] for one in sorted(found, key=lambda one: int(one["id"]))]

        eventually(lambda: states()[-1:] == ["failure"])
        [finding] = stack.all_findings()
        until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
        stack.patch(f"/findings/{finding['id']}", {"state": "accepted", "reason": "test-data", "until": until})
        eventually(lambda: states()[-1:] == ["success"])
        assert stack.get(f"/connections/{where}")["delivered"]
        done = stack.picket("webhooks", "disconnect", where)
        assert done.returncode == 0, done.stdout + done.stderr
        assert ours() == []
        assert len(forge.get("/orgs/whole/hooks?limit=50&page=1")) == 50


EVENTS = ["create", "delete", "push", "pull_request", "pull_request_sync", "repository"]


def test_hooks_of_several_kinds_tell_of_everything_and_each_push_is_scanned_once(forge: Gitea, tmp_path: Path) -> None:
    """A hook of the repository for a webhook of each kind that understands Gitea, and one of its organization."""
    forge.post("/orgs", {"username": "several"})
    forge.post("/orgs/several/repos", {"name": "shop", "default_branch": "main"})
    work, remote = Work(tmp_path / "work"), forge.remote("several/shop")
    with picket_up(tmp_path / "data") as stack:
        for sender, place in (
            ("gitea", "repos/several/shop"),
            ("forgejo", "repos/several/shop"),
            ("gitea", "orgs/several"),
        ):
            source = stack.post("/webhooks", {"sender": sender, "name": f"{sender} {place}"})
            hook = {"url": source["url"], "content_type": "json", "secret": source["secret"]}
            forge.post(f"/{place}/hooks", {"config": hook, "type": "gitea", "events": EVENTS, "active": True})

        def ended(number: int) -> list[dict[str, Any]]:
            """Return the scans once there are so many, and all are Done."""
            with stack.store() as database:
                found = list(database["scans"].find({}).sort("created_at", 1))
            return found if len(found) == number and {one["state"] for one in found} == {"Done"} else []

        main = work.commit({"a.py": "x = 1\n"})
        work.git("push", "--quiet", remote, "HEAD:refs/heads/main")
        eventually(lambda: ended(1))
        topic = work.commit({"b.py": "y = 1\n"})
        work.git("push", "--quiet", remote, "HEAD:refs/heads/topic")
        eventually(lambda: ended(2))
        forge.post("/repos/several/shop/pulls", {"head": "topic", "base": "main", "title": "t"})
        eventually(lambda: ended(3))
        later = work.commit({"c.py": "z = 1\n"})
        work.git("push", "--quiet", remote, "HEAD:refs/heads/topic")
        eventually(lambda: ended(5))
        work.git("push", "--quiet", remote, ":refs/heads/topic")
        scans = eventually(lambda: ended(6))

    none = "0" * 40
    assert sorted((one["ref"], one["before"], one["after"]) for one in scans) == sorted(
        [
            ("refs/heads/main", none, main),
            ("refs/heads/topic", none, topic),
            ("refs/pull/1/head", "", topic),
            ("refs/heads/topic", topic, later),
            ("refs/pull/1/head", "", later),
            ("refs/heads/topic", "", none),
        ]
    )


def test_whoever_dies_while_an_organization_is_connected_leaves_one_webhook(forge: Gitea, tmp_path: Path) -> None:
    forge.post("/orgs", {"username": "killed"})
    tokens = {"PICKET_GIT_TOKENS": json.dumps({forge.host: forge.token}), "PICKET_LEASE_SECONDS": "2"}
    where = f"{forge.host}/killed"
    with picket_up(tmp_path / "data", environment=tokens) as stack:
        for _ in range(3):
            order = {"forge": "gitea", "host": forge.host, "name": "killed", "alerts": False}
            stack.post("/connections", order)
            eventually(lambda: stack.function("connect"))
            kill(stack.function("connect"))
        eventually(lambda: stack.get(f"/connections/{where}")["by_state"] == {"Kept": 1})
        found = forge.get("/orgs/killed/hooks")

    assert [one["active"] for one in found] == [True]

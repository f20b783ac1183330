"""A genuine forge: Gitea lists an organization, and announces pushes by webhooks of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.support import gitea, secrets
from tests.support.gitea import Gitea
from tests.support.repositories import Work
from tests.support.stack import eventually, picket_up

from picket.effects.forge import listing
from picket.forges.listing import Listed

pytestmark = [pytest.mark.real("gitea"), pytest.mark.stack, pytest.mark.slow]
REPOSITORIES = 60
"""More than Gitea lists on one page."""


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gitea]:
    with gitea.running(tmp_path_factory.mktemp("gitea")) as found:
        found.post("/orgs", {"username": "acme"})
        yield found


def test_an_organization_is_listed_page_by_page(forge: Gitea, environment: pytest.MonkeyPatch) -> None:
    assert environment
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

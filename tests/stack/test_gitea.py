"""A genuine forge: Gitea lists an organization, and announces pushes by webhooks of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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

"""Pull requests get a status of their own: what their commits bring fails it, and nothing that was there before."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support import pushes, secrets
from tests.support.deployment import Deployment
from tests.support.repositories import Work
from tests.support.statuses import Announce, Api


@pytest.fixture
def propose(announce: Announce, deployed: Deployment, work: Work) -> Callable[..., str]:
    """Open a pull request of the commit that is checked out, or tell of new commits; its head."""

    def propose(action: str = "opened", number: int = 7) -> str:
        head = work.head()
        work.git("update-ref", f"refs/pull/{number}/head", head)
        source = deployed.api.post("/webhooks", json={"sender": "github", "name": "hook"}).json
        repository = {"id": 1, "clone_url": announce.url, "full_name": "o/r"}
        side = {"sha": head, "ref": "feature", "repo": repository}
        told = {"number": number, "head": side, "base": {"sha": work.git("rev-parse", "main"), "ref": "main"}}
        told["base"]["repo"] = repository  # type: ignore[index]
        body = json.dumps({"action": action, "number": number, "pull_request": told, "repository": repository}).encode()
        headers = pushes.signed(source["secret"], body, delivery=f"p{len(deployed.sent)}", event="pull_request")
        where = source["url"].removeprefix("http://127.0.0.1:8080")
        assert deployed.clients["ingest"].post(where, data=body, headers=headers).status_code == 202
        deployed.drain()
        return head

    return propose


def said(api: Api, sha: str) -> list[tuple[str, str, str]]:
    """Return state, name and description of each status that a commit got, in their order."""
    bodies = [body for path, _, body in api.taken if path.endswith(sha)]
    return [(body["state"], body["context"], body["description"]) for body in bodies]


@pytest.mark.usefixtures("configured")
def test_a_pull_request_fails_by_what_all_of_its_commits_bring(
    api: Api,
    push: Callable[..., str],
    propose: Callable[..., str],
    work: Work,
    deployed: Deployment,
) -> None:
    push({"known.py": f"t = '{secrets.slack_token(1)}'\n"})
    work.git("checkout", "--quiet", "-b", "feature")
    work.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    work.commit({"again.py": f"t = '{secrets.slack_token(1)}'\n"})
    head = propose()

    pending, failed = said(api, head)
    assert pending[:2] == ("pending", "picket/pull-request")
    assert failed[:2] == ("failure", "picket/pull-request")
    assert failed[2].startswith("open findings: 1 ")
    assert failed[2].endswith("; 1 known before, here again")
    new = next(one for one in deployed.api.get("/findings").json["findings"] if one["path"] == "new.py")
    deployed.api.patch(f"/findings/{new['id']}", json={"state": "false-positive"})
    deployed.drain()
    assert said(api, head)[-1][0] == "success"


@pytest.mark.usefixtures("configured")
def test_new_commits_are_looked_at_and_the_former_head_keeps_its_own(
    api: Api,
    push: Callable[..., str],
    propose: Callable[..., str],
    work: Work,
) -> None:
    push({"b.py": "x = 1\n"})
    work.git("checkout", "--quiet", "-b", "feature")
    work.commit({"c.py": "y = 1\n"})
    clean = propose()
    work.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    leaked = propose("synchronize")
    work.commit({"d.py": "z = 1\n"})
    last = propose("synchronize")

    assert [state for state, _, _ in said(api, clean)] == ["pending", "success"]
    assert [state for state, _, _ in said(api, leaked)] == ["pending", "failure"]
    assert [state for state, _, _ in said(api, last)] == ["pending", "failure"]


@pytest.mark.usefixtures("configured")
def test_the_same_commit_pushed_and_proposed_has_two_statuses(
    api: Api,
    push: Callable[..., str],
    propose: Callable[..., str],
    announce: Announce,
    work: Work,
) -> None:
    push({"b.py": "x = 1\n"})
    work.git("checkout", "--quiet", "-b", "feature")
    first = work.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    announce("0" * 40, first, "refs/heads/feature")
    head = propose()

    names: dict[str, Any] = {name: state for state, name, _ in said(api, head)}
    assert names == {"picket": "failure", "picket/pull-request": "failure"}

"""Pull requests get a status of their own: what their commits bring fails it, and nothing that was there before."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support import pushes, secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work
from tests.support.reviews import Gitea, GitHub, GitLab
from tests.support.statuses import Announce, Api

from picket.effects.forge import client, reviews
from picket.effects.git import command, history
from picket.effects.mongo.client import collection
from picket.errors import TransientError
from picket.orchestration import proposed


@pytest.fixture
def propose(announce: Announce, deployed: Deployment, work: Work) -> Callable[..., str]:
    """Open a pull request of the commit that is checked out, or tell of new commits; its head."""

    def propose(action: str = "opened", number: int = 7, *, wait: bool = False) -> str:
        head = work.head()
        work.git("update-ref", f"refs/pull/{number}/head", head)
        source = deployed.api.post("/webhooks", json={"sender": "github", "name": "hook"}).json
        repository = {"id": 7, "clone_url": announce.url, "full_name": "o/r"}
        side = {"sha": head, "ref": "feature", "repo": repository}
        told = {"number": number, "head": side, "base": {"sha": work.git("rev-parse", "main"), "ref": "main"}}
        told["base"]["repo"] = repository  # type: ignore[index]
        body = json.dumps({"action": action, "number": number, "pull_request": told, "repository": repository}).encode()
        headers = pushes.signed(source["secret"], body, delivery=f"p{len(deployed.sent)}", event="pull_request")
        where = source["url"].removeprefix("http://127.0.0.1:8080")
        assert deployed.clients["ingest"].post(where, data=body, headers=headers).status_code == 202
        if not wait:
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


def dying(monkeypatch: pytest.MonkeyPatch, after: int) -> list[int]:
    """Lose the answer to a request that shows findings at their lines; how many are left until then."""
    left = [after]

    def counted(send: Callable[..., Any]) -> Callable[..., Any]:
        def sent(*arguments: Any, **more: Any) -> Any:
            answer = send(*arguments, **more)
            left[0] -= 1
            if left[0] == 0:
                raise TransientError("the worker is dead")
            return answer

        return sent

    dead = {"get": counted(client.get), "send": counted(client.send)}
    monkeypatch.setattr(reviews, "client", SimpleNamespace(Absent=client.Absent, Refused=client.Refused, **dead))
    return left


def shown(at: Gitea | GitHub | GitLab) -> list[tuple[str, int, str, bool]]:
    """Return path, line, text of what stands at lines, and whether its finding is open."""
    if isinstance(at, GitHub):
        found = at.shown("picket/pull-request")["annotations"]
        return [(one["path"], one["start_line"], one["message"], True) for one in found]
    if isinstance(at, GitLab):
        notes = [one["notes"][0] for one in at.discussions]
        places = [one["position"] for one in notes]
        return [
            (place["new_path"], place["new_line"], note["body"], not note["resolved"])
            for place, note in zip(places, notes, strict=True)
        ]
    return [
        (one["path"], one["new_position"], one["body"], "no longer open" not in one["body"]) for one in at.comments()
    ]


def insist(deployed: Deployment) -> int:
    """Deliver until nothing is left, what fails again; how often something failed."""
    failed = 0
    while deployed.queue:
        message = deployed.queue.pop(0)
        if 503 in deployed.deliver(message).values():
            failed += 1
            deployed.queue.insert(0, message)
    return failed


@pytest.mark.parametrize("after", range(1, 7))
@pytest.mark.parametrize("kind", ["github", "gitlab", "gitea", "forgejo"])
def test_a_finding_stands_at_its_line_once_whenever_a_worker_dies(  # noqa: PLR0917 - fixtures
    kind: str,
    after: int,
    propose: Callable[..., str],
    configure: Callable[..., None],
    deployed: Deployment,
    work: Work,
    forge: GitHttpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One answer is lost each time: of a new head, of a finding that is accepted, and of one that is open again."""
    at = {"github": GitHub, "gitlab": GitLab}.get(kind, Gitea)()
    forge.also = at.answer
    configure(kind, token="ghs_t0ken" if kind == "github" else "t0ken", PICKET_WEB_URL="https://picket.corp.io")
    work.commit({"b.py": "x = 1\n"})
    work.git("checkout", "--quiet", "-b", "feature")
    work.commit({"`a`<b>.py": f"x = 1\nt = '{secrets.slack_token(1)}'\n", "c.py": f"t = '{secrets.slack_token(2)}'\n"})
    if isinstance(at, GitLab):
        at.sha = work.head()

    dying(monkeypatch, after)
    propose(wait=True)
    failed = [insist(deployed)]
    first = shown(at)
    findings = deployed.api.get("/findings").json["findings"]
    given = next(one for one in findings if one["path"] == "c.py")
    rounds = []
    for state in ("false-positive", "open"):
        dying(monkeypatch, after)
        deployed.api.patch(f"/findings/{given['id']}", json={"state": state})
        failed.append(insist(deployed))
        rounds.append(shown(at))

    assert failed[0] == 1 or after > 4
    assert [(path, line, is_open) for path, line, _, is_open in first] == [("`a`<b>.py", 2, True), ("c.py", 1, True)]
    assert all("https://picket.corp.io/findings/" in text for _, _, text, _ in first)
    assert [is_open for *_, is_open in rounds[0]] == ([True] if kind == "github" else [True, False])
    assert rounds[1] == first
    sent = json.dumps([one.body for one in at.writes()])
    assert secrets.slack_token(1) not in sent
    assert secrets.slack_token(2) not in sent
    if isinstance(at, GitHub):
        assert at.statuses == []
        assert at.shown("picket/pull-request")["conclusion"] == "failure"
    before = len(at.writes())
    for message in deployed.of_type("status.requested"):
        assert deployed.deliver(message) == {"notify": 204}
    assert len(at.writes()) == before


@pytest.mark.parametrize("status", [403, 404, 422])
@pytest.mark.usefixtures("work")
def test_a_status_follows_what_is_decided_where_the_forge_shows_nothing_at_lines(  # noqa: PLR0917 - fixtures
    status: int,
    propose: Callable[..., str],
    configure: Callable[..., None],
    deployed: Deployment,
    work: Work,
    forge: GitHttpServer,
) -> None:
    """The token may set statuses alone, perhaps."""
    at = Gitea()
    at.refuses = lambda asked: None if "/statuses/" in asked.path else (status, {}, {})
    forge.also = at.answer
    configure()
    work.git("checkout", "--quiet", "-b", "feature")
    work.commit({"c.py": f"t = '{secrets.slack_token(2)}'\n"})
    propose()
    [finding] = deployed.api.get("/findings").json["findings"]
    for state in ("false-positive", "open"):
        deployed.api.patch(f"/findings/{finding['id']}", json={"state": state})
        deployed.drain()

    said = [one.body["state"] for one in at.writes() if "/statuses/" in one.path]
    assert said == ["pending", "failure", "success", "failure"]


@pytest.mark.parametrize("wanted", ["true", "false"])
@pytest.mark.usefixtures("configured")
def test_what_a_pull_request_brings_is_uploaded_where_that_is_asked_for(  # noqa: PLR0917 - fixtures
    api: Api,
    push: Callable[..., str],
    propose: Callable[..., str],
    work: Work,
    announce: Announce,
    environment: pytest.MonkeyPatch,
    wanted: str,
) -> None:
    host = announce.url.partition("//")[2].partition("/")[0]
    environment.setenv("PICKET_STATUSES", json.dumps({host: {"forge": "github", "token": "t0ken", "sarif": wanted}}))
    forget()
    push({"b.py": "x = 1\n"})
    work.git("checkout", "--quiet", "-b", "feature")
    work.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    head = propose()

    sent = [body for path, _, body in api.taken if path.endswith("/code-scanning/sarifs")]
    assert [body["commit_sha"] for body in sent] == ([head] if wanted == "true" else [])
    for body in sent:
        document = gzip.decompress(base64.b64decode(body["sarif"])).decode()
        assert "new.py" in document
        assert secrets.slack_token(2) not in document
        assert body["ref"] == "refs/pull/7/head"


@pytest.mark.usefixtures("configured")
def test_a_leak_stays_one_when_its_commit_is_amended_or_hidden_behind_others(
    api: Api, push: Callable[..., str], propose: Callable[..., str], work: Work, environment: pytest.MonkeyPatch
) -> None:
    push({"b.py": "x = 1\n"})
    work.git("checkout", "--quiet", "-b", "feature")
    work.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    assert [state for state, _, _ in said(api, propose())] == ["pending", "failure"]

    work.git("commit", "--quiet", "--amend", "--date", "2030-01-01T00:00:00Z", "-m", "another word")
    assert [state for state, _, _ in said(api, propose("synchronize"))] == ["pending", "failure"]

    environment.setattr("picket.orchestration.enumeration._PUSHED_KEPT", 2)
    for _ in range(3):
        work.git("commit", "--quiet", "--allow-empty", "-m", "nothing")
    assert [state for state, _, _ in said(api, propose("synchronize"))] == ["pending", "failure"]


@pytest.mark.usefixtures("configured")
def test_a_first_look_at_an_amended_commit_is_no_all_clear(
    api: Api, push: Callable[..., str], propose: Callable[..., str], announce: Announce, work: Work
) -> None:
    push({"b.py": "x = 1\n"})
    work.git("checkout", "--quiet", "-b", "feature")
    before = work.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    announce("0" * 40, before, "refs/heads/feature")
    work.git("commit", "--quiet", "--amend", "--date", "2030-01-01T00:00:00Z", "-m", "another word")
    announce(before, work.head(), "refs/heads/feature")

    assert [state for state, name, _ in said(api, propose()) if name != "picket"][-1] == "failure"


@pytest.mark.usefixtures("configured")
def test_a_pull_request_for_another_branch_is_looked_at_again(
    api: Api, push: Callable[..., str], deployed: Deployment, announce: Announce, work: Work
) -> None:
    push({"b.py": "x = 1\n"})
    work.git("checkout", "--quiet", "-b", "leaky")
    leaked = work.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    announce("0" * 40, leaked, "refs/heads/leaky")
    work.git("checkout", "--quiet", "-b", "feature")
    head = work.commit({"c.py": "y = 1\n"})

    def told(action: str, target: str, **more: object) -> str:
        work.git("update-ref", "refs/pull/7/head", head)
        source = deployed.api.post("/webhooks", json={"sender": "github", "name": "hook"}).json
        repository = {"id": 7, "clone_url": announce.url, "full_name": "o/r"}
        base = {"sha": work.git("rev-parse", target), "ref": target, "repo": repository}
        pull = {"number": 7, "head": {"sha": head, "ref": "feature", "repo": repository}, "base": base}
        body = json.dumps({"action": action, "number": 7, "pull_request": pull, "repository": repository, **more})
        headers = pushes.signed(source["secret"], body.encode(), delivery=f"p{action}", event="pull_request")
        where = source["url"].removeprefix("http://127.0.0.1:8080")
        assert deployed.clients["ingest"].post(where, data=body, headers=headers).status_code == 202
        deployed.drain()
        return [state for state, name, _ in said(api, head) if name != "picket"][-1]

    assert told("opened", "leaky") == "success"
    assert told("edited", "main", changes={"base": {"ref": {"from": "leaky"}}}) == "failure"


@pytest.mark.parametrize("first", ["the branch is scanned first", "the target is scanned first"])
@pytest.mark.usefixtures("configured")
def test_what_was_squashed_into_the_target_is_not_new_where_its_first_commits_are_proposed_again(
    first: str, api: Api, propose: Callable[..., str], announce: Announce, work: Work
) -> None:
    """The commit that first had it never reaches the target, which has it by another commit."""
    announce(work.head(), work.commit({"b.py": "x = 1\n"}))
    work.git("checkout", "--quiet", "-b", "one")
    began = work.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    if first == "the branch is scanned first":
        announce("0" * 40, began, "refs/heads/one")
    work.git("checkout", "--quiet", "main")
    before = work.head()
    work.git("merge", "--quiet", "--squash", "one")
    announce(before, work.commit({}))
    work.git("checkout", "--quiet", "-b", "two", began)
    work.commit({"c.py": "y = 1\n"})

    assert [state for state, name, _ in said(api, propose()) if name != "picket"] == ["pending", "success"]

    leaked = work.commit({"own.py": f"t = '{secrets.slack_token(3)}'\n"})
    assert propose("synchronize") == leaked
    assert said(api, leaked)[-1][2].startswith("open findings: 1 ")


@pytest.mark.usefixtures("deployed")
def test_however_many_findings_there_are_git_is_asked_the_same_number_of_times(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    run = command.run

    def counted(git_dir: Path, *arguments: str, **more: Any) -> bytes:
        asked.append(arguments)
        return run(git_dir, *arguments, **more)

    monkeypatch.setattr(history, "run", counted)
    squashed, outside, gone = work.head(), work.commit({"a.py": "x\n"}), "e" * 40
    kept = [{"_id": f"f{number}", "repository": "h/o/r", "first": {"commit": outside}} for number in range(40)]
    kept += [{"_id": "hostile", "repository": "h/o/r", "first": {"commit": "HEAD\n--all"}}]
    places = [
        *({"finding": f"f{number}", "commit": outside} for number in range(40)),
        *({"finding": f"f{number}", "commit": squashed} for number in range(0, 40, 2)),
        {"finding": "f1", "commit": gone},
    ]
    collection("findings").insert_many(kept)
    collection("occurrences").insert_many(places)

    found = proposed.in_target("h/o/r", work.path / ".git", squashed, [outside])

    assert sorted(found) == sorted(f"f{number}" for number in range(0, 40, 2))
    assert len(asked) == 6

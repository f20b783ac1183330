"""notify shows new findings at their lines on Bitbucket and Azure DevOps, whichever request is the last of a worker."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support import secrets
from tests.support.deployment import Deployment
from tests.support.insights import Azure, Cloud, DataCenter, Shown
from tests.support.repositories import GitHttpServer, Work
from tests.support.statuses import Announce

from picket.effects.forge import client
from picket.errors import TransientError

WAYS: dict[str, tuple[Callable[[], Shown], str, str, list[str]]] = {
    "bitbucket": (Cloud, "o/r", "Bearer t0ken", ["INPROGRESS", "FAILED", "SUCCESSFUL"]),
    "bitbucket-datacenter": (DataCenter, "scm/KEY/slug", "Bearer t0ken", ["INPROGRESS", "FAILED", "SUCCESSFUL"]),
    "azure": (
        *(lambda: Azure(repository="/org/proj/_apis/git/repositories/repo"), "org/proj/_git/repo"),
        *(f"Basic {base64.b64encode(b':t0ken').decode()}", ["pending", "failed", "succeeded"]),
    ),
}
NAME = "a](https:evil) <script>.py"


class Place:
    """A repository at a forge of a kind, and what stands beside it."""

    def __init__(self, kind: str, forge: GitHttpServer) -> None:
        made, path, self.authorization, self.states = WAYS[kind]
        self.kind, self.shown, self.work = kind, made(), Work(forge.root / path)
        self.url = f"{forge.url}/{path}/.git"
        forge.also = self.shown.also
        self.work.commit({"README": "x\n"})

    def said(self) -> list[str]:
        """Return the states of the commits' statuses, each once however often it was sent in a row."""
        states = [body["state"] for _, body in self.shown.statuses]
        return [one for number, one in enumerate(states) if states[max(number - 1, 0)] != one or not number]

    def annotations(self) -> list[dict[str, Any]]:
        assert isinstance(self.shown, Cloud | DataCenter)
        return [one for report in self.shown.reports.values() for one in report.annotations]


@pytest.fixture
def place(request: pytest.FixtureRequest, forge: GitHttpServer, configure: Callable[..., None]) -> Place:
    configure(request.param, PICKET_WEB_URL="https://picket.corp.io")
    return Place(request.param, forge)


def of(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("place", kinds, indirect=True)


def die_once_after_each(patch: pytest.MonkeyPatch) -> list[str]:
    """Have each request that changes something arrive, and its answer lost the first time; those that were."""
    lost: list[str] = []
    send = client.send

    def mortal(caller: Any, method: str, url: str, headers: Any, body: bytes) -> Any:
        answer, what = send(caller, method, url, headers, body), f"{method} {url} {body!r}"
        if what not in lost:
            lost.append(what)
            raise TransientError("the worker has died")
        return answer

    patch.setattr(client, "send", mortal)
    return lost


def persist(deployed: Deployment) -> None:
    """Deliver until nothing is left, as a broker does: what answers that it cannot now is tried again."""
    while deployed.queue:
        message = deployed.queue.pop(0)
        answers = deployed.deliver(message)
        for _ in range(30):
            if 503 not in answers.values():
                break
            answers = deployed.deliver(message)
        assert set(answers.values()) <= {204}, (message.type, answers)


@of("bitbucket", "bitbucket-datacenter")
@pytest.mark.parametrize("mortal", [False, True])
def test_a_push_has_its_findings_at_their_lines_until_somebody_decides(
    place: Place, deployed: Deployment, monkeypatch: pytest.MonkeyPatch, *, mortal: bool
) -> None:
    lost = die_once_after_each(monkeypatch) if mortal else []
    announce = Announce(deployed, place.url)
    before = place.work.head()
    files: dict[str, str | bytes] = {
        NAME: f"x\nt = '{secrets.slack_token(1)}'\n",
        "b.py": f"t = '{secrets.slack_token(2)}'\n",
    }
    after = place.work.commit(files)
    announce(before, after, wait=True)
    persist(deployed)

    assert {(one["path"], one["line"]) for one in place.annotations()} == {(NAME, 2), ("b.py", 1)}
    assert len(place.annotations()) == 2
    assert {sha for sha, _ in place.shown.statuses} == {after}
    assert {one["authorization"] for one in place.shown.headers} == {place.authorization}
    found = deployed.api.get("/findings").json["findings"]
    deployed.api.patch(f"/findings/{found[0]['id']}", json={"state": "false-positive"})
    persist(deployed)
    assert [one["link"] for one in place.annotations()] == [f"https://picket.corp.io/findings/{found[1]['id']}"]
    deployed.api.patch(f"/findings/{found[1]['id']}", json={"state": "false-positive"})
    persist(deployed)
    assert place.annotations() == []
    assert place.said() == place.states
    deployed.api.patch(f"/findings/{found[0]['id']}", json={"state": "open"})
    persist(deployed)
    assert len(place.annotations()) == 1
    assert bool(lost) == mortal
    sent = json.dumps(place.shown.requests)
    assert not any(secrets.slack_token(number) in sent for number in (1, 2))
    assert f"{NAME}." not in sent


def propose(place: Place, deployed: Deployment) -> str:
    """Have Azure DevOps tell of a pull request of what is checked out; its head."""
    head, main = place.work.head(), place.work.git("rev-parse", "main")
    tree = place.work.git("rev-parse", f"{head}^{{tree}}")
    merge = place.work.git("commit-tree", tree, "-p", main, "-p", head, "-m", "merge")
    place.work.git("update-ref", "refs/pull/7/merge", merge)
    source = deployed.api.post("/webhooks", json={"sender": "azure", "name": f"a{len(deployed.sent)}"}).json
    repository = {"id": "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c", "remoteUrl": place.url}
    resource = {"repository": repository, "pullRequestId": 7, "targetRefName": "refs/heads/main", "status": "active"}
    resource["lastMergeSourceCommit"] = {"commitId": head}
    body = {"id": f"e{len(deployed.sent)}", "eventType": "git.pullrequest.updated", "resource": resource}
    password = base64.b64encode(f"picket:{source['secret']}".encode()).decode()
    where = source["url"].removeprefix("http://127.0.0.1:8080")
    answer = deployed.clients["ingest"].post(where, json=body, headers={"Authorization": f"Basic {password}"})
    assert answer.status_code == 202
    assert isinstance(place.shown, Azure)
    place.shown.heads.append(head)
    persist(deployed)
    return head


@of("azure")
@pytest.mark.parametrize("mortal", [False, True])
def test_a_pull_request_has_a_thread_for_each_finding_and_a_status_for_each_head(
    place: Place, deployed: Deployment, monkeypatch: pytest.MonkeyPatch, *, mortal: bool
) -> None:
    assert isinstance(place.shown, Azure)
    lost = die_once_after_each(monkeypatch) if mortal else []
    place.work.git("checkout", "--quiet", "-b", "feature")
    place.work.commit({NAME: f"x\nt = '{secrets.slack_token(1)}'\n"})
    first = propose(place, deployed)
    place.work.commit({"b.py": f"t = '{secrets.slack_token(2)}'\n"})
    second = propose(place, deployed)

    found = {one["path"]: one["id"] for one in deployed.api.get("/findings").json["findings"]}
    assert place.shown.by_finding() == dict.fromkeys(found.values(), "active")
    contexts = [one["threadContext"] for one in place.shown.threads]
    assert [(one["filePath"], one["rightFileStart"]["line"]) for one in contexts] == [(f"/{NAME}", 2), ("/b.py", 1)]
    assert {sha for sha, _ in place.shown.statuses} == {first, second}
    deployed.api.patch(f"/findings/{found[NAME]}", json={"state": "false-positive"})
    persist(deployed)
    assert place.shown.by_finding() == {found[NAME]: "fixed", found["b.py"]: "active"}
    shown = {number: one["state"] for number, one in place.shown.of_iterations}
    assert shown == {1: "succeeded", 2: "failed"}
    deployed.api.patch(f"/findings/{found[NAME]}", json={"state": "open"})
    persist(deployed)
    assert place.shown.by_finding() == dict.fromkeys(found.values(), "active")
    assert len(place.shown.of_iterations) == 8
    assert {one["authorization"] for one in place.shown.headers} == {place.authorization}
    assert bool(lost) == mortal
    sent = json.dumps([body for _, _, body in place.shown.requests])
    assert not any(secrets.slack_token(number) in sent for number in (1, 2))


@of("azure")
def test_a_push_to_azure_has_a_status(place: Place, deployed: Deployment) -> None:
    before = place.work.head()
    after = place.work.commit({"b.py": f"t = '{secrets.slack_token(2)}'\n"})
    Announce(deployed, place.url)(before, after)
    [found] = deployed.api.get("/findings").json["findings"]
    deployed.api.patch(f"/findings/{found['id']}", json={"state": "fixed"})
    deployed.drain()

    assert place.said() == place.states
    assert {sha for sha, _ in place.shown.statuses} == {after}
    assert {one["context"]["name"] for _, one in place.shown.statuses} == {"picket"}

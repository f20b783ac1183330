"""Bitbucket Cloud tells twelve digits of a pull request's head and keeps no ref of it: git says which commit it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.support import deliveries, secrets
from tests.support.deployment import Deployment, forget
from tests.support.insights import Cloud
from tests.support.repositories import GitHttpServer, Mood, Work
from tests.support.statuses import Api

from picket.effects.git import mirror, transport
from picket.effects.git.address import admitted
from picket.forges.bitbucket import payloads
from picket.webhooks.events import Repository

MOST = 140
FORK = deliveries.UUID.replace("6", "5")


@dataclass
class Proposing:
    """Tells of pull requests of `o/r` as Bitbucket Cloud does."""

    deployed: Deployment
    forge: GitHttpServer
    organization: str = ""

    def __call__(self, digits: str, source: str | None = "o/r", branch: str = "feature") -> None:
        """Tell of a head by its first digits, in a repository (None: it is gone), and run everything."""
        own = deliveries.bitbucket_repository(full_name="o/r")
        other = deliveries.bitbucket_repository(full_name=source, uuid=f"{{{FORK}}}")
        where = own if source == "o/r" else None if source is None else other
        told: dict[str, Any] = {"branch": {"name": branch}, "commit": {"hash": digits}, "repository": where}
        destination = {"branch": {"name": "main"}, "commit": {"hash": digits}}
        request = {"id": 7, "source": told, "destination": destination}
        body = deliveries.encode({"repository": own, "pullrequest": request})
        name = f"p{len(self.deployed.sent)}"
        order = {"sender": "bitbucket", "name": name, "organization": self.organization}
        hook = self.deployed.api.post("/webhooks", json=order).json
        headers = deliveries.names("bitbucket", "pullrequest:updated", name)
        headers |= deliveries.proof("bitbucket", hook["secret"], body) | {"Content-Type": "application/json"}
        where_to = hook["url"].removeprefix("http://127.0.0.1:8080")
        assert self.deployed.clients["ingest"].post(where_to, data=body, headers=headers).status_code == 202
        self.deployed.drain()

    @property
    def host(self) -> str:
        """Host and port of the forge."""
        return self.forge.url.partition("//")[2]

    def scan(self) -> dict[str, Any]:
        """Return the scan that was asked for last."""
        asked = self.deployed.of_type("scan.requested")[-1]
        found: dict[str, Any] = self.deployed.api.get(f"/scans/{asked.data['scan']}").json
        return found


@pytest.fixture
def propose(
    deployed: Deployment, forge: GitHttpServer, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Proposing:
    configure("bitbucket")

    def meaning(repository: Any) -> Repository:
        return Repository(f"{forge.url}/{repository.full_name}/.git", f"h:{repository.uuid}")

    monkeypatch.setattr(payloads._Repository, "meaning", meaning)
    return Proposing(deployed, forge)


@pytest.fixture
def fork(forge: GitHttpServer, work: Work) -> Work:
    """Fork the repository, with a branch that has a leak; the fork."""
    (forge.root / "ada").mkdir()
    work.git("clone", "--quiet", str(work.path), str(forge.root / "ada" / "r"))
    found = Work.at(forge.root / "ada" / "r")
    found.git("checkout", "--quiet", "-b", "feature")
    found.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    return found


def told(api: Api) -> list[tuple[str, str, str]]:
    """Return commit, state and description of each status, in their order."""
    paths = [(path.split("/commit/")[1].split("/")[0], body) for path, _, body in api.taken if "/commit/" in path]
    return [(sha, body["state"], body["description"]) for sha, body in paths]


def test_the_head_is_the_tip_of_the_source_branch(propose: Proposing, api: Api, work: Work) -> None:
    work.git("checkout", "--quiet", "-b", "feature")
    leaked = work.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    propose(leaked[:12])

    assert [(sha, state) for sha, state, _ in told(api)] == [(leaked, "INPROGRESS"), (leaked, "FAILED")]
    assert told(api)[-1][2].startswith("open findings: 1 ")
    assert {body["key"] for _, _, body in api.taken} == {"picket/pull-request"}
    assert {body["refname"] for _, _, body in api.taken} == {"feature"}
    assert propose.scan()["state"] == "Done"
    assert [finding["path"] for finding in propose.deployed.api.get("/findings").json["findings"]] == ["new.py"]

    work.git("reset", "--quiet", "--hard", "main")
    clean = work.commit({"c.py": "y = 1\n"})
    propose(clean[:12])
    assert {sha for sha, _, _ in told(api)[2:]} == {clean}


def test_a_clean_pull_request_succeeds(propose: Proposing, api: Api, work: Work) -> None:
    work.git("checkout", "--quiet", "-b", "feature")
    clean = work.commit({"c.py": "y = 1\n"})
    propose(clean[:12])

    assert [(sha, state) for sha, state, _ in told(api)] == [(clean, "INPROGRESS"), (clean, "SUCCESSFUL")]


def test_the_same_head_told_by_two_hooks_is_looked_at_once(propose: Proposing, work: Work) -> None:
    work.git("checkout", "--quiet", "-b", "feature")
    head = work.commit({"c.py": "y = 1\n"})
    propose(head[:12])
    propose(head[:12])

    assert len(propose.deployed.of_type("scan.requested")) == 1


def test_a_branch_that_has_moved_on_is_judged_as_it_is_and_that_is_said(
    propose: Proposing, api: Api, work: Work
) -> None:
    work.git("checkout", "--quiet", "-b", "feature")
    before = work.commit({"c.py": "y = 1\n"})
    leaked = work.commit({"new.py": f"t = '{secrets.slack_token(2)}'\n"})
    propose(before[:12])

    assert {sha for sha, _, _ in told(api)} == {leaked}
    assert told(api)[-1][1] == "FAILED"
    reasons = [step["reason"] for step in propose.scan()["history"]]
    assert f"told of {before[:12]}, but refs/heads/feature is at {leaked[:12]}: that is looked at" in reasons


def test_a_fork_is_fetched_and_told_of_where_its_pull_request_is(
    propose: Proposing, api: Api, work: Work, fork: Work
) -> None:
    propose(fork.head()[:12], "ada/r")

    assert [(sha, state) for sha, state, _ in told(api)] == [(fork.head(), "INPROGRESS"), (fork.head(), "FAILED")]
    assert {path.split("/commit/")[0] for path, _, _ in api.taken} == {"/2.0/repositories/o/r"}
    assert all("refname" not in body for _, _, body in api.taken)
    [finding] = propose.deployed.api.get("/findings").json["findings"]
    assert (finding["repository"], finding["path"]) == (f"{propose.host}/o/r", "new.py")
    kept = mirror.path_of(f"{propose.host}/o/r")
    assert mirror.has_commit(kept, fork.head())
    assert work.git("branch", "--list", "feature") == ""
    propose.deployed.api.post("/scans", json={"repository": f"http://{propose.host}/o/r/.git"})
    propose.deployed.drain()
    assert propose.scan()["state"] == "Done"
    assert mirror.has_commit(kept, fork.head())


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("gone", "the repository that the pull request comes from is gone"),
        ("not found", "the branch of the pull request cannot be fetched"),
        ("private", "the branch of the pull request cannot be fetched"),
        ("no branch", "the branch of the pull request cannot be fetched"),
        ("own branch gone", "the branch of the pull request is gone: refs/heads/nowhere"),
    ],
)
def test_a_head_that_cannot_be_read_is_no_all_clear(
    case: str, reason: str, propose: Proposing, api: Api, fork: Work
) -> None:
    digits = fork.head()[:12]
    if case == "private":
        propose.forge.moods["ada/r"] = Mood(status=401)
    source = {"gone": None, "not found": "ada/other", "own branch gone": "o/r"}.get(case, "ada/r")
    propose(digits, source, "nowhere" if "branch" in case else "feature")

    assert propose.scan()["state"] == "Failed"
    assert propose.scan()["history"][-1]["reason"].startswith(reason)
    [(sha, state, description)] = told(api)
    assert (sha, state) == (digits, "STOPPED")
    assert description.startswith(f"not looked at: {reason}")
    assert len(description) <= MOST


@pytest.mark.parametrize("url", ["https://evil.example/ada/r", "http://127.0.0.1:1/ada/r", "ext::sh -c x", "--x"])
def test_a_fork_elsewhere_is_not_fetched(url: str, propose: Proposing, api: Api, work: Work) -> None:
    """What asks for a scan is an event, which anything that may write to the broker can emit."""
    work.git("checkout", "--quiet", "-b", "feature")
    propose(work.commit({"c.py": "y = 1\n"})[:12])
    asked = propose.deployed.of_type("scan.requested")[-1]
    done = {**asked.data, "scan": "scn-other", "source_url": url}
    message = type(asked)({**asked.headers, "ce-id": "other"}, deliveries.encode(done))
    api.taken.clear()

    propose.deployed.deliver(message)
    propose.deployed.drain()

    assert propose.deployed.api.get("/scans/scn-other").json["state"] == "Failed"
    assert [state for _, state, _ in told(api)] == ["STOPPED"]


@pytest.mark.parametrize(("owner", "is_read"), [("", True), ("o", False)])
def test_a_fork_is_read_with_a_token_only_where_the_webhook_may_speak_for_it(
    owner: str, is_read: bool, propose: Proposing, fork: Work
) -> None:
    """Who has a repository's secret could name any other as the fork."""
    propose.organization = f"{propose.host}/{owner}" if owner else ""
    propose(fork.head()[:12], "ada/r")

    [asked] = propose.deployed.of_type("scan.requested")
    assert (asked.data["source_url"], asked.data["source_known"]) == (f"http://{propose.host}/ada/r/.git", is_read)


def test_no_token_is_sent_to_a_fork_that_the_webhook_may_not_speak_for(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_GIT_TOKENS", json.dumps({"bitbucket.org": "t0ken"}))
    forget()
    fork = admitted("https://bitbucket.org/ada/r.git")

    assert transport.credentials(fork)
    assert transport.credentials(replace(fork, anonymous=True)) == {}


def test_what_a_pull_request_brings_stands_at_its_lines(propose: Proposing, work: Work) -> None:
    cloud = Cloud()
    propose.forge.also = cloud.also
    work.git("checkout", "--quiet", "-b", "feature")
    leaked = work.commit({"new.py": f"x = 1\nt = '{secrets.slack_token(2)}'\n"})
    propose(leaked[:12])

    report = cloud.reports[leaked, "picket-pull-request"]
    assert report.told["result"] == "FAILED"
    assert [(one["path"], one["line"]) for one in report.annotations] == [("new.py", 2)]
    assert [body["state"] for _, body in cloud.statuses] == ["INPROGRESS", "FAILED"]

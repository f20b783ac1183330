"""notify tells forges what was found in pushed commits: pending, then success or failure, corrected later on."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.support import pushes, secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects.mongo.client import collection

UNTIL = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()


@dataclass
class Api:
    """A forge's API for statuses beside its git; `say` gives each answer's status and body."""

    say: Callable[[], tuple[int, str]] = lambda: (201, "{}")
    taken: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    refused: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> bool:
        """Take what sets a status."""
        if request.command != "POST" or "/status" not in request.path:
            return False
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.taken.append((request.path, headers, body))
        status, text = (422, "") if self.refused and self.refused in request.path else self.say()
        request.send_response(status)
        request.send_header("Location", "http://127.0.0.1:1/")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text.encode())
        return True

    def states(self) -> list[str]:
        """Return the states that were set, in their order."""
        return [body["state"] for _, _, body in self.taken]


@pytest.fixture
def api(forge: GitHttpServer) -> Api:
    found = Api()
    forge.also = found.answer
    return found


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"README": "x\n"})
    return made


@pytest.fixture
def configure(environment: pytest.MonkeyPatch, forge: GitHttpServer, tmp_path: Path) -> Callable[..., None]:
    """Have pushes to the forge told of, as one of a kind."""

    def configure(kind: str = "gitea", policy: str = "", **more: str) -> None:
        host = forge.url.partition("//")[2]
        environment.setenv("PICKET_STATUSES", json.dumps({host: {"forge": kind, "token": "t0ken"}}))
        environment.setenv("PICKET_STATUS_REPOSITORIES", json.dumps([f"{host}/*"]))
        if policy:
            path = tmp_path / "policy.yaml"
            path.write_text(f"version: 1\n{policy}")
            environment.setenv("PICKET_POLICY", str(path))
        for name, value in more.items():
            environment.setenv(name, value)
        forget()

    return configure


@pytest.fixture
def configured(configure: Callable[..., None]) -> None:
    configure()


@dataclass
class Announce:
    """Announces pushes as a forge does, and runs everything unless *wait*."""

    deployed: Deployment
    url: str

    def __call__(self, before: str, after: str, ref: str = "refs/heads/main", *, wait: bool = False) -> None:
        name = f"d{len(self.deployed.sent)}"
        source = self.deployed.api.post("/webhooks", json={"sender": "github", "name": name}).json
        body = pushes.encode(pushes.push(self.url, before, after, ref=ref))
        where = source["url"].removeprefix("http://127.0.0.1:8080")
        headers = pushes.signed(source["secret"], body, delivery=name)
        assert self.deployed.clients["ingest"].post(where, data=body, headers=headers).status_code == 202
        if not wait:
            self.deployed.drain()

    def scan(self) -> None:
        """Scan the repository in full."""
        self.deployed.api.post("/scans", json={"repository": self.url})
        self.deployed.drain()


@pytest.fixture
def announce(deployed: Deployment, forge: GitHttpServer) -> Announce:
    return Announce(deployed, f"{forge.url}/o/r/.git")


@pytest.fixture
def push(announce: Announce, work: Work) -> Callable[..., str]:
    """Commit files, announce it, run everything unless *wait*; the commit."""

    def push(files: dict[str, str | bytes], *, wait: bool = False, unannounced: bool = False) -> str:
        before = work.head()
        after = work.commit(files)
        if not unannounced:
            announce(before, after, wait=wait)
        return after

    return push


WAYS = {
    "gitea": ("/api/v1/repos/o/r/statuses/{}", "authorization", "token t0ken", ["pending", "failure"]),
    "github": ("/api/v3/repos/o/r/statuses/{}", "authorization", "Bearer t0ken", ["pending", "failure"]),
    "gitlab": ("/api/v4/projects/o%2Fr/statuses/{}", "private-token", "t0ken", ["running", "failed"]),
    "bitbucket": (
        *("/2.0/repositories/o/r/commit/{}/statuses/build", "authorization", "Bearer t0ken"),
        ["INPROGRESS", "FAILED"],
    ),
}


@pytest.mark.parametrize("kind", WAYS)
def test_a_push_is_pending_and_then_fails_by_what_is_new_in_it(
    kind: str, api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure(kind, PICKET_WEB_URL="https://picket.corp.io/")

    after = push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})

    path, header, value, states = WAYS[kind]
    assert api.states() == states
    assert {taken[0] for taken in api.taken} == {path.format(after)}
    assert {taken[1][header] for taken in api.taken} == {value}
    [finding] = deployed.api.get("/findings").json["findings"]
    said = api.taken[-1][2]
    assert said["description"] == f"open findings: 1 {finding['severity']}"
    assert f"https://picket.corp.io/findings/{finding['id']}" in said.values()
    text = json.dumps([taken[2] for taken in api.taken])
    assert secrets.slack_token(1) not in text
    assert "a.py" not in text


def test_a_clean_push_succeeds_and_one_of_a_known_secret_mentions_it(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    push({"b.py": "x = 1\n"})
    push({"a.py": f"t = '{secrets.slack_token(1)}'\n"}, unannounced=True)
    deployed.api.post("/scans", json={"repository": deployed.of_type("scan.requested")[0].data["url"]})
    deployed.drain()
    push({"c.py": f"again = '{secrets.slack_token(1)}'\n"})

    assert api.states() == ["pending", "success", "pending", "success"]
    assert api.taken[-1][2]["description"] == "no new leaked credentials; 1 known before, here again"
    assert api.taken[-1][2]["target_url"] == ""


def test_what_a_push_brought_fails_those_after_it_until_somebody_decides(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    leaked = push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    clean = push({"b.py": "x = 1\n"})
    assert api.states() == ["pending", "failure", "pending", "failure"]

    [finding] = deployed.api.get("/findings").json["findings"]
    deployed.api.patch(f"/findings/{finding['id']}", json={"state": "fixed"})
    deployed.drain()

    assert {path.rpartition("/")[2]: body["state"] for path, _, body in api.taken[4:]} == {
        leaked: "success",
        clean: "success",
    }


@pytest.mark.parametrize("order", ["another branch", "back again", "a full scan first"])
def test_a_second_look_at_the_same_commit_takes_nothing_back(
    order: str, api: Api, announce: Announce, work: Work, configure: Callable[..., None]
) -> None:
    configure()
    before = work.head()
    after = work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    if order == "a full scan first":
        announce.scan()
        announce(before, after)
    else:
        announce(before, after)
        work.git("branch", "other")
    if order == "another branch":
        announce("0" * 40, after, "refs/heads/other")
    if order == "back again":
        announce(after, before)
        announce(before, after)

    assert [body["state"] for path, _, body in api.taken if path.endswith(after)][-1] == "failure"


def test_what_was_left_out_is_no_success(api: Api, push: Callable[..., str], configure: Callable[..., None]) -> None:
    configure(PICKET_MAX_BLOB_BYTES="100")
    push({"a.py": "x = 1\n" * 100})

    assert api.states() == ["pending", "error"]
    assert "1 file left out" in api.taken[-1][2]["description"]


def test_a_status_that_came_too_late_is_set_right(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    """A worker that died after it had sent what was so before."""
    configure()
    push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    collection("statuses").update_many({}, {"$unset": {"told": ""}})

    assert deployed.deliver(deployed.of_type("status.requested")[0]) == {"notify": 204}

    assert api.states() == ["pending", "failure", "failure"]


def test_a_finding_that_is_accepted_turns_its_commit_to_success_and_back(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    [finding] = deployed.api.get("/findings").json["findings"]

    accepted = {"state": "accepted", "reason": "test-data", "until": UNTIL}
    assert deployed.api.patch(f"/findings/{finding['id']}", json=accepted).status_code == 200
    deployed.drain()
    assert api.states() == ["pending", "failure", "success"]

    deployed.api.patch(f"/findings/{finding['id']}", json={"comment": "a word"})
    deployed.drain()
    assert api.states() == ["pending", "failure", "success"]

    deployed.api.patch(f"/findings/{finding['id']}", json={"state": "open"})
    deployed.drain()
    assert api.states() == ["pending", "failure", "success", "failure"]


def test_a_commit_that_is_refused_keeps_no_other_from_being_corrected(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    gone = push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    there = push({"b.py": "x = 1\n"})
    api.refused = gone

    [finding] = deployed.api.get("/findings").json["findings"]
    deployed.api.patch(f"/findings/{finding['id']}", json={"state": "false-positive"})
    deployed.drain()

    assert [body["state"] for path, _, body in api.taken if path.endswith(there)][-1] == "success"
    assert collection("rejections").count_documents({}) == 0


def test_what_was_said_is_said_once_however_often_its_events_come(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    push({"a.py": "x = 1\n"})
    for message in deployed.of_type("status.requested")[::-1]:
        assert deployed.deliver(message) == {"notify": 204}

    assert api.states() == ["pending", "success"]


@pytest.mark.parametrize(("status", "answer"), [(500, 503), (429, 503), (401, 204), (422, 204), (302, 204)])
@pytest.mark.usefixtures("configured")
def test_a_forge_that_refuses_is_asked_again_only_where_that_helps(
    status: int, answer: int, api: Api, push: Callable[..., str], deployed: Deployment
) -> None:
    push({"a.py": "x = 1\n"}, wait=True)
    api.say = lambda: (status, "no")
    while not deployed.of_type("status.requested"):
        deployed.deliver(deployed.queue.pop(0))

    assert deployed.deliver(deployed.of_type("status.requested")[0]) == {"notify": answer}
    assert collection("rejections").count_documents({}) == (answer == 204)
    assert len(api.taken) == 1


def test_gitlab_may_have_had_the_status_before(
    api: Api, push: Callable[..., str], configure: Callable[..., None]
) -> None:
    configure("gitlab")
    answers = iter([(400, "via :run from :running"), (400, "via :succeed from :failed")])

    def say() -> tuple[int, str]:
        status, text = next(answers)
        return status, json.dumps({"message": f"Cannot transition status {text}"})

    api.say = say
    push({"a.py": "x = 1\n"})

    assert api.states() == ["running", "success"]
    assert collection("rejections").count_documents({}) == 1  # it shows another than what was to be set


def test_the_policy_says_what_fails(api: Api, push: Callable[..., str], configure: Callable[..., None]) -> None:
    configure(policy="statuses: {severities: [critical], min_confidence: 1.0}\n")
    push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})

    assert api.states() == ["pending", "success"]


def test_a_scan_that_could_not_look_at_everything_is_no_success(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    push({"a.py": "x = 1\n"}, wait=True)
    while not deployed.of_type("scan.requested"):
        deployed.deliver(deployed.queue.pop(0))
    deployed.api.delete(f"/scans/{deployed.of_type('scan.requested')[0].data['scan']}")
    deployed.drain()

    assert api.states() == ["error"]


def test_by_default_no_forge_is_told_anything(api: Api, push: Callable[..., str], deployed: Deployment) -> None:
    push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})

    assert api.taken == []
    assert deployed.of_type("status.requested") == []

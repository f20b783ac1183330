"""What becomes of a tool's run: answers that are genuine or not, come twice or late, or never."""

from typing import Any

import pytest
from tests.support import secrets
from tests.support.deployment import Deployment, Message, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects import artifacts, broker
from picket.effects.mongo import tool_runs
from picket.effects.mongo.client import collection
from picket.events import Envelope, ScanRequested, ToolCompleted, ago
from picket.findings.model import Place, Problem, Report
from picket.orchestration import tooling
from picket.orchestration.runs import Outcome
from picket.tools.record import Record


@pytest.fixture
def tooled(deployed: Deployment, environment: pytest.MonkeyPatch) -> Deployment:
    """The functions, where tools are deployed whose jobs nobody runs but the test."""
    environment.setenv("PICKET_TOOLS", '["hadolint", "nmap"]')
    forget()
    return deployed


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"Dockerfile": "FROM x\n", "a.py": f"key = '{secrets.aws_key(3)}'\n"})
    return made


def scan(deployed: Deployment, forge: GitHttpServer) -> tuple[str, dict[str, Any]]:
    """Ask for a scan; its id, and the data of the event that asks for the tool's run."""
    answer = deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
    deployed.drain()
    return answer.json["id"], deployed.of_type("tool.requested")[-1].data


def shown(deployed: Deployment, identity: str) -> dict[str, Any]:
    return dict(deployed.api.get(f"/scans/{identity}").json)


def left(run: str, *rules: str) -> None:
    """Leave in the artifact store what a run has found."""
    problems = tuple(
        Problem(kind="misconfiguration", rule=rule, severity="high", places=(Place(path="Dockerfile", start_line=1),))
        for rule in rules
    )
    outcome = Outcome(record=Record(version="1", seconds=0.5), report=Report(problems=problems))
    artifacts.put(f"tools/reports/{run}.json", outcome.model_dump_json().encode())


def answered(deployed: Deployment, asked: dict[str, Any], state: str = "Done", **told: str) -> Message:
    """Let a run answer, and everything that follows; the answer."""
    data = {name: asked[name] for name in ("repository", "run", "tool", "nonce")} | {"state": state, **told}
    with broker.caused_by(Envelope(id=f"job-{asked['run']}", type="job", source="/picket/tools")):
        broker.emit(ToolCompleted.model_validate(data))
    message = deployed.of_type("tool.completed")[-1]
    deployed.drain()
    return message


def test_a_scan_waits_for_its_run_and_ends_with_what_it_found(
    tooled: Deployment, forge: GitHttpServer, work: Work
) -> None:
    assert work
    identity, asked = scan(tooled, forge)
    assert shown(tooled, identity)["state"] == "InProgress"
    left(asked["run"], "DL1")
    answered(tooled, asked)
    found = shown(tooled, identity)
    assert (found["state"], found["tool_runs"][0]["state"]) == ("Done", "Done")
    assert "nonce" not in found["tool_runs"][0]
    kinds = {one["kind"] for one in tooled.api.get("/findings").json["findings"]}
    assert kinds == {"secret", "misconfiguration"}


def test_an_answer_with_another_nonce_is_set_aside(tooled: Deployment, forge: GitHttpServer, work: Work) -> None:
    assert work
    identity, asked = scan(tooled, forge)
    left(asked["run"], "DL1")
    answered(tooled, {**asked, "nonce": "guessed"})
    [letter] = tooled.api.get("/dead-letters?kind=rejection").json["letters"]
    assert "not of the run" in letter["reason"]
    assert shown(tooled, identity)["state"] == "InProgress", "whoever guesses cannot end it"


def test_an_answer_that_comes_twice_changes_nothing(tooled: Deployment, forge: GitHttpServer, work: Work) -> None:
    assert work
    identity, asked = scan(tooled, forge)
    left(asked["run"], "DL1")
    message = answered(tooled, asked)
    before = shown(tooled, identity)
    for _ in range(2):
        tooled.deliver(message)
        tooled.drain()
    assert shown(tooled, identity) == before


def test_a_failed_run_makes_the_scan_partial_and_the_history_is_known_all_the_same(
    tooled: Deployment, forge: GitHttpServer, work: Work
) -> None:
    assert work
    identity, asked = scan(tooled, forge)
    artifacts.put(f"tools/reports/{asked['run']}.json", Outcome(record=Record(status=3)).model_dump_json().encode())
    answered(tooled, asked, "Failed", reason="it ended with status 3")
    found = shown(tooled, identity)
    assert (found["state"], found["tool_runs"][0]["state"]) == ("Partial", "Failed")
    assert "hadolint: it ended with status 3" in found["history"][-1]["reason"]
    name = found["repository"]
    assert tooled.api.get(f"/repositories/{name}").json["history_scanned_at"]

    again, asked = scan(tooled, forge)
    artifacts.put(f"tools/reports/{asked['run']}.json", Outcome(record=Record()).model_dump_json().encode())
    answered(tooled, asked, "Failed", reason="it ended with status 3")
    assert shown(tooled, again)["state"] == "Partial", "no commit was new, and all are known"


@pytest.mark.parametrize("content", [b"", b"{", b'{"record": {}, "report": {"problems": 1}}', b'{"record": {"x": 1}}'])
def test_what_is_no_outcome_ends_the_run_as_failed(
    tooled: Deployment, forge: GitHttpServer, work: Work, content: bytes
) -> None:
    assert work
    identity, asked = scan(tooled, forge)
    artifacts.put(f"tools/reports/{asked['run']}.json", content)
    answered(tooled, asked)
    found = shown(tooled, identity)
    assert (found["state"], found["tool_runs"][0]["state"]) == ("Partial", "Failed")


def test_a_run_that_nobody_answers_for_ends(tooled: Deployment, forge: GitHttpServer, work: Work) -> None:
    assert work
    identity, asked = scan(tooled, forge)
    past = f"at {ago(tool_runs.LOST_AFTER)}"
    collection("tool_runs").update_one({"_id": asked["run"]}, {"$set": {"due": past}})
    with broker.caused_by(Envelope(id="tick", type="tick", source="/test")):
        tooling.end_lost("")
    found = shown(tooled, identity)
    assert found["state"] == "Partial"
    assert "nobody has answered within 6 hours" in found["history"][-1]["reason"]
    left(asked["run"], "DL1")
    answered(tooled, asked)
    assert shown(tooled, identity)["tool_runs"][0]["state"] == "Failed", "an answer that late changes nothing"


def test_a_cancelled_scan_ends_its_runs(tooled: Deployment, forge: GitHttpServer, work: Work) -> None:
    assert work
    identity, asked = scan(tooled, forge)
    assert tooled.api.delete(f"/scans/{identity}").status_code == 202
    tooled.drain()
    found = shown(tooled, identity)
    assert (found["state"], found["tool_runs"][0]["state"], found["is_ending"]) == ("Cancelled", "Cancelled", False)
    left(asked["run"], "DL1")
    answered(tooled, asked)
    assert {one["kind"] for one in tooled.api.get("/findings").json["findings"]} == {"secret"}


def test_a_run_is_asked_for_once_however_often_the_request_comes(
    tooled: Deployment, forge: GitHttpServer, work: Work
) -> None:
    assert work
    scan(tooled, forge)
    for message in tooled.of_type("scan.requested") * 2:
        tooled.deliver(message)
    assert len({one.id for one in tooled.of_type("tool.requested")}) == 1
    assert tooled.of_type("tool.requested")[0].headers["ce-tool"] == "hadolint"


def recorded(tooled: Deployment, forge: GitHttpServer, *tools: str) -> dict[str, Any]:
    """Ask for a scan by these tools, whatever the API would say; the scan after what follows without any job."""
    url = f"{forge.url}/o/r/.git"
    name = tooled.api.post("/repositories", json={"repository": url}).json["id"]
    request = ScanRequested(repository=name, url=url, scan="scan-1", tools=tools)
    with broker.caused_by(Envelope(id="rule", type="rule", source="/test")):
        broker.emit(request)
    tooled.drain()
    return shown(tooled, "scan-1")


@pytest.mark.parametrize(
    ("tool", "reason"), [("semgrep", "it is not deployed"), ("nmap", "it does not look at a repository")]
)
def test_a_tool_that_is_named_and_cannot_look_makes_the_scan_partial(
    tooled: Deployment, forge: GitHttpServer, work: Work, tool: str, reason: str
) -> None:
    """A rule of the policy may name it, or it may be gone since somebody asked."""
    assert work
    found = recorded(tooled, forge, tool)
    assert found["state"] == "Partial"
    assert [(run["tool"], run["state"], run["reason"]) for run in found["tool_runs"]] == [(tool, "Failed", reason)]


def test_a_tool_that_is_named_and_has_nothing_to_look_at_says_so(
    tooled: Deployment, forge: GitHttpServer, work: Work
) -> None:
    work.git("rm", "-q", "Dockerfile")
    work.commit({"b.py": "y = 2\n"})
    found = recorded(tooled, forge, "hadolint")
    [run] = found["tool_runs"]
    assert (found["state"], run["state"], run["reason"]) == ("Done", "Done", "there is no file that it looks at")


def test_a_host_is_looked_at_by_the_tools_that_look_at_hosts(tooled: Deployment) -> None:
    answer = tooled.api.post("/scans", json={"asset_type": "host", "asset_value": "192.0.2.7"})
    tooled.drain()
    [asked] = [message.data for message in tooled.of_type("tool.requested")]
    assert (asked["tool"], asked["asset_type"], asked["asset"], asked["material"]) == ("nmap", "host", "192.0.2.7", "")
    assert shown(tooled, answer.json["id"])["state"] == "Scheduled"
    artifacts.put(f"tools/reports/{asked['run']}.json", Outcome(record=Record()).model_dump_json().encode())
    answered(tooled, asked, "Failed", reason="PICKET_ALLOWED_TARGETS does not admit 192.0.2.7")
    found = shown(tooled, answer.json["id"])
    assert (found["state"], found["tool_runs"][0]["state"]) == ("Failed", "Failed")

"""Runs of tools, from a scan to findings: which ones are asked for, and which answer counts."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects import artifacts, broker
from picket.effects.mongo import tool_runs
from picket.effects.mongo.tool_runs import ToolRun
from picket.events import Envelope, ToolCompleted
from picket.findings.model import Place, Problem, Report
from picket.orchestration import runs
from picket.orchestration.toolbox import PREFIX
from picket.tools.record import Record

POLICY = """
version: 1
tools:
  - {run: [hadolint], files: ["docker/*"]}
"""


@pytest.fixture
def tooled(environment: pytest.MonkeyPatch, tmp_path: Path, deployed: Deployment) -> Deployment:
    """The functions, with one tool, which the policy has look at one folder."""
    (tmp_path / "policy.yaml").write_text(POLICY)
    environment.setenv("PICKET_POLICY", str(tmp_path / "policy.yaml"))
    environment.setenv("PICKET_TOOLS", '["hadolint", "nmap"]')
    forget()
    return deployed


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"Dockerfile": "FROM a\nUSER root\n"})
    return made


def scanned(deployed: Deployment, forge: GitHttpServer, **order: Any) -> list[ToolRun]:
    """Scan the repository; the runs that the scan has asked for."""
    answer = deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git", **order})
    assert answer.status_code == 202, answer.text
    deployed.drain()
    return tool_runs.of_scan(answer.json["id"])


def answered(deployed: Deployment, run: ToolRun, *rules: str) -> None:
    """Let a run end with these problems, and its report be applied."""
    problems = tuple(
        Problem(kind="misconfiguration", rule=rule, severity="low", places=(Place(path="Dockerfile", start_line=2),))
        for rule in rules
    )
    outcome = runs.Outcome(record=Record(), report=Report(problems=problems))
    artifacts.put(f"{PREFIX}reports/{run['_id']}.json", outcome.model_dump_json().encode())
    told = {"repository": run["repository"], "run": run["_id"], "tool": run["tool"], "nonce": run["nonce"]}
    with broker.caused_by(Envelope(id=run["_id"], type="answer", source="/test")):
        runs.take(ToolCompleted.model_validate({**told, "state": "Done"}))
    deployed.drain()


def states(deployed: Deployment) -> dict[str, str]:
    found = deployed.api.get("/findings?kind=misconfiguration&min_confidence=0").json["findings"]
    return {one["rule"]: one["state"] for one in found}


def test_what_no_rule_has_looked_at_is_not_said_to_be_gone(
    tooled: Deployment, forge: GitHttpServer, work: Work
) -> None:
    """It was found by a run that somebody asked for, and its file is still there."""
    assert work
    [run] = scanned(tooled, forge, tools=["hadolint"])
    answered(tooled, run, "X1")
    assert states(tooled) == {"X1": "open"}

    [run] = scanned(tooled, forge)
    assert states(tooled) == {"X1": "open"}
    answered(tooled, run)
    assert states(tooled) == {"X1": "fixed"}
    assert scanned(tooled, forge) == []


def test_of_two_runs_the_one_that_was_asked_for_last_counts(
    tooled: Deployment, forge: GitHttpServer, work: Work
) -> None:
    """A run of a former commit that takes longer does not say that what came later is not there."""
    [first] = scanned(tooled, forge, tools=["hadolint"])
    work.commit({"Dockerfile": "FROM a\nUSER toor\n"})
    [last] = scanned(tooled, forge, tools=["hadolint"])
    answered(tooled, last, "X2")
    answered(tooled, first)
    assert states(tooled) == {"X2": "open"}
    assert {one["state"] for one in tool_runs.of_scan(first["scan"])} == {"Done"}


def test_a_tool_that_does_not_look_at_such_an_asset_is_refused(tooled: Deployment, forge: GitHttpServer) -> None:
    url = f"{forge.url}/o/r/.git"
    answer = tooled.api.post("/scans", json={"repository": url, "tools": ["hadolint", "nmap"]})
    assert (answer.status_code, "does not look at a repository" in answer.text) == (400, True)
    order = {"asset_type": "host", "asset_value": "192.0.2.7"}
    assert tooled.api.post("/scans", json={**order, "tools": ["hadolint"]}).status_code == 400
    assert tooled.api.post("/scans", json={**order, "tools": ["nmap"]}).status_code == 202

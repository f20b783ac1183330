"""Deciding on findings, handing in reports and trying a policy, from a terminal, against the whole stack."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support import secrets
from tests.support.repositories import Work
from tests.support.sarif import document, result, rule
from tests.support.stack import Running, eventually, picket_up

LATER = (datetime.now(UTC).date() + timedelta(days=9)).isoformat()
SECRET = secrets.slack_token(1)

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with picket_up(tmp_path_factory.mktemp("triage") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def work(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> Work:
    """A repository with a leaked credential that also stands in another one."""
    made = Work(tmp_path_factory.mktemp("work") / "r")
    made.commit({"a.py": f"t = '{SECRET}'\n", "app.py": "run(x)\n"})
    other = Work(tmp_path_factory.mktemp("work") / "other")
    other.commit({"b.py": f"t = '{SECRET}'\n"})
    as_json(stack, "submit", str(made.path), str(other.path), "--wait")
    return made


def picket(stack: Running, *arguments: str, status: int = 0) -> str:
    environment = {**os.environ, "PICKET_URL": stack.url, "COLUMNS": "200"}
    command = [sys.executable, "-m", "picket.cli", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def as_json(stack: Running, *arguments: str) -> dict[str, Any]:
    return dict(json.loads(picket(stack, *arguments, "--json")))


def leak(stack: Running, work: Work) -> dict[str, Any]:
    """Return the finding of the leaked credential."""
    found = as_json(stack, "findings", str(work.path), "--kind", "secret")["findings"]
    return dict(found[0])


def test_a_finding_is_decided_on_from_a_terminal(stack: Running, work: Work) -> None:
    identity = leak(stack, work)["id"]

    assert "1 findings changed" in picket(stack, "findings", "assign", "ada", identity, "-m", "please look")
    assert "1 findings would be changed" in picket(stack, "findings", "fix", identity, "--dry-run")
    accepted = picket(stack, "findings", "accept", identity, "--reason", "risk-accepted", "--until", LATER)
    assert "The same secret stands in 1 other findings; --everywhere" in accepted
    shown = picket(stack, "findings", "show", identity)
    assert f"accepted until {(datetime.fromisoformat(LATER) + timedelta(days=1)).date()} by loopback" in shown
    assert "assignee ada: please look" in shown
    assert SECRET not in shown
    assert "(accepted)" in picket(stack, "findings", str(work.path))

    assert "2 findings changed" in picket(stack, "findings", "fix", identity, "--everywhere")
    assert len(as_json(stack, "findings", "--state", "fixed")["findings"]) == 2
    refused = picket(stack, "findings", "accept", identity, "--reason", "x", "--until", LATER, status=1)
    assert "a finding that is fixed can become open or false-positive" in refused
    assert "1 findings changed" in picket(stack, "findings", "reopen", identity)
    assert "1 findings changed" in picket(stack, "findings", "false-positive", identity)
    picket(stack, "findings", "comment", "was a test", identity)
    assert leak(stack, work)["history"][-1]["comment"] == "was a test"
    assert "Nothing waits." in picket(stack, "approvals", "list")


def test_a_report_is_handed_in_and_what_it_no_longer_has_is_fixed(stack: Running, work: Work, tmp_path: Path) -> None:
    full, empty = tmp_path / "full.sarif", tmp_path / "empty.sarif"
    full.write_text(json.dumps(document(result("cmd", "app.py", 1), rules=(rule("cmd", "CWE-78"),))))
    empty.write_text(json.dumps(document()))
    where = ("--tool", "semgrep", "--asset", str(work.path))

    told = picket(stack, "import", str(full), *where)
    assert "Applied  1 problems" in told
    assert "1 findings, 1 of them new or changed; complete" in told
    [finding] = as_json(stack, "findings", str(work.path), "--reporter", "semgrep")["findings"]
    assert (finding["kind"], finding["state"]) == ("weakness", "open")
    assert "nothing is closed" in picket(stack, "import", str(empty), *where, "--partial")
    assert as_json(stack, "import", str(empty), *where)["changed"] == 1
    fixed = eventually(lambda: as_json(stack, "findings", str(work.path), "--state", "fixed", "--kind", "weakness"))
    assert [one["id"] for one in fixed["findings"]] == [finding["id"]]

    odd = tmp_path / "odd.json"
    odd.write_text("{")
    assert "not JSON at line 1" in picket(stack, "import", str(odd), *where, status=2)
    assert "No such file" in picket(stack, "import", str(tmp_path / "none"), *where, status=2)


def test_a_policy_is_shown_and_tried_on_what_is_stored(stack: Running, work: Work, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "version: 1\nrules:\n- {id: calm, match: {finding.kind: secret}, actions: [{set: {severity: info}}]}"
    )

    shown = picket(stack, "policy", "show")
    assert "public-secrets-are-critical" in shown
    assert "applied to every stored finding" in shown
    told = picket(stack, "policy", "test", str(path))
    severity = leak(stack, work)["severity"]
    assert f"{severity} to info" in told
    assert "(by " in told
    assert leak(stack, work)["severity"] == severity
    path.write_text("version: 2")
    assert "version" in picket(stack, "policy", "test", str(path), status=2)

"""The command line, as a user at a terminal and as a script."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import secrets
from tests.support.repositories import Work
from tests.support.stack import Running, picket_up


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with picket_up(tmp_path_factory.mktemp("cli") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    made = Work(tmp_path_factory.mktemp("work") / "r")
    made.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    return made


def picket(*arguments: str, server: str = "", stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PICKET_URL": server or "http://127.0.0.1:1", "COLUMNS": "200", "PICKET_TOOLS": "[]"}
    command = [sys.executable, "-m", "picket.cli", *arguments]
    return subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, check=False)


def as_json(stack: Running, *arguments: str, status: int = 0) -> dict[str, Any]:
    """Run a command with --json; standard output must be JSON and nothing else."""
    done = picket(*arguments, "--json", server=stack.url)
    assert done.returncode == status, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.stack
def test_submit_status_findings_and_score_as_json(stack: Running, work: Work) -> None:
    scan = as_json(stack, "submit", str(work.path), "--wait")
    assert (scan["state"], scan["scored"]) == ("Done", True)
    assert as_json(stack, "status", scan["id"])["id"] == scan["id"]

    found = as_json(stack, "findings", str(work.path))
    [finding] = found["findings"]
    wanted = {"id", "rule", "repository", "severity", "confidence", "path", "start_line", "commit", "redacted", "state"}
    assert wanted | {"occurrences"} <= set(finding)
    assert found["next"] is None
    assert as_json(stack, "findings", "--severity", "info")["findings"] == []

    score = as_json(stack, "score", str(work.path))
    assert {"score", "grade", "items"} <= set(score)
    assert score["items"][0]["id"] == finding["id"]


@pytest.mark.stack
def test_scans_that_have_ended_are_listed_newest_first(stack: Running, work: Work) -> None:
    first, second = (as_json(stack, "submit", str(work.path), "--wait")["id"] for _ in "ab")

    listed = as_json(stack, "scans", str(work.path))
    assert [scan["id"] for scan in listed["scans"]][:2] == [second, first]
    assert [scan["id"] for scan in as_json(stack, "scans", "--state", "Done", "--limit", "1")["scans"]] == [second]
    shown = picket("scans", "--limit", "1", server=stack.url).stdout
    assert second in shown
    assert "the newest 1; --limit shows more" in shown
    assert picket("scans", "--state", "Cancelled", server=stack.url).stdout == "No scans.\n"
    assert picket("scans", "--state", "bogus", server=stack.url).returncode == 2


@pytest.mark.stack
def test_the_same_for_a_person(stack: Running, work: Work) -> None:
    submitted = picket("submit", str(work.path), "--wait", server=stack.url)
    assert submitted.returncode == 0
    assert "Done" in submitted.stdout

    listed = picket("findings", server=stack.url).stdout
    assert "a.py:1" in listed
    assert secrets.slack_token(1) not in listed
    explained = picket("score", str(work.path), server=stack.url).stdout
    assert "history-scanned" in explained
    assert "penalty" in explained


@pytest.mark.stack
def test_what_is_doubtful_is_shown_on_request_and_counted_otherwise(stack: Running, tmp_path: Path) -> None:
    made = Work(tmp_path / "r")
    made.commit({"tests/test_a.py": "password = 'hunter2hunter2'\ntoken = 'abcdefghijklmnop1234'\n" * 2})
    as_json(stack, "submit", str(made.path), "--wait")
    by_scan = json.loads(picket_scan(made, "--min-confidence", "0"))["findings"]
    doubtful = [one for one in by_scan if one["confidence"] < 0.5]
    assert doubtful

    shown = picket("findings", str(made.path), server=stack.url).stdout

    assert len(as_json(stack, "findings", str(made.path))["findings"]) == len(by_scan) - len(doubtful)
    assert f"{len(doubtful)} more below 0.5; --all shows them." in shown
    assert len(as_json(stack, "findings", str(made.path), "--all")["findings"]) == len(by_scan)
    assert "more below" not in picket("findings", str(made.path), "--min-confidence", "0", server=stack.url).stdout


def picket_scan(made: Work, *arguments: str) -> str:
    """Run a scan on this machine; what it prints as JSON."""
    command = [sys.executable, "-m", "picket.cli", "scan", str(made.path), "--format", "json", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.stack
def test_a_scan_that_fails_ends_the_waiting_with_1(stack: Running, tmp_path: Path) -> None:
    assert as_json(stack, "submit", str(tmp_path / "none"), "--wait", status=1)["state"] == "Failed"


@pytest.mark.stack
def test_a_list_of_repositories_is_read_from_standard_input(stack: Running, work: Work) -> None:
    done = picket("submit", "-", "--json", server=stack.url, stdin=f"{work.path}\n\n{work.path}/.git\n")

    assert json.loads(done.stdout)["children_total"] == 2


@pytest.mark.stack
def test_a_source_is_added_listed_rotated_and_revoked(stack: Running) -> None:
    added = as_json(stack, "webhooks", "add", "github", "--name", "ci", "--organization", "github.com/o")
    assert added["url"].startswith(f"{stack.url}/in/github/")
    assert {"id", "url", "secret"} <= set(added)

    [listed] = [one for one in as_json(stack, "webhooks", "list")["webhooks"] if one["id"] == added["id"]]
    assert (listed["scope"], listed["revoked"]) == ("github.com/o", False)
    assert as_json(stack, "webhooks", "rotate", added["id"], "--grace", "0")["secret"] != added["secret"]
    assert as_json(stack, "webhooks", "revoke", added["id"])["revoked"] is True
    shown = picket("webhooks", "list", server=stack.url).stdout
    assert "revoked" in shown
    assert added["secret"] not in shown


@pytest.mark.stack
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status", "none"], "404"),
        (["score", "h.example/o/none"], "404"),
        (["submit", "ext::sh"], "helpers"),
        (["webhooks", "add", "other", "--name", "x"], "sender"),
        (["findings", "not a repository"], "names no repository"),
        (["findings", "nosuch/repo"], "nosuch/repo is not known (422)"),
        (["findings", "--severity", "bogus"], "severity is one of critical, high, medium, low, info"),
        (["findings", "--state", "bogus"], "state is one of open, accepted, fixed, false-positive"),
        (["findings", "--rule", "bogus"], "no rule bogus is in force"),
        (["dead-letters", "list", "--trigger", "nosuch"], "no function or Trigger nosuch is known"),
        (["dead-letters", "replay", "--all", "--kind", "nosuch"], "kind is one of dead-letter, rejection"),
    ],
)
def test_a_bad_request_says_why_on_standard_error_and_ends_with_2(
    stack: Running, arguments: list[str], message: str
) -> None:
    done = picket(*arguments, server=stack.url)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_server_that_is_not_there_is_said_so() -> None:
    done = picket("status", "x")

    assert done.returncode == 2
    assert "picket up" in done.stderr


@pytest.mark.parametrize("name", ["PICKET_MAX_BLOB_BYTES", "PICKET_ALLOWED_HOSTS", "PICKET_LEASE_SECONDS"])
def test_a_setting_that_does_not_fit_is_named_and_its_value_is_not_shown(name: str) -> None:
    environment = {**os.environ, name: "hunter2"}
    command = [sys.executable, "-m", "picket.cli", "status", "x"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert name in done.stderr.upper()
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


RULES = """
version: 1
rules:
  - id: tests
    match: {finding.path: {glob: "tests/**"}, finding.severity: high}
    actions: [{set: {severity: low}}]
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


def test_rules_test_explains_a_match_and_its_decision(rules: Path) -> None:
    event = json.dumps({"finding": {"path": "tests/a", "severity": "high", "confidence": 0.9}})

    done = picket("rules", "test", str(rules), "-", "--json", stdin=event)
    report = json.loads(done.stdout)

    [tests] = [entry for entry in report["rules"] if entry["rule"] == "tests"]
    assert tests["matches"]
    assert [condition["holds"] for condition in tests["conditions"]] == [True, True]
    assert report["decision"]["severity"] == "low"
    shown = picket("rules", "test", str(rules), "-", stdin=event).stdout
    assert "+ finding.path: wanted" in shown


@pytest.mark.parametrize(
    ("text", "event", "message"),
    [
        ("rules: [", "{}", "not YAML"),
        (RULES, "[]", "not a JSON object"),
        (RULES, "{", "-"),
        (RULES, "{}", "severity and confidence"),
        (RULES.replace("high", "[1"), "{}", "not YAML"),
    ],
)
def test_rules_test_names_what_cannot_be_read(tmp_path: Path, text: str, event: str, message: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)

    done = picket("rules", "test", str(path), "-", stdin=event)

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.stack
@pytest.mark.slow
def test_run_scans_prints_and_ends_by_the_scans_state(work: Work, tmp_path: Path) -> None:
    done = picket("run", str(work.path), "--once", "--port", "0", "--data-dir", str(tmp_path / "data"))

    assert done.returncode == 0, done.stderr
    assert "1 findings" in done.stdout
    assert "Score" in done.stdout
    assert secrets.slack_token(1) not in done.stdout + done.stderr
    failed = picket("run", "/nowhere", "--once", "--port", "0", "--data-dir", str(tmp_path / "data"))
    assert failed.returncode == 1
    assert "does not appear to be a git repository" in failed.stdout


@pytest.mark.stack
def test_a_scan_is_cancelled_once_and_not_after_its_end(stack: Running, work: Work) -> None:
    scan = as_json(stack, "submit", str(work.path), "--wait")

    done = picket("cancel", scan["id"], server=stack.url)

    assert (done.returncode, done.stderr) == (2, "picket: the scan has ended: Done (409)\n")
    assert "not known" in picket("cancel", "scan-none", server=stack.url).stderr


@pytest.mark.stack
def test_which_builds_are_kept_is_set_shown_and_ended(stack: Running, work: Work) -> None:
    as_json(stack, "submit", str(work.path), "--wait")

    assert as_json(stack, "repositories", "builds", str(work.path))["ref"] is None
    assert as_json(stack, "repositories", "builds", str(work.path), "--ref", "refs/heads/main")["ref"]
    assert picket("repositories", "builds", str(work.path), "--ref", "main", server=stack.url).returncode == 2
    assert as_json(stack, "repositories", "builds", str(work.path), "--off")["ref"] is None

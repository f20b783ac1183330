"""Dead letters, schedules and organizations from the command line, on a running stack."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import pushes, secrets
from tests.support.forges import ForgeApi
from tests.support.repositories import Work
from tests.support.stack import Running, eventually, picket_up

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with picket_up(tmp_path_factory.mktemp("operations") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    made = Work(tmp_path_factory.mktemp("work") / "r")
    made.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    return made


def picket(stack: Running, *arguments: str, stdin: str = "", status: int = 0) -> str:
    """Run a command; what it prints."""
    environment = {**os.environ, "PICKET_URL": stack.url, "COLUMNS": "200"}
    command = [sys.executable, "-m", "picket.cli", *arguments]
    done = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout


def as_json(stack: Running, *arguments: str) -> dict[str, Any]:
    return dict(json.loads(picket(stack, *arguments, "--json")))


def bury(stack: Running, number: int, trigger: str = "normalize", **data: Any) -> None:
    """Give the sink a dead letter, as the broker does."""
    headers = {"ce-id": f"dead-{number}-{time.time_ns()}", "ce-type": "dev.picket.webhook.received.v1"}
    headers |= {"ce-source": "/s", "ce-specversion": "1.0", "ce-subject": f"s{number}"}
    headers["Content-Type"] = "application/json"
    answer = stack.http.request("POST", f"{stack.url}/dead-letters/{trigger}", body=json.dumps(data), headers=headers)
    assert answer.status == 204


def test_letters_are_listed_shown_replayed_and_dropped(stack: Running, work: Work) -> None:
    payload = pushes.push(work.path.as_uri(), "0" * 40, work.head())
    bury(stack, 1, delivery="d", source="s", provider="github", event="push", payload=payload)

    listed = picket(stack, "dead-letters", "list")
    assert "normalize: 1 dead letters, 0 rejections" in listed
    assert "refs/heads/main" not in listed
    [letter] = as_json(stack, "dead-letters", "list")["letters"]
    shown = picket(stack, "dead-letters", "show", letter["id"])
    assert "refs/heads/main" in shown
    assert "a replay asks for the same event" in shown

    for _ in range(2):
        assert "1 replayed" in picket(stack, "dead-letters", "replay", letter["id"])
    found = eventually(stack.all_findings)
    assert len(found) == 1
    assert "No dead letters" in picket(stack, "dead-letters", "list")
    replayed = as_json(stack, "dead-letters", "show", letter["id"])
    assert (len(replayed["replays"]), replayed["state"]) == (1, "replayed")
    assert "replay 2" in picket(stack, "dead-letters", "replay", letter["id"], "--again")
    assert letter["id"] in picket(stack, "dead-letters", "list", "--all")


def test_many_letters_are_asked_about_unless_yes(stack: Running) -> None:
    for number in range(3):
        bury(stack, number, "score")
    bury(stack, 3, "feedback")

    picket(stack, "dead-letters", "drop", "--all", "--trigger", "score", stdin="n\n", status=1)
    assert len(as_json(stack, "dead-letters", "list", "--trigger", "score")["letters"]) == 3
    limited = as_json(stack, "dead-letters", "list", "--limit", "2")
    assert (len(limited["letters"]), limited["more"]) == (2, True)
    assert "These are the first 2; --limit shows more." in picket(stack, "dead-letters", "list", "--limit", "2")
    assert "--limit" not in picket(stack, "dead-letters", "list", "--limit", "4")
    assert "3 dropped" in picket(stack, "dead-letters", "drop", "--all", "--trigger", "score", "--yes")
    left = as_json(stack, "dead-letters", "list")
    assert [letter["function"] for letter in left["letters"]] == ["feedback"]
    assert set(left["functions"]) == {"feedback"}
    assert "1 replayed" in picket(stack, "dead-letters", "replay", "--all", stdin="y\n")
    assert picket(stack, "dead-letters", "replay", "letter-none", status=2) == ""
    assert picket(stack, "dead-letters", "drop", "letter-none", status=2) == ""
    assert picket(stack, "dead-letters", "replay", "--all", "--trigger", "score") == "No letters.\n"
    picket(stack, "dead-letters", "drop", status=2)


def test_a_repository_is_added_scheduled_shown_and_unscheduled(stack: Running, tmp_path: Path) -> None:
    made = Work(tmp_path / "scheduled")
    made.commit({"a": "1\n"})
    where = str(made.path)

    assert picket(stack, "repositories", "add", where).strip() == f"local{where}"
    set_to = picket(
        stack,
        "repositories",
        "schedule",
        where,
        "--cron",
        "0 3 * * *",
        "--timezone",
        "Europe/Berlin",
        "--jitter",
        "600",
    )
    assert "main: 0 3 * * * Europe/Berlin, spread over 600 s, scheduled; next " in set_to
    shown = picket(stack, "repositories", "show", where)
    assert "Europe/Berlin" in shown
    assert as_json(stack, "repositories", "show", where)["schedules"][0]["jitter_seconds"] == 600
    assert f"local{where}" in picket(stack, "repositories", "list")
    assert "0 schedules are left" in picket(stack, "repositories", "unschedule", where)
    picket(stack, "repositories", "schedule", where, "--cron", "* * * * *", status=2)


def test_a_repository_gets_an_owner_whose_score_is_shown(stack: Running, work: Work) -> None:
    assert picket(stack, "teams", "list") == "No teams.\n"
    picket(stack, "submit", str(work.path), "--wait")

    owned = picket(stack, "repositories", "set", str(work.path), "--team", "red")

    assert owned == f"local{work.path} is owned by red\n"
    eventually(lambda: as_json(stack, "teams", "show", "red")["score"])
    assert " 1 repositories  red" in picket(stack, "teams", "list")
    shown = picket(stack, "teams", "show", "red")
    assert f"criticality 1  local{work.path}" in shown
    assert "Score " in shown
    assert "by no team" in picket(stack, "repositories", "set", str(work.path), "--no-team")
    picket(stack, "repositories", "set", str(work.path), status=2)
    picket(stack, "teams", "show", "nosuch", status=2)


def test_an_organization_is_added_listed_shown_synced_and_removed(stack: Running) -> None:
    api = ForgeApi("gitea")
    api.add("one", "two", "three", "four")
    try:
        added = picket(stack, "organizations", "add", "gitea", "acme", "--host", api.host, "--exclude", "four")
        assert added.startswith("Requested")
        name = f"{api.host}/acme"
        done = eventually(lambda: (found := as_json(stack, "organizations", "show", name))["state"] == "Done" and found)
        assert (done["listed"], done["kept"]) == (4, 3)
        assert f"{name}/two" in picket(stack, "repositories", "list")
        assert f"Done            3 repositories  {name}" in picket(stack, "organizations", "list")
        api.remove("one")
        picket(stack, "organizations", "sync", name)
        eventually(lambda: as_json(stack, "organizations", "show", name)["vanished"] == 1)
        assert "is forgotten" in picket(stack, "organizations", "remove", name)
        assert picket(stack, "organizations", "list") == "No organizations.\n"
    finally:
        api.close()

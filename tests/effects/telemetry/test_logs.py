"""Log lines: JSON, with what was being handled, and without anything that came from outside unchecked."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from tests.functions.test_pipeline import add_source, payload_of, push
from tests.support import secrets
from tests.support.deployment import FUNCTIONS, Deployment, Message
from tests.support.repositories import GitHttpServer, Work

from picket.effects.git import failures
from picket.effects.git.command import GitFailed
from picket.effects.telemetry import about, logs, note

ROOT = Path(__file__).parents[3]
CANARY = secrets.slack_token(99)
EVENTS = [name for name in FUNCTIONS if name not in {"ingest", "api"}]
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def configured() -> None:
    logs.configure()


def lines(capsys: pytest.CaptureFixture[str]) -> list[Json]:
    """Return the log lines since the last call; every line must be JSON."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_tells_time_severity_function_message_and_fields(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment
    with about(scan="scan-" + "0a" * 16, batch=""):
        note("batch scanned", blobs=3, repository="github.com/o/r", level=logging.WARNING)

    [line] = lines(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line.pop("time"))
    assert line == {
        "severity": "WARNING",
        "function": "test",
        "message": "batch scanned",
        "blobs": 3,
        "repository": "github.com/o/r",
        "scan": "scan-" + "0a" * 16,
    }


def test_a_line_that_another_library_writes_is_json_without_what_could_be_input(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment
    logger = logging.getLogger("urllib3.connectionpool")
    logger.warning("Connection pool is full, discarding connection: %s. Connection pool size: %s", CANARY, 3)
    logger.warning("Took %(odd)s", {"odd": CANARY})
    logger.warning("Worker (pid:%s) was sent %s!", 7, "SIGKILL")

    full, odd, worker = lines(capsys)
    assert full["logger"] == "urllib3.connectionpool"
    assert full["message"] == "Connection pool is full, discarding connection: ?. Connection pool size: 3"
    assert odd["message"] == "Took %(odd)s"
    assert worker["message"] == "Worker (pid:7) was sent SIGKILL!"


def test_gunicorns_own_lines_are_json_and_quote_no_exception(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment
    logger = logging.getLogger("gunicorn.error")
    logger.propagate = False
    try:
        int(CANARY)  # the message of what this raises quotes it
    except ValueError:
        logger.exception("Error handling request %s", CANARY)

    [line] = lines(capsys)
    assert (line["message"], line["error"]) == ("Error handling request ?", "ValueError")
    assert "test_logs.py" in line["frames"][0]
    assert CANARY not in json.dumps(line)


def test_every_line_of_a_push_leads_back_to_the_delivery(
    deployed: Deployment, forge: GitHttpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    work = Work(forge.root / "o" / "r")
    before = work.commit({"a.py": "x = 1\n"})
    after = work.commit({"a.py": f"x = 1\nkey = '{secrets.aws_key(1)}'\n"})
    source = add_source(deployed)
    lines(capsys)  # who has added it belongs to no push
    delivery = push(deployed, source, payload_of(f"{forge.url}/o/r/.git", before, after)).json["delivery"]
    deployed.drain()

    written = lines(capsys)
    assert {line["correlationid"] for line in written} == {delivery}
    [accepted] = [line for line in written if line["message"] == "delivery accepted"]
    [scanned] = [line for line in written if line["message"] == "batch scanned"]
    assert [line["message"] for line in written].count("event done") == len(deployed.sent) - 1  # nobody takes the score
    [created] = deployed.of_type("commitbatch.created")
    assert (scanned["event"], scanned["type"]) == (created.id, created.type)
    assert (scanned["scan"], scanned["batch"]) == (created.data["scan"], created.data["batch"])
    assert scanned["repository"] == created.data["repository"]
    assert scanned["trace_id"] == created.headers["ce-traceparent"].split("-")[1]
    assert accepted["provider"] == "github"


@pytest.mark.parametrize("place", ["id", "type", "subject", "source", "partitionkey", "correlationid", "traceparent"])
@pytest.mark.parametrize("function", EVENTS)
def test_no_attribute_of_a_hostile_event_comes_into_the_logs(
    deployed: Deployment, capsys: pytest.CaptureFixture[str], function: str, place: str
) -> None:
    lead = "dev.picket." if place == "type" else ""
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/x",
        "ce-type": "dev.picket.commitbatch.created.v1",
        "content-type": "application/json",
        f"ce-{place}": lead + CANARY,
    }
    deployed.clients[function].post("/", data=b"{}", headers=headers)

    written = lines(capsys)
    assert [line["message"] for line in written] == ["rejection kept", "event rejected"]
    assert CANARY not in json.dumps(written)


@pytest.mark.parametrize(
    "field", ["repository", "scan", "batch", "ruleset", "url", "finding", "kind", "reason", "rule"]
)
def test_no_data_of_a_hostile_event_comes_into_the_logs(
    deployed: Deployment, capsys: pytest.CaptureFixture[str], field: str
) -> None:
    data = {"repository": "h/o/r", "scan": "s", "batch": "b", "ruleset": "r", "url": "https://h/o/r", field: CANARY}
    for kind in ("scan.requested", "commitbatch.created", "commitbatch.scanned", "finding.changed", "webhook.received"):
        message = Message(
            {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x", "ce-type": f"dev.picket.{kind}.v1"},
            json.dumps(data).encode(),
        )
        deployed.deliver(message)

    written = capsys.readouterr().err
    assert written
    assert CANARY not in written


def test_a_stores_complaint_is_logged_by_its_kind_alone(
    deployed: Deployment, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pymongo.errors import WriteError  # noqa: PLC0415 - connects

    from picket.effects.mongo import repositories, scans  # noqa: PLC0415

    repositories.register("h/o/r", "https://h/o/r")

    def fail(*_: object, **__: object) -> None:
        raise WriteError(f"document {CANARY} does not fit")

    environment.setattr(scans, "open_scan", fail)
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x", "ce-type": "dev.picket.scan.requested.v1"}
    data = json.dumps({"repository": "h/o/r", "scan": "s", "url": "https://h/o/r"})
    assert deployed.clients["enumerate"].post("/", data=data, headers=headers).status_code == 500

    [line, end] = lines(capsys)
    assert (line["message"], line["error"]) == ("unexpected error", "WriteError")
    assert line["reason"] == "the store refused an operation (WriteError)"
    assert end["message"] == "event failed"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            "remote: say this / fatal: repository 'https://h/o/r/' not found",
            "fatal: repository 'https://h/o/r/' not found",
        ),
        ("fatal: remote error: say this", "fatal: remote error: "),
        ("remote: say this / remote: and this", "the server refused"),
        ("fatal: unable to access 'https://h/o/r/': Could not resolve host: h", None),
    ],
)
def test_what_a_forge_says_to_git_is_not_repeated(said: str, kept: str | None) -> None:
    error = failures.meaning(GitFailed(128, said))

    assert str(error).partition(": ")[2] == (said if kept is None else kept)


def test_messages_are_constant_words() -> None:
    """What differs from line to line is a field, which is checked; a message is not taken apart."""
    calls = [
        (path.relative_to(ROOT), call)
        for folder in ("shared", "functions")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for call in re.findall(r"(?<!def )\bnote\(\s*(f\"[^\"]*\{[^\"]*\")", path.read_text())
    ]

    assert [(str(path), call) for path, call in calls] == [
        ("shared/picket/effects/telemetry/handling.py", 'f"event {outcome}"'),
        ("shared/picket/runtime/intake.py", 'f"delivery {outcome}"'),
    ]

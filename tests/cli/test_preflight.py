"""Settings that cannot work end `picket up` and `picket run` before they are ready, by name and with the reason."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.stores import free_port

from picket.local import servers
from picket.local.processes import Nursery

RULES = """
version: 1
rules:
  - id: mine
    match: {FIELD: high}
    actions: [{set: {severity: low}}]
"""


def start(command: str, tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PICKET_", "K_"))}
    program = [sys.executable, "-m", "picket.cli", command, "--port", "0", "--data-dir", str(tmp_path / "data")]
    return subprocess.run(
        [*program, *arguments], env={**inherited, **environment}, capture_output=True, text=True, check=False
    )


def is_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert (done.returncode, "ready" in done.stdout) == (2, False), done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("command", ["up", "run"])
def test_feedback_rules_that_are_not_there_are_named(command: str, tmp_path: Path) -> None:
    done = start(command, tmp_path, PICKET_POLICY="/nosuch/rules.yaml")

    is_refused(done, "PICKET_POLICY", "/nosuch/rules.yaml", "No such file")


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("PICKET_POLICY", "rules: [", ["not YAML at line"]),
        ("PICKET_POLICY", RULES.replace("FIELD", "finding.nosuch"), ["rule mine: there is no field"]),
        ("PICKET_POLICY", RULES.replace("FIELD", "finding.severty"), ["did you mean finding.severity"]),
        ("PICKET_POLICY", "version: 1\nrules: []\ndisabled: [nosuch]", ["there is no shipped rule nosuch"]),
        ("PICKET_RULES", "[[rules]\n", ["not TOML"]),
        ("PICKET_RULES", "[[rules]]\nid = 'x'\nregex = '('\n", ["rule x"]),
    ],
)
def test_a_file_of_rules_that_cannot_work_is_named(variable: str, text: str, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "rules"
    path.write_text(text)

    is_refused(start("up", tmp_path, **{variable: str(path)}), variable, str(path), *words)


@pytest.mark.parametrize("variable", ["PICKET_LEASE_SECONDS", "PICKET_ARTIFACTS", "PICKET_SECRETS_DIR"])
def test_a_setting_that_does_not_fit_is_named(variable: str, tmp_path: Path) -> None:
    is_refused(start("up", tmp_path, **{variable: "hunter2"}), variable)


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        ("mongodb://me:hunter2@127.0.0.1:{port}", "no store answers there"),
        ("mongodb://127.0.0.1:99999", "not an address of a store"),
        ("http://127.0.0.1", "not an address of a store"),
    ],
)
def test_a_store_that_does_not_answer_is_named_and_its_password_is_not(uri: str, word: str, tmp_path: Path) -> None:
    done = start("up", tmp_path, "--mongodb-uri", uri.format(port=free_port()))

    is_refused(done, "--mongodb-uri", word)
    assert "hunter2" not in done.stderr


def test_a_nats_server_that_does_not_answer_is_named_and_its_password_is_not(tmp_path: Path) -> None:
    done = start("up", tmp_path, "--nats-url", f"nats://me:hunter2@127.0.0.1:{free_port()}")

    is_refused(done, "--nats-url", "no NATS server answers at 127.0.0.1")
    assert "hunter2" not in done.stderr


def test_a_nats_server_without_jetstream_is_said_so(tmp_path: Path) -> None:
    server, _, token = servers.nats_server(_folder(tmp_path / "nats"))
    config = tmp_path / "nats" / "run" / "nats-server.conf"
    config.write_text(json.dumps({"authorization": {"token": token}}))

    async def tried() -> subprocess.CompletedProcess[str]:
        with (tmp_path / "lock").open("wb") as lock:
            nursery = Nursery(lock.fileno())
            await server.start(nursery)
            try:
                url = f"nats://{token}@127.0.0.1:{server.port}"
                return await asyncio.to_thread(start, "up", tmp_path, "--nats-url", url)
            finally:
                await server.stop()
                await nursery.close()

    done = asyncio.run(tried())

    is_refused(done, "--nats-url", "has no JetStream")
    assert token not in done.stderr


def _folder(path: Path) -> Path:
    for part in ("logs", "run"):
        (path / part).mkdir(parents=True)
    return path

"""Two hundred pushes while functions, nats-server and the store are killed, restarted and taken away."""

import json
import os
import random
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tests.support import pushes, secrets
from tests.support.deployment import FUNCTIONS, ROOT
from tests.support.repositories import GitHttpServer, Work
from tests.support.stack import Running, eventually, kill, picket_up

from picket.events import WebhookReceived, event_id, scan_id
from picket.webhooks.delivery import delivery_key

pytestmark = pytest.mark.stack

REPOSITORIES = 4
STORE_AWAY_SECONDS = 10.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project, but with a window of deduplication so short that an event sent again is run again."""
    copy = tmp_path / "project"
    for name in ("knative", "triggers"):
        shutil.copytree(ROOT / name, copy / name)
    (copy / "functions").symlink_to(ROOT / "functions")
    broker = copy / "knative" / "base" / "broker.yaml"
    broker.write_text(broker.read_text().replace("duplicateWindow: 2m", "duplicateWindow: 100ms"))
    assert "100ms" in broker.read_text()
    return copy


@pytest.mark.parametrize(("profile", "count"), [("natss", 200), ("spec", 60)])
def test_nothing_accepted_is_lost_and_nothing_is_doubled(
    tmp_path: Path, project: Path, forge: GitHttpServer, profile: str, count: int
) -> None:
    planned = plan(forge, 0, count)
    with picket_up(tmp_path / "data", "--project", str(project), "--profile", profile) as stack:
        source = stack.post("/sources", {"provider": "github", "name": "t"})
        over = threading.Event()
        chaos = threading.Thread(target=wreck, args=(stack, over))
        chaos.start()
        try:
            with ThreadPoolExecutor(8) as senders:
                list(senders.map(lambda one: send(stack, source, *one), planned))
        finally:
            over.set()
            chaos.join()
        scans = [wait_for(stack, scan_of(source, name)) for name, _ in planned]
        before = settled(stack)

        for name, payload in planned:
            send(stack, source, name, payload)
        extra = plan(forge, count, 1)
        for name, payload in extra:
            send(stack, source, name, payload)
            wait_for(stack, scan_of(source, name))
        [fresh] = [found for found in stack.all_findings() if found["id"] not in before]
        after = settled(stack)

    assert {scan["state"] for scan in scans} == {"Done"}
    assert len(before) == count
    assert {found["occurrence_count"] for found in before.values()} == {1}
    assert {name: found for name, found in after.items() if name != fresh["id"]} == before


def plan(forge: GitHttpServer, first: int, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Commit one planted secret after another; each with the delivery that announces it."""
    planned = []
    for number in range(first, first + count):
        path = forge.root / "o" / f"r{number % REPOSITORIES}"
        work = Work(path) if not path.exists() else Work.__new__(Work)
        if not hasattr(work, "path"):
            work.path, work._clock, work._dates = path, 1_700_000_000 + 60 * number, {}
        before = work.head() if number >= REPOSITORIES else work.commit({"README": "start\n"})
        after = work.commit({f"f{number}.py": f"token = '{secrets.slack_token(number)}'\n"})
        planned.append(
            (f"delivery-{number}", pushes.push(f"{forge.url}/o/r{number % REPOSITORIES}/.git", before, after))
        )
    return planned


def send(stack: Running, source: dict[str, Any], name: str, payload: dict[str, Any]) -> None:
    """Send a delivery until it is answered 202, as a person would press «redeliver»."""

    def accepted() -> bool:
        try:
            return stack.deliver(source, payload, name) == 202
        except urllib3.exceptions.HTTPError:
            return False

    eventually(accepted, 60, 0.3)


def scan_of(source: dict[str, Any], delivery: str) -> str:
    """Return the id of the scan that a delivery leads to."""
    key = delivery_key(source["id"], delivery)
    return scan_id(event_id(key, WebhookReceived.TYPE, key), "refs/heads/main")


def wait_for(stack: Running, scan: str) -> dict[str, Any]:
    """Wait until a scan is final and scored."""

    def final() -> dict[str, Any] | None:
        found = stack.find(f"/scans/{scan}")
        return found if found and found["completed_at"] and found["scored"] else None

    return eventually(final, 180, 0.2)


def settled(stack: Running) -> dict[str, dict[str, Any]]:
    """Return the findings by id once they no longer change."""
    seen = ""
    while True:
        found = {finding["id"]: finding for finding in stack.all_findings()}
        if json.dumps(found) == seen:
            return found
        seen = json.dumps(found)
        time.sleep(1)


def wreck(stack: Running, over: threading.Event) -> None:
    """Kill one function after another, restart nats-server once, take the store away once."""
    dice = random.Random(5)
    victims = [name for name in FUNCTIONS if name != "api"]
    turn = 0
    while turn < len(victims) or not over.is_set():
        name = victims[turn % len(victims)]
        eventually(lambda name=name: stack.function(name) or over.is_set(), 60)  # type: ignore[misc]
        kill(stack.function(name))
        if turn == 1:
            kill(stack.processes("nats-server"))
        if turn == 3:
            [store] = stack.processes("nx-27017")
            os.kill(store, signal.SIGSTOP)
            time.sleep(STORE_AWAY_SECONDS)
            os.kill(store, signal.SIGCONT)
        turn += 1
        over.wait(dice.uniform(0.2, 0.8))

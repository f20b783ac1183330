"""`make bench-growth`: ninety days of an organisation's pushes, on a clock that runs ahead.

Everything that lives for a time lives for a twelfth of it, so that what is to level off does so within the ninety days.
Half of the repositories fall silent after a third of them. The functions run in this process, on the one-machine store;
after each tenth of the time the table tells what there is of everything.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine
from tests.benchmarks.scale import store
from tests.support import pushes, secrets
from tests.support.deployment import Deployment, Message
from tests.support.repositories import GitHttpServer, Work

from picket.effects.git import upkeep
from picket.effects.mongo import retention
from picket.effects.mongo.client import collection
from picket.events import DutyDue

_SHORTENED = 12
_SHOWN = ("deliveries", "scans", "batches", "commits", "score_history", "findings", "occurrences")
_NAMES = ("day", *_SHOWN, "artifacts", "artifacts KB", "mirrors", "mirrors KB", "store KB")
_LEAKS = 20
"""Leaks that there ever are: which secrets are pushed repeats, as places they are copied to do."""
_ROUNDS_A_DAY = 4


@dataclass
class Organisation:
    """Repositories on a forge, with a webhook each push is told by."""

    deployed: Deployment
    forge: GitHttpServer
    count: int
    source: dict[str, str] = field(default_factory=dict)
    works: list[Work] = field(default_factory=list)
    pushed: int = 0

    def found(self) -> None:
        """Make the repositories and register the webhook."""
        self.source = self.deployed.api.post("/webhooks", json={"sender": "github", "name": "growth"}).json
        for number in range(self.count):
            self.works.append(Work(self.forge.root / "acme" / f"r{number}"))
            self.works[-1].commit({"README": "x\n"})

    def push(self, number: int) -> None:
        """Push a commit of a few files to one repository; every fifth one leaks a secret."""
        work, turn = self.works[number], self.pushed
        before = work.head()
        lines = [f"value_{turn}_{line} = {line}\n" for line in range(40)]
        if turn % 5 == 0:
            lines.append(f"t = '{secrets.slack_token(turn // 5 % _LEAKS)}'\n")
        after = work.commit({f"src/{turn % 30}.py": "".join(lines), "noise.bin": os.urandom(4_000)})
        url = f"{self.forge.url}/acme/r{number}/.git"
        payload = pushes.push(url, before, after)
        payload["repository"]["id"] = number + 1
        body = pushes.encode(payload)
        headers = pushes.signed(self.source["secret"], body, delivery=f"growth-{turn}")
        place = "/in/" + self.source["url"].split("/in/")[1]
        answer = self.deployed.clients["ingest"].post(place, data=body, headers=headers)
        if answer.status_code != 202:
            raise RuntimeError(f"a push was answered {answer.status_code}")
        self.pushed += 1
        self.deployed.drain()


def rows(days: int, repositories: int, pushes_a_day: int) -> Iterator[list[str]]:
    """Let the days pass; what there is after each tenth of them."""
    short = {rule.collection: max(1, rule.days // _SHORTENED) for rule in retention.TABLE}
    with tempfile.TemporaryDirectory(prefix="picket-growth-") as scratch:
        settings = {
            "PICKET_ALLOW_LOCAL_REPOSITORIES": "true",
            "PICKET_ARTIFACTS": (Path(scratch) / "artifacts").as_uri(),
            "PICKET_ARTIFACT_DAYS": str(7 / _SHORTENED),
            "PICKET_MIRROR_IDLE_DAYS": str(30 / _SHORTENED),
            "PICKET_MIRRORS_MAX_BYTES": "4000000",
            "PICKET_RETENTION_DAYS": json.dumps(short),
            "PICKET_WEBHOOKS_PER_MINUTE": "0",
        }
        for name in ("forge", "artifacts"):
            (Path(scratch) / name).mkdir()
        forge = GitHttpServer(Path(scratch) / "forge")
        try:
            with store(Path(scratch), settings) as (deployed, _):
                yield from _days(Organisation(deployed, forge, repositories), days, pushes_a_day, Path(scratch))
        finally:
            forge.close()


def _days(organisation: Organisation, days: int, pushes_a_day: int, scratch: Path) -> Iterator[list[str]]:
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        organisation.found()
        dated: set[Path] = set()
        for day in range(days):
            silent = organisation.count // 2 if day >= days // 3 else 0
            for turn in range(pushes_a_day):
                organisation.push(silent + (day * pushes_a_day + turn) % (organisation.count - silent))
                _date(scratch / "artifacts", dated)
                clock.shift(timedelta(days=1) / pushes_a_day / 2)
            for turn in range(_ROUNDS_A_DAY):
                clock.shift(timedelta(days=1) / _ROUNDS_A_DAY / 2)
                _tick(organisation.deployed, f"{day}-{turn}")
            if (day + 1) % max(1, days // 10) == 0:
                yield _measured(day + 1, scratch)


def _date(folder: Path, dated: set[Path]) -> None:
    """Let new files be of this day: the file system's clock has stayed behind."""
    for path in folder.rglob("*"):
        if path.is_file() and path not in dated:
            os.utime(path, (time.time(), time.time()))
            dated.add(path)


def _tick(deployed: Deployment, name: str) -> None:
    headers = {"ce-id": name, "ce-type": "dev.knative.sources.ping", "ce-source": "/ping"}
    headers |= {"ce-specversion": "1.0", "content-type": "application/json"}
    deployed.deliver(Message(headers, b"{}"))
    while deployed.deliver_all(DutyDue.TYPE):
        pass
    deployed.drain()


def _measured(day: int, scratch: Path) -> list[str]:
    counts = [len(list(collection(name).find({}, {"_id": 1}))) for name in _SHOWN]
    artifacts = [path.stat().st_size for path in (scratch / "artifacts").rglob("*") if path.is_file()]
    kept = upkeep.mirrors()
    sizes = sum(path.stat().st_size for path in (scratch / "data").rglob("*") if path.is_file())
    figures = [day, *counts, len(artifacts), sum(artifacts) // 1024]
    return [str(one) for one in [*figures, len(kept), sum(one.size for one in kept) // 1024, sizes // 1024]]


def main() -> None:
    """Let the days pass, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.growth", description=__doc__)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--repositories", type=int, default=10)
    parser.add_argument("--pushes", type=int, default=8, help="a day")
    asked = parser.parse_args()
    sys.stdout.write(f"| {' | '.join(_NAMES)} |\n|{'---|' * len(_NAMES)}\n")
    for row in rows(asked.days, asked.repositories, asked.pushes):
        sys.stdout.write(f"| {' | '.join(row)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""`make bench-scale`: what the API and the functions take with much stored, and how many commands they send.

The store is the one-machine one, filled by `stored`. Requests are answered in this process, so that times are those of
the store and of our code; each is asked for several times, and the slowest 5 % are what the budgets are for.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pymongo import MongoClient
from tests.benchmarks.row import Row, percentile, table
from tests.benchmarks.stored import RULES, Size, fill, name_of
from tests.support import stores
from tests.support.commands import Counting
from tests.support.deployment import Deployment, Message, deploy, forget

from picket.effects.mongo import client
from picket.effects.mongo.client import collection

_LISTS, _ANY, _FREE = 0.2, 0.5, 1.0
"""Seconds: lists by stored summaries, other pages, free combinations of filters."""
_TIMES = 10
_BIG = name_of(0)


def requests(size: Size) -> list[tuple[str, str, float]]:
    """Return what is asked of the API: name, path, budget in seconds."""
    first = str((collection("findings").find_one({}) or {})["_id"])
    most = str((collection("occurrences").find_one({"rank": "000002"}) or {})["finding"])
    return [
        ("findings", "/findings", _LISTS),
        ("findings of a severity", "/findings?severity=critical", _FREE),
        ("findings of a rule", f"/findings?rule={RULES[5]}", _FREE),
        ("findings of a repository", f"/findings?repository={_BIG}", _LISTS),
        ("of a large repository, by three filters", f"/findings?repository={_BIG}&severity=low&state=fixed", _FREE),
        ("by severity, state, kind", "/findings?severity=low&state=fixed&kind=vulnerability", _FREE),
        ("by rule and severity", f"/findings?rule={RULES[9]}&severity=info&state=open", _FREE),
        ("by filters that nothing matches", "/findings?severity=info&state=accepted&kind=weakness", _FREE),
        ("by a confidence that few have", "/findings?min_confidence=1&severity=critical", _FREE),
        ("nobody's reporter", "/findings?reporter=nosuch", _FREE),
        ("one finding", f"/findings/{first}", _ANY),
        ("one finding in many places", f"/findings/{most}", _ANY),
        ("a score of many findings", f"/scores/{_BIG}", _ANY),
        ("a small score", f"/scores/{name_of(size.repositories - 1)}", _ANY),
        ("repositories", "/repositories?limit=200", _LISTS),
        ("the start page", "/", _LISTS),
        ("teams", "/teams", _LISTS),
        ("a large team", "/teams/big", _ANY),
        ("scans", "/scans", _LISTS),
        ("a scan of many batches", "/scans/scan-000000", _ANY),
        ("what a scan has found", "/findings?scan=scan-000000", _FREE),
    ]


def rows(size: Size) -> list[Row]:
    """Fill a store and measure."""
    with tempfile.TemporaryDirectory(prefix="picket-scale-") as scratch, store(Path(scratch)) as (deployed, count):
        begin = time.monotonic()
        fill(size)
        sys.stderr.write(f"filled in {time.monotonic() - begin:.0f} s\n")
        found = [_row(name, budget, count, partial(_get, deployed, path)) for name, path, budget in requests(size)]
        found.append(_row("a tick with nothing due", None, count, partial(_tick, deployed)))
        return found


def _row(name: str, budget: float | None, count: Counting, ask: Callable[[], None]) -> Row:
    ask()
    count.since()
    took: list[float] = []
    for _ in range(_TIMES):
        begin = time.perf_counter()
        ask()
        took.append(time.perf_counter() - begin)
        if sum(took) > _TIMES:
            break
    commands = count.since() / len(took)
    figures = {"p50 ms": percentile(took, 50) * 1000, "p95 ms": percentile(took, 95) * 1000, "commands": commands}
    return Row(name, "p95", percentile(took, 95), "s", budget, figures=figures)


def _get(deployed: Deployment, path: str) -> None:
    answer = deployed.api.get(path)
    if answer.status_code >= 500:
        raise RuntimeError(f"{path}: {answer.status_code}")


def _tick(deployed: Deployment) -> None:
    headers = {"ce-id": os.urandom(8).hex(), "ce-type": "dev.knative.sources.ping", "ce-source": "/ping"}
    headers |= {"ce-specversion": "1.0", "content-type": "application/json"}
    deployed.deliver(Message(headers, b"{}"))
    deployed.deliver_all("dev.picket.duty.due.v1")


@contextmanager
def store(scratch: Path, more: dict[str, str] | None = None) -> Iterator[tuple[Deployment, Counting]]:
    """Give all functions on an empty one-machine store below *scratch*, with *more* settings."""
    command, port = stores.nx(scratch)
    with stores.running(command, port, scratch / "output") as uri, pytest.MonkeyPatch.context() as environment:
        settings = {
            "HOST": "127.0.0.1",
            "K_SINK": "http://sink.invalid/",
            "MONGODB_URI": uri,
            "PICKET_DATA_DIR": str(scratch / "picket"),
            "PICKET_HASH_KEY": "0" * 64,
            "PICKET_ENCRYPTION_KEY": Fernet.generate_key().decode(),
            "PICKET_MONGODB_TIMEOUT_SECONDS": "60",
            **(more or {}),
        }
        for name, value in settings.items():
            environment.setenv(name, value)
        counting = Counting()
        environment.setattr(client, "MongoClient", partial(MongoClient, event_listeners=[counting]))
        forget()
        yield deploy(environment), counting
        forget()


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the size that the budgets are for")
    asked = parser.parse_args()
    sys.stdout.write(table(rows(Size().scaled(asked.share) if asked.share != 1 else Size())) + "\n")


if __name__ == "__main__":
    main()

"""From `exec` to the first answer of a function."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import urllib3
from cryptography.fernet import Fernet
from tests.benchmarks.bench import Bench
from tests.benchmarks.processes import PROJECT, ChildFailed, clean_environment, running, tail
from tests.benchmarks.row import RATIO, Row, ratio
from tests.support import stores
from tests.support.sink import sink

EMPTY = Path(__file__).with_name("empty.py")
_HTTP = ("ingest", "api")
_EVENTS = ("normalize", "enumerate", "scan", "collect", "connect", "feedback", "score", "notify", "verify")
_DEADLINE_SECONDS = 30.0
_PAUSE_SECONDS = 0.002
_LIMIT = 1.5
_EVENT = json.dumps({"hello": "world"}).encode()
_EVENT_HEADERS = {
    "Content-Type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "bench-1",
    "ce-source": "/bench",
    "ce-type": "dev.picket.bench.unknown.v1",
    "ce-partitionkey": "bench",
}


@contextmanager
def function(source: Path, env: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """Run a function until the block ends; yields its URL and the seconds to its first 2xx on the liveness path."""
    port = stores.free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "functions_framework", "--target", "main", "--signature-type", "http"]
    start = time.perf_counter()
    with running([*command, "--source", str(source)], env={**env, "HOST": "127.0.0.1", "PORT": str(port)}) as (
        process,
        errors,
    ):
        while not _answers(url):
            if process.poll() is not None or time.perf_counter() - start > _DEADLINE_SECONDS:
                raise ChildFailed(f"{source.parent.name}/{source.name} does not answer: {tail(errors)}")
            time.sleep(_PAUSE_SECONDS)
        yield url, time.perf_counter() - start


def rows(bench: Bench) -> list[Row]:
    """Measure each function and the empty one, by turns."""
    times: dict[str, list[float]] = {}
    events: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(dir=bench.scratch) as folder, _surroundings(Path(folder)) as env:
        for turn in range(bench.times(6, 2)):
            for name in ("empty", *_HTTP, *_EVENTS):
                source = EMPTY if name == "empty" else PROJECT / "functions" / name / "main.py"
                start = time.perf_counter()
                with function(source, {**env, "K_SERVICE": name}) as (url, seconds):
                    if name in _EVENTS:
                        _post(name, url)
                        events.setdefault(name, []).append(time.perf_counter() - start)
                    if turn:  # the first one reads the disk, and compiles to bytecode
                        times.setdefault(name, []).append(seconds)
    least = statistics.median(times["empty"])
    made = [_row(f"start of {name}", "exec to the first 2xx", times[name], least) for name in (*_HTTP, *_EVENTS)]
    first = {name: statistics.median(found[1:]) for name, found in events.items()}
    slowest = max(first, key=lambda name: first[name])
    return [
        *made,
        Row(
            "start to the first event",
            "exec to the first 204 for an event that the function keeps as rejected, store and sink there; slowest",
            ratio(first[slowest], least),
            unit=RATIO,
            figures={f"{name} ms": 1e3 * seconds for name, seconds in first.items()},
            note="no budget; scan's own rules are not loaded by it",
        ),
    ]


def _row(name: str, measured: str, seconds: list[float], least: float) -> Row:
    middle = statistics.median(seconds)
    return Row(
        name,
        measured,
        ratio(middle, least),
        limit=_LIMIT,
        figures={"function ms": 1e3 * middle, "empty ms": 1e3 * least},
    )


def _answers(url: str) -> bool:
    try:
        answer = urllib3.request("GET", f"{url}/health/liveness", retries=False, timeout=5.0)
    except urllib3.exceptions.HTTPError:
        return False
    return 200 <= answer.status < 300


def _post(name: str, url: str) -> None:
    answer = urllib3.request("POST", url, body=_EVENT, headers=_EVENT_HEADERS, retries=False, timeout=20.0)
    if answer.status != 204:
        raise ChildFailed(f"{name} answered {answer.status}: {answer.data[:300]!r}")


@contextmanager
def _surroundings(folder: Path) -> Iterator[dict[str, str]]:
    """Run a store and a sink; yields the environment of a function that uses them."""
    command, port = stores.nx(folder)
    with sink() as broker, stores.running(command, port, folder / "output") as uri:
        yield clean_environment(
            K_SINK=broker.url,
            MONGODB_URI=uri,
            PICKET_DATA_DIR=str(folder),
            PICKET_HASH_KEY="0" * 64,
            PICKET_ENCRYPTION_KEY=Fernet.generate_key().decode(),
        )

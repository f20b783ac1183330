"""A burst of pushes: how long until every scan has ended, and the memory of each process meanwhile."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Self

from tests.benchmarks.bench import Bench, store
from tests.benchmarks.load import Order, Result
from tests.benchmarks.processes import ChildFailed, measure, proportional_kb
from tests.benchmarks.row import Row, percentile
from tests.support import pushes, secrets
from tests.support.repositories import GitHttpServer, Work
from tests.support.stack import Json, Running, command_line, descendants, picket_up

PUSHES = 5_000
REPOSITORIES = 20
CONNECTIONS = 8
_DRAIN_SECONDS = 1_800.0
_POLL_SECONDS = 0.5
_NAMES = (
    (re.compile(r"functions/(\w+)/main\.py"), r"\1"),
    (re.compile(r"picket\.cli up"), "broker and activator"),
    (re.compile(r"nats-server"), "nats-server"),
    (re.compile(r"nx-27017"), "store"),
)


def rows(bench: Bench) -> list[Row]:
    """Push a burst, half of it to one branch of each repository, half to branches of their own; wait for its end."""
    count = bench.times(PUSHES, 200)
    root = bench.scratch / "burst-forge"
    root.mkdir()
    server = GitHttpServer(root)
    try:
        with picket_up(bench.scratch / "burst") as stack:
            source = stack.post("/webhooks", {"sender": "github", "name": "bench"})
            requests = list(_requests(server, source, count))
            file = bench.scratch / "burst.jsonl"
            file.write_text("".join(json.dumps(request) + "\n" for request in requests))
            with Watched(stack) as watched:
                start = time.perf_counter()
                accepted = _post(source, file, count)
                states = _drain(bench.scratch / "burst", count)
                drained = time.perf_counter() - start
            found = len(stack.all_findings())
    finally:
        server.close()
    if found != count or set(states) != {"Done"}:
        raise ChildFailed(f"{count} pushes, {found} findings, scans {states}")
    measured = f"{count} pushes of a secret each to {REPOSITORIES} repositories, half of them to branches of their own"
    return [
        Row(
            "burst: until every scan has ended",
            f"{measured}, by {CONNECTIONS} connections, functions from zero; all scans Done, all secrets found",
            drained,
            unit="s",
            figures={
                "accepted s": accepted.seconds,
                "pushes/s": count / drained,
                "p50 ms": percentile(accepted.milliseconds, 50),
                "p99 ms": percentile(accepted.milliseconds, 99),
            },
        ),
        Row(
            "burst: memory of all processes",
            "most that all processes of the stack held at one time (PSS), and the most of each",
            watched.most["all"],
            unit="MB",
            figures={f"{name} MB": size for name, size in sorted(watched.most.items()) if name != "all"},
        ),
    ]


def _requests(server: GitHttpServer, source: Json, count: int) -> Iterator[dict[str, object]]:
    """Make repositories by one import each, and the signed deliveries that announce their pushes."""
    each = count // REPOSITORIES
    for repository in range(REPOSITORIES):
        work = Work(server.root / "o" / f"r{repository}")
        first = work.commit({"README": "x\n"})
        numbers = range(repository * each, (repository + 1) * each)
        work.git("fast-import", "--quiet", stdin=b"".join(_stream(numbers, first)))
        listed = work.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/own*")
        own = dict(line.split() for line in listed.splitlines())
        shared = work.git("rev-list", "--reverse", f"{first}..refs/heads/shared").split()
        heads = dict(zip([number for number in numbers if number % 2], shared, strict=True))
        before = first
        for number in numbers:
            if number % 2:
                payload = pushes.push(_url(server, repository), before, heads[number], ref="refs/heads/shared")
                before = heads[number]
            else:
                ref = f"refs/heads/own{number}"
                payload = pushes.push(_url(server, repository), pushes.ZERO, own[ref], ref=ref)
            body = pushes.encode({**payload, "repository": {**payload["repository"], "id": 1_000 + repository}})
            yield {"headers": pushes.signed(source["secret"], body, delivery=f"burst-{number}"), "body": body.decode()}


def _stream(numbers: range, first: str) -> Iterator[bytes]:
    for number in numbers:
        name = b"shared" if number % 2 else b"own%d" % number
        goes_on = number % 2 and number > numbers.start + 1
        begin = b"" if goes_on else b"from %s\n" % first.encode()
        line = f"token = '{secrets.slack_token(number)}'\n".encode()
        yield b"commit refs/heads/%s\ncommitter C <c@example.com> %d +0000\ndata 0\n%s" % (
            name,
            1_700_000_000 + number,
            begin,
        )
        yield b"M 100644 inline f%d.py\ndata %d\n%s\n" % (number, len(line), line)


def _url(server: GitHttpServer, repository: int) -> str:
    return f"{server.url}/o/r{repository}/.git"


def _post(source: Json, file: Path, count: int) -> Result:
    order = Order(source["url"], "", {}, CONNECTIONS, count=count, seconds=600.0, file=str(file))
    done = measure([sys.executable, "-m", "tests.benchmarks.load", json.dumps(asdict(order))], keep=True, seconds=700)
    result = Result(**json.loads(done.output))
    if set(result.statuses) != {"202"}:
        raise ChildFailed(f"answers other than 202: {result.statuses}")
    return result


def _drain(folder: Path, count: int) -> dict[str, int]:
    """Wait until every push has its scan and every scan has ended; the scans by state."""
    with store(folder) as database:
        scans = database["scans"]
        deadline = time.monotonic() + _DRAIN_SECONDS
        while scans.count_documents({}) < count or scans.find_one({"open": {"$gt": ""}}, {"_id": 1}):
            if time.monotonic() > deadline:
                raise ChildFailed(f"the burst is not drained after {_DRAIN_SECONDS:g} s")
            time.sleep(_POLL_SECONDS)
        states: defaultdict[str, int] = defaultdict(int)
        for scan in scans.find({}, {"state": 1}):
            states[scan["state"]] += 1
        return dict(states)


class Watched:
    """The most memory of each process of a stack while the block runs, in MB; `all` for all of them together."""

    def __init__(self, stack: Running) -> None:
        self.most: dict[str, float] = {}
        self._stack = stack
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_POLL_SECONDS):
            held: defaultdict[str, float] = defaultdict(float)
            for pid in (self._stack.process.pid, *descendants(self._stack.process.pid)):
                megabytes = proportional_kb(Path(f"/proc/{pid}")) / 1024
                held[_name(command_line(pid))] += megabytes
                held["all"] += megabytes
            for name, size in held.items():
                self.most[name] = max(self.most.get(name, 0.0), size)


def _name(command: str) -> str:
    return next((found.expand(name) for pattern, name in _NAMES if (found := pattern.search(command))), "others")

"""Webhooks: how many signed pushes are accepted, and how fast while the pipeline works on them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from tests.benchmarks import starts
from tests.benchmarks.bench import Bench
from tests.benchmarks.load import Order, Result
from tests.benchmarks.processes import ChildFailed, clean_environment, measure
from tests.benchmarks.row import Row, percentile, ratio
from tests.support import pushes, secrets
from tests.support.repositories import GitHttpServer, Work
from tests.support.stack import Running, eventually, picket_up

CONNECTIONS = 16
_RATES = (50.0, 200.0)
_P99_MS = {50.0: 50.0}
"""Budget of the slowest of a hundred, by rate."""
_WARMING = 100
_REST_SECONDS = 3.0


@contextmanager
def forge(bench: Bench, name: str) -> Iterator[tuple[GitHttpServer, Work, str]]:
    """Serve an empty repository over http; yields the server, the work tree and the repository's URL."""
    root = bench.scratch / name
    root.mkdir()
    server = GitHttpServer(root)
    try:
        yield server, Work(root / "o" / "r"), f"{server.url}/o/r/.git"
    finally:
        server.close()


def rows(bench: Bench) -> list[Row]:
    """Measure the rate at rest and at work, and the time of one at 50/s; each from a stack with nothing else to do."""
    seconds = float(bench.times(10, 3))
    with _warm(bench, "webhooks-rest", seconds) as order:
        # What is of no interest is verified, recorded and sent like a push, and leaves the pipeline at rest.
        stars = replace(order, headers={**order.headers, "X-GitHub-Event": "star"})
        resting = _post(stars, "t", expected="202")
    with _warm(bench, "webhooks-rate", seconds) as order:
        ours = _post(order, "t", expected="202")
    steady: dict[float, Result] = {}
    for rate in _RATES:
        with _warm(bench, f"webhooks-{rate:g}", seconds) as order:
            steady[rate] = _post(replace(order, rate=rate, count=int(rate * seconds)), "p", expected="202")
    with starts.function(starts.EMPTY, clean_environment()) as (address, _):
        empty = replace(order, url=address)
        _post(replace(empty, count=_WARMING), "w", expected="204")
        theirs = _post(empty, "t", expected="204")
    least, size = _rate(theirs), f"{len(order.body) / 1e3:.1f} kB by {CONNECTIONS} connections, durable in the stream"
    return [
        Row(
            "webhooks accepted, pipeline at rest",
            f"signed deliveries of no interest of {size}, against an empty function",
            ratio(_rate(resting), least),
            limit=0.25,
            at_least=True,
            figures={"deliveries/s": _rate(resting), "empty/s": least, "deliveries": len(resting.milliseconds)},
        ),
        Row(
            "webhooks accepted, pipeline at work",
            f"signed pushes of {size}, against an empty function",
            ratio(_rate(ours), least),
            figures={"pushes/s": _rate(ours), "empty/s": least, "pushes": len(ours.milliseconds)},
        ),
        *(_steady(rate, result) for rate, result in steady.items()),
    ]


def _rate(result: Result) -> float:
    return len(result.milliseconds) / result.seconds


def _steady(rate: float, result: Result) -> Row:
    return Row(
        f"webhook at {rate:g}/s, p99",
        f"time to 202 from when it was due, {len(result.milliseconds)} pushes, pipeline at work",
        percentile(result.milliseconds, 99),
        unit="ms",
        limit=_P99_MS.get(rate),
        figures={
            "p50 ms": percentile(result.milliseconds, 50),
            "p99 ms": percentile(result.milliseconds, 99),
            "longest ms": max(result.milliseconds),
        },
    )


@contextmanager
def _warm(bench: Bench, name: str, seconds: float) -> Iterator[Order]:
    """Run a stack whose functions have all been asked once; yields the order of a push."""
    with forge(bench, f"{name}-forge") as (_, work, url), picket_up(bench.scratch / name, "--window", "600") as stack:
        heads = [work.commit({"a.py": f"key = '{secrets.slack_token(number)}'\n"}) for number in range(2)]
        order = _order(stack, pushes.push(url, *heads, **_as_github()), seconds)
        _post(replace(order, count=1), "first", expected="202")
        eventually(lambda: stack.find(f"/scores/{url.removeprefix('http://').removesuffix('/.git')}"))
        pings = replace(order, headers={**order.headers, "X-GitHub-Event": "ping"}, count=_WARMING)
        _post(pings, "w", expected="202")
        time.sleep(_REST_SECONDS)
        yield order


def _order(stack: Running, payload: dict[str, Any], seconds: float) -> Order:
    source = stack.post("/webhooks", {"sender": "github", "name": "bench"})
    body = pushes.encode(payload)
    headers = pushes.signed(source["secret"], body, delivery="bench-{n}")
    return Order(source["url"], body.decode(), headers, CONNECTIONS, count=20_000, seconds=seconds)


def _post(order: Order, series: str, *, expected: str) -> Result:
    """Have a process of its own post; every answer must be the expected one."""
    headers = {**order.headers, "X-GitHub-Delivery": f"{series}-{{n}}"}
    asked = json.dumps(asdict(replace(order, headers=headers)))
    done = measure([sys.executable, "-m", "tests.benchmarks.load", asked], keep=True, seconds=order.seconds + 90)
    result = Result(**json.loads(done.output))
    if set(result.statuses) != {expected}:
        raise ChildFailed(f"answers other than {expected}: {result.statuses}")
    return result


def _as_github() -> dict[str, Any]:
    """Return as much more of a push's payload as GitHub sends: a few commits, with authors and paths."""
    person = {"name": "A", "email": "a@example.com", "username": "a"}
    commits = [
        {
            "id": f"{number:040x}",
            "message": f"Change number {number}\n\nWith a few words on why it was made, as is good practice.",
            "timestamp": "2026-11-21T08:00:00+00:00",
            "author": person,
            "committer": person,
            "added": [f"src/package/module{number}.py"],
            "removed": [],
            "modified": [f"src/package/file{other}.py" for other in range(20)],
        }
        for number in range(5)
    ]
    return {"commits": commits, "sender": {"login": "a", "id": 1}, "pusher": person, "forced": False}

"""From a push to the score it leads to: warm, from zero, and with many findings there already."""

from __future__ import annotations

import statistics
import time
from itertools import pairwise

from tests.benchmarks.bench import Bench
from tests.benchmarks.row import Row, percentile, ratio
from tests.benchmarks.webhooks import forge
from tests.support import pushes, secrets
from tests.support.repositories import Work
from tests.support.stack import Json, Running, eventually, picket_up

_POLL_SECONDS = 0.005
_WARMING = 5
_FEW, _MANY = 10, 300


class Pusher:
    """Pushes commits of one repository, and waits for the score of each."""

    def __init__(self, stack: Running, source: Json, work: Work, url: str) -> None:
        self._stack, self._source, self._work, self._url = stack, source, work, url
        self._name = url.removeprefix("http://").removesuffix("/.git")
        self._head = work.commit({"README": "x\n"})
        self.findings = 0

    def prepare(self, count: int, secrets_each: int = 1) -> list[str]:
        """Commit *count* times, each with so many secrets; the heads, first the one that was pushed last."""
        heads = [self._head]
        made = self.findings
        for _ in range(count):
            text = "".join(f"t = '{secrets.slack_token(made + number)}'\n" for number in range(secrets_each))
            heads.append(self._work.commit({f"f{made}.py": text}))
            made += secrets_each
        return heads

    def push(self, before: str, after: str, secrets_in_it: int = 1) -> float:
        """Push what was prepared; seconds until the score has all that is in it."""
        self.findings += secrets_in_it
        self._head = after
        start = time.perf_counter()
        status = self._stack.deliver(self._source, pushes.push(self._url, before, after), f"bench-{after}")
        assert status == 202, f"the push was answered {status}"
        eventually(self._scored, 60, _POLL_SECONDS)
        return time.perf_counter() - start

    def _scored(self) -> bool:
        score = self._stack.find(f"/scores/{self._name}")
        return score is not None and len(score["items"]) == self.findings


def rows(bench: Bench) -> list[Row]:
    """Measure pushes one after another; functions do not go back to zero meanwhile."""
    count = bench.times(50, 10)
    with (
        forge(bench, "pushed-forge") as (_, work, url),
        picket_up(bench.scratch / "pushed", "--window", "600") as stack,
    ):
        source = stack.post("/sources", {"provider": "github", "name": "bench"})
        pusher = Pusher(stack, source, work, url)
        heads = pusher.prepare(1 + _WARMING + count)
        first, *warm = [1e3 * pusher.push(*pair) for pair in pairwise(heads)]
    times = warm[_WARMING:]
    measured = f"signed push to the score at the API, {len(times)} pushes one after another, functions running"
    figures = {"p50 ms": percentile(times, 50), "p99 ms": percentile(times, 99), "longest ms": max(times)}
    return [
        Row("push to score, warm, p50", measured, percentile(times, 50), unit="ms", limit=250, figures=figures),
        Row("push to score, warm, p99", measured, percentile(times, 99), unit="ms", limit=1_000),
        Row(
            "push to score, from zero",
            "the first push of a fresh stack: all functions start, the rules are compiled",
            first,
            unit="ms",
        ),
    ]


def growth(bench: Bench) -> list[Row]:
    """Measure pushes with few and with many findings in the repository."""
    count = bench.times(20, 5)
    with (
        forge(bench, "growth-forge") as (_, work, url),
        picket_up(bench.scratch / "growth", "--window", "600") as stack,
    ):
        source = stack.post("/sources", {"provider": "github", "name": "bench"})
        pusher = Pusher(stack, source, work, url)
        medians = []
        for level in (_FEW, _MANY):
            missing = level - pusher.findings
            before, after = pusher.prepare(1, missing)
            pusher.push(before, after, missing)
            times = [1e3 * pusher.push(*pair) for pair in pairwise(pusher.prepare(_WARMING + count))]
            medians.append(statistics.median(times[_WARMING:]))
    few, many = medians
    return [
        Row(
            "push to score with 300 findings",
            f"p50 of {count} pushes to a repository with {_MANY} findings, against {_FEW}",
            ratio(many, few),
            limit=1.2,
            figures={f"{_FEW} ms": few, f"{_MANY} ms": many},
        )
    ]

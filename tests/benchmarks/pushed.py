"""From a push to the score it leads to: warm, from zero, and with many findings there already."""

from __future__ import annotations

import statistics
import time
from itertools import pairwise

from pymongo.collection import Collection
from tests.benchmarks.bench import Bench, store
from tests.benchmarks.row import Row, percentile, ratio
from tests.benchmarks.webhooks import forge
from tests.support import pushes, secrets
from tests.support.repositories import Work
from tests.support.stack import Json, Running, eventually, picket_up

_POLL_SECONDS = 0.005
_PATIENCE_SECONDS = 300.0
_WARMING = 5
_FEW = 300
_TIMES = (4, 16)


class Pusher:
    """Pushes commits of one repository, and waits for the score of each."""

    def __init__(self, stack: Running, scores: Collection[Json], work: Work, url: str) -> None:
        self._stack, self._scores, self._work, self._url = stack, scores, work, url
        self._source = stack.post("/webhooks", {"sender": "github", "name": "bench"})
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

    def fill(self, level: int) -> tuple[str, str]:
        """Commit until there are *level* findings, one a commit, by one import; the head before, and now."""
        before, numbers = self._head, range(self.findings, level)
        parts: list[bytes] = []
        for number in numbers:
            line = f"t = '{secrets.slack_token(number)}'\n".encode()
            start = b"from %s\n" % before.encode() if number == numbers.start else b""
            parts.append(b"commit refs/heads/main\ncommitter C <c@example.com> %d +0000\n" % (1_700_000_000 + number))
            parts.append(b"data 0\n%sM 100644 inline f%d.py\ndata %d\n%s\n" % (start, number, len(line), line))
        self._work.git("fast-import", "--quiet", "--force", stdin=b"".join(parts))
        self._work.git("reset", "--quiet", "--hard", "main")
        return before, self._work.head()

    def push(self, before: str, after: str, secrets_in_it: int = 1) -> float:
        """Push what was prepared; seconds until the score has all that is in it."""
        self.findings += secrets_in_it
        self._head = after
        start = time.perf_counter()
        status = self._stack.deliver(self._source, pushes.push(self._url, before, after), f"bench-{after}")
        assert status == 202, f"the push was answered {status}"
        eventually(self._scored, _PATIENCE_SECONDS, _POLL_SECONDS)
        return time.perf_counter() - start

    def _scored(self) -> bool:
        """Look into the store: what a reader of the score is shown grows with the findings."""
        score = self._scores.find_one({"_id": self._name}, {"tally": 1})
        return score is not None and score["tally"]["items"] == self.findings


def rows(bench: Bench) -> list[Row]:
    """Measure pushes one after another; functions do not go back to zero meanwhile."""
    count = bench.times(50, 10)
    with (
        forge(bench, "pushed-forge") as (_, work, url),
        picket_up(bench.scratch / "pushed", "--window", "600") as stack,
        store(bench.scratch / "pushed") as database,
    ):
        pusher = Pusher(stack, database["scores"], work, url)
        heads = pusher.prepare(1 + _WARMING + count)
        first, *warm = [1e3 * pusher.push(*pair) for pair in pairwise(heads)]
    times = warm[_WARMING:]
    measured = f"signed push to the score in the store, {len(times)} pushes one after another, functions running"
    figures = {"p50 ms": percentile(times, 50), "p99 ms": percentile(times, 99), "longest ms": max(times)}
    return [
        Row("push to score, warm, p50", measured, percentile(times, 50), unit="ms", limit=100, figures=figures),
        Row("push to score, warm, p99", measured, percentile(times, 99), unit="ms", limit=250),
        Row(
            "push to score, from zero",
            "the first push of a fresh stack: all functions start, the rules are compiled",
            first,
            unit="ms",
        ),
    ]


def growth(bench: Bench) -> list[Row]:
    """Measure pushes to a repository with one, four and sixteen times the findings and commits of a first level."""
    count = bench.times(20, 5)
    few = bench.times(_FEW, 20)
    with (
        forge(bench, "growth-forge") as (_, work, url),
        picket_up(bench.scratch / "growth", "--window", "600") as stack,
        store(bench.scratch / "growth") as database,
    ):
        pusher = Pusher(stack, database["scores"], work, url)
        medians: dict[int, float] = {}
        for level in (few, _TIMES[0] * few, _TIMES[1] * few):
            before, after = pusher.fill(level)
            pusher.push(before, after, level - pusher.findings)
            times = [1e3 * pusher.push(*pair) for pair in pairwise(pusher.prepare(_WARMING + count))]
            medians[level] = statistics.median(times[_WARMING:])
    first, *others = medians.values()
    return [
        Row(
            f"push to score with {times} x the findings and commits",
            f"p50 of {count} pushes to a repository with {level} findings and as many commits, against {few}",
            ratio(median, first),
            limit=1.2,
            figures={f"{few} ms": first, f"{level} ms": median},
        )
        for times, level, median in zip(_TIMES, list(medians)[1:], others, strict=True)
    ]

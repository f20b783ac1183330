"""Pushes with a planted secret each: made at once, landed at the forge in their order, announced until answered 202."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import urllib3
from tests.support import pushes, secrets
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer, Work
from tests.support.stack import Json, Running, eventually

from picket.commits.repository import parse_address
from picket.events import WebhookReceived, event_id, scan_id
from picket.webhooks.delivery import delivery_key

SENDERS = 8
NO_TEXT = bytes(byte | 0x80 for byte in range(256))
"""Makes bytes that no rule takes for a secret of those that chance brings."""
_REPEAT_EVERY = 20
_LONG_EVERY = 10


@dataclass(frozen=True)
class Push:
    """A push of one or three commits, one of which, `commit`, brings the secret in the file `path`."""

    delivery: str
    work: Path
    url: str
    ref: str
    before: str
    commits: tuple[str, ...]
    commit: str
    path: str
    padding: int = 0

    @property
    def name(self) -> str:
        """The repository's name at the forge."""
        return "/".join(self.work.parts[-2:])

    def land(self) -> None:
        """Move the branch at the forge, as git does: whole or not at all."""
        target = self.work / ".git" / self.ref
        fresh = target.with_name(f"{target.name}.lock")
        fresh.write_text(f"{self.commits[-1]}\n")
        fresh.rename(target)

    def payload(self) -> dict[str, Any]:
        """Return what the forge says of it."""
        found = pushes.push(self.url, self.before, self.commits[-1], ref=self.ref)
        if self.padding:
            found["commits"] = [{"id": commit, "message": "x" * self.padding} for commit in self.commits]
        return {**found, "repository": {**found["repository"], "id": 1_000 + int(self.work.name.removeprefix("r"))}}

    def scan(self, source: Json) -> str:
        """Return the id of the scan that it leads to, told by one webhook."""
        key = delivery_key(source["id"], self.delivery)
        repository = parse_address(self.url, local=True).name
        what = f"{repository}|{self.ref}|{self.before}|{self.commits[-1]}"
        return scan_id(what, event_id(key, WebhookReceived.TYPE, key))


def plan(
    forge: GitHttpServer, count: int, *, repositories: int = 4, first: int = 0, filler: int = 0, padding: int = 0
) -> list[Push]:
    """Make the commits of *count* pushes, half of each repository's to one branch; none of them has landed yet.

    Args:
        forge: Where the repositories are made.
        count: Number of pushes, over all repositories.
        repositories: Number of repositories.
        first: Number that the first one is named by.
        filler: Bytes that no compression makes smaller, in a file beside each secret.
        padding: Bytes of text in what the forge says of each commit.
    """
    lists = [
        _of_repository(forge, first + number, range(number, count, repositories), filler, padding)
        for number in range(repositories)
    ]
    return [push for push in chain.from_iterable(zip_longest(*lists)) if push is not None]


def _of_repository(forge: GitHttpServer, number: int, numbers: range, filler: int, padding: int) -> list[Push]:
    work = Work(forge.root / "o" / f"r{number}")
    start = work.commit({"README": f"{number}\n"})
    marks = work.path / ".git" / "marks"
    work.git(
        "fast-import", "--quiet", f"--export-marks={marks}", stdin=b"".join(_stream(number, numbers, start, filler))
    )
    shas = dict(line.removeprefix(":").split() for line in marks.read_text().splitlines())
    branches = {_branch(one) for one in numbers}
    work.git("update-ref", "--stdin", stdin="".join(f"delete {branch}\n" for branch in sorted(branches)).encode())
    heads: dict[str, str] = {}
    found = []
    for one in numbers:
        commits = tuple(shas[str(mark)] for mark in _marks(one))
        push = Push(
            delivery=f"delivery-{number}-{one}",
            work=work.path,
            url=f"{forge.url}/o/r{number}/.git",
            ref=_branch(one),
            before=heads.get(_branch(one), pushes.ZERO),
            commits=commits,
            commit=commits[len(commits) // 2],
            path=f"f{one}.py",
            padding=padding,
        )
        heads[push.ref] = commits[-1]
        found.append(push)
    return found


def _branch(number: int) -> str:
    """Half of the pushes go to one branch, a quarter to another, the rest to branches of their own."""
    lane = number // 4 % 4
    return "refs/heads/" + (f"own{number}" if lane == 3 else ("main", "side", "main")[lane])


def _marks(number: int) -> range:
    return range(10 * number + 1, 10 * number + (4 if number % _LONG_EVERY == 0 else 2))


def _stream(repository: int, numbers: range, start: str, filler: int) -> Iterator[bytes]:
    begun = set()
    for number in numbers:
        secret = f"token = '{secrets.slack_token(100_000 * repository + number)}'\n".encode()
        marks = _marks(number)
        for mark in marks:
            branch = _branch(number)
            origin = b"" if branch in begun else b"from %s\n" % start.encode()
            begun.add(branch)
            yield b"commit %s\nmark :%d\ncommitter C <c@example.com> %d +0000\ndata 0\n%s" % (
                branch.encode(),
                mark,
                1_700_000_000 + mark,
                origin,
            )
            planted = mark == marks[len(marks) // 2]
            content, path = (secret, f"f{number}.py") if planted else (b"%d\n" % mark, f"plain{mark}")
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content)
            if filler and planted:
                noise = random.Random(mark).randbytes(filler).translate(NO_TEXT)
                yield b"M 100644 inline noise%d\ndata %d\n%s\n" % (number, filler, noise)


class Senders:
    """Sends deliveries from several threads until each is answered 202, as a forge's redelivery does in the end."""

    def __init__(self, stack: Running, source: Json, row: Row) -> None:
        self._stack = stack
        self._source = source
        self._row = row
        self._counting = threading.Lock()
        self._landing = threading.Lock()

    def send(self, planned: Iterable[Push], *, landed: bool = False) -> None:
        """Land the pushes in their order and announce each; every twentieth twice."""
        waiting = iter(planned)

        def work() -> None:
            while True:
                with self._landing:
                    push = next(waiting, None)
                    if push is not None and not landed:
                        push.land()
                if push is None:
                    return
                self._until_accepted(push)
                if int(push.path[1:-3]) % _REPEAT_EVERY == 0:
                    self._until_accepted(push)
                with self._counting:
                    self._row.accepted += not landed

        with ThreadPoolExecutor(SENDERS) as pool:
            for one in [pool.submit(work) for _ in range(SENDERS)]:
                one.result()

    def _until_accepted(self, push: Push) -> None:
        eventually(lambda: self._attempt(push) == 202, pause=0.3)

    def _attempt(self, push: Push) -> int:
        with self._counting:
            self._row.sent += 1
        try:
            return self._stack.deliver(self._source, push.payload(), push.delivery)
        except urllib3.exceptions.HTTPError:
            return 0

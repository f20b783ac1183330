"""Looking at every blob once, by as many processes as there are cores.

Git's own unpacking takes about as long as matching, so each process has a `git cat-file` of its own, which lasts as
long as it does: a new one for each chunk doubled git's work. Processes are forked after the rules are loaded, and share
them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack

from picket.detection import Engine
from picket.detection.pointers import BEGINNING, TOO_LONG, pointer
from picket.detection.report import Located, look
from picket.detection.text import positions
from picket.errors import PicketError
from picket.records import dataclass, field, replace
from picket.scanning.limits import too_large
from picket.scanning.stores import Read, Store

Paths = Mapping[str, tuple[bytes, ...]]
"""For each blob (or file) to be looked at, the paths it stands at."""

ARCHIVE_BYTES = 1 << 28
"""The most that is unpacked of one archive."""

SUBMODULE = "a submodule, which is a repository of its own: scan that one by itself"
"""Why nothing of it is looked at."""

_FEW = 16  # blobs that are looked at sooner than other processes have started
_CHUNKS_EACH = 16
_PR_SET_PDEATHSIG = 1
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    """What was not scanned, and why; `is_limit` where that is because somebody set a limit or nothing could read it.

    `source` says where it is: the URL of a submodule, the id of a file in Git LFS.
    """

    path: str
    reason: str
    blob: str = ""
    is_limit: bool = False
    source: str = ""


@dataclass(slots=True)
class Outcome:
    """What was found in blobs: hits for each blob that has any, by its id."""

    found: dict[str, tuple[Located, ...]] = field(default_factory=dict)
    dropped: list[dict[str, object]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    blobs: int = 0
    size: int = 0

    def add(self, other: Outcome) -> None:
        """Take over what another process found."""
        self.found |= other.found
        self.dropped += other.dropped
        self.problems += other.problems
        self.blobs += other.blobs
        self.size += other.size


@dataclass(frozen=True, slots=True)
class Job:
    """What every process does: read from *store*, look with *engine*, into *archives*; *explain* what was dropped."""

    store: Store
    engine: Engine
    explain: bool = False
    archives: bool = False

    def run(self, read: Read, keys: Sequence[str], paths: Paths) -> Outcome:
        """Look at some blobs, which *read* gives."""
        outcome = Outcome()
        for key, content in read(keys):
            names = [path.decode("utf-8", "replace") for path in paths[key]]
            if isinstance(content, str):
                limit = content == too_large(self.store.max_bytes)
                outcome.problems += [Problem(name, content, key, is_limit=limit) for name in names]
                continue
            outcome.blobs, outcome.size = outcome.blobs + 1, outcome.size + len(content)
            if found := self.look(content, names, problems=outcome.problems, key=key):
                outcome.found[key] = found
            if self.explain:
                outcome.dropped += self._dropped(content, names[0])
        return outcome

    def look(
        self,
        content: bytes,
        paths: Sequence[str],
        commit: str = "",
        problems: list[Problem] | None = None,
        key: str = "",
    ) -> tuple[Located, ...]:
        """Look at one blob, and at what it packs or stands for; add to *problems* what of that cannot be read."""
        found = self._unpacked(content, paths, commit, problems)
        if len(content) >= TOO_LONG or not content.startswith(BEGINNING) or not (stands_for := pointer(content)):
            return found
        meant = self.store.elsewhere(stands_for)
        if isinstance(meant, bytes):
            inside = self._unpacked(meant, paths, commit, problems)
            return found + tuple(replace(each, blob_path=each.blob_path or each.path) for each in inside)
        if problems is not None:
            problems += [Problem(path, meant, key, is_limit=True, source=stands_for.name) for path in paths]
        return found

    def _unpacked(
        self, content: bytes, paths: Sequence[str], commit: str, problems: list[Problem] | None
    ) -> tuple[Located, ...]:
        found = look(self.engine, content, paths, commit)
        if not self.archives:
            return found
        from picket.detection.archives import Member, members  # noqa: PLC0415 - 10 ms that few scans need

        for top, each in ((path, each) for path in paths for each in members(content, path, max_bytes=ARCHIVE_BYTES)):
            if isinstance(each, Member):
                found += tuple(
                    replace(at, blob_path=top) for at in look(self.engine, each.content, [each.path], commit)
                )
            elif problems is not None:
                problems.append(Problem(each.path, each.reason, is_limit=True))
        return found

    def _dropped(self, content: bytes, path: str) -> Iterator[dict[str, object]]:
        dropped = self.engine.explain(content, path)
        where = positions(content, [each.start for each in dropped])
        for each in dropped:
            yield {"path": path, "line": where[each.start][0], "rule": each.rule, "reason": each.reason}


def look_at(job: Job, paths: Paths, jobs: int, order: Iterable[str], progress: Callable[[int], object]) -> Outcome:
    """Look at all of *paths*.

    Args:
        job: How.
        paths: What.
        jobs: The most processes to use.
        order: The keys of *paths*, those that are cheap to read one after another side by side.
        progress: Told how many more blobs are done.

    Raises:
        PicketError: A process could not read what it should, or ended early.
    """
    keys = list(order)
    if len(keys) > _FEW and jobs == 1:
        job.engine.remember()
    if jobs == 1 or len(keys) <= _FEW:
        with job.store.open() as read:
            outcome = job.run(read, keys, paths)
        progress(len(keys))
        return outcome
    size = max(1, min(_MOST, len(keys) // (jobs * _CHUNKS_EACH)))
    return _shared_out(job, paths, jobs, [keys[start : start + size] for start in range(0, len(keys), size)], progress)


def _shared_out(
    job: Job, paths: Paths, jobs: int, chunks: Sequence[Sequence[str]], progress: Callable[[int], object]
) -> Outcome:
    import multiprocessing  # noqa: PLC0415 - 15 ms that a hook does without
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed  # noqa: PLC0415

    total = Outcome()
    job.engine.scan(b"")  # loads the rules once, for all
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(job, os.getpid())) as pool:
        try:
            waiting = {pool.submit(_run, chunk, {key: paths[key] for key in chunk}): len(chunk) for chunk in chunks}
            for done in as_completed(waiting):
                total.add(done.result())
                progress(waiting.pop(done))
        except BrokenExecutor:
            raise PicketError("a scanning process ended before its work was done (out of memory?)") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return total


def _end_with(parent: int) -> None:
    """Let the kernel end this process when the one that it works for is killed. Source: prctl(2), PR_SET_PDEATHSIG."""
    import ctypes  # noqa: PLC0415 - only these processes need it
    import signal  # noqa: PLC0415

    prctl = getattr(ctypes.CDLL(None), "prctl", None)  # Linux has it
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was killed before that
        os._exit(1)


class _Worker:
    """One process's share: the job, and its own open store, which ends with the process."""

    job: Job
    read: Read
    held: ExitStack


def _begin(job: Job, parent: int) -> None:
    _end_with(parent)
    _Worker.job, _Worker.held = job, ExitStack()
    job.engine.remember()  # each by itself: what one process learns, the others do not see
    _Worker.read = _Worker.held.enter_context(job.store.open())


def _run(keys: Sequence[str], paths: Paths) -> Outcome:
    return _Worker.job.run(_Worker.read, keys, paths)

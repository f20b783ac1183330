"""Which commits are looked at: options of `picket scan`, and what git tells its hooks, as arguments of `git log`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO

from picket.changes import Commit
from picket.commits import refs
from picket.commits.log import LOG_OPTIONS, RAW_OPTIONS, Log
from picket.effects.git.command import GitFailed, run
from picket.effects.git.objects import common_dir
from picket.errors import Gone, Malformed
from picket.records import dataclass
from picket.scanning.environment import pushed_by_pre_commit
from picket.scanning.order import Order

NOWHERE = Commit("", "", "", "", "")
"""Stands for the commit of what is not committed."""

_ZEROS = re.compile(r"0{40}|0{64}")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_AGO = re.compile(r"(\d{1,5}) ?(hour|day|week|month|year)s?(?: ago)?")
_FAR_BACK = 36_500  # days: before there was git
_DAYS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30.44, "year": 365.25}


@dataclass(frozen=True, slots=True)
class Revisions:
    """Commits, as `git log` takes them. `bounded` when there is a start, beyond which must not be looked."""

    arguments: tuple[str, ...]
    stdin: bytes = b""
    bounded: bool = False

    @property
    def named(self) -> list[str]:
        """Objects that were named one by one, as by a push; some of them may be annotated tags."""
        return [line for line in self.stdin.decode().split() if not line.startswith("^")] if self.bounded else []

    @property
    def empty(self) -> bool:
        """Whether nothing was asked for, as by a push that only deletes."""
        return not self.arguments


def everything(*, pull_requests: bool) -> Revisions:
    """Return the commits that all refs and the HEADs of work trees lead to, those of pull requests only where asked."""
    return Revisions((*(f"--exclude={pattern}" for pattern in refs.excluded(pull_requests=pull_requests)), "--all"))


def wanted(order: Order, git_dir: Path, stdin: IO[bytes]) -> Revisions:
    """Read which commits *order* means; for the hooks, what git tells them on standard input.

    Raises:
        Malformed: Something of it is not in the form it must have.
        Gone: It names a commit that is not there.
    """
    if order.selection == "pre-push":
        lines = _lines(stdin)
        framework = pushed_by_pre_commit() if not lines else None
        if framework:
            return _new_on([commit_of(git_dir, framework[0])], [], framework[1])
        return pushed(git_dir, lines, order.remote)
    if order.selection == "pre-receive":
        return received(git_dir, _lines(stdin))
    found = everything(pull_requests=order.pull_requests)
    if order.selection == "range":
        found = between(git_dir, order.value)
    elif order.selection == "branch":
        found = branch(git_dir, order.value)
    return since(git_dir, order.since, found, datetime.now(UTC)) if order.since else found


def between(git_dir: Path, text: str) -> Revisions:
    """Read `A..B` (or `A..`, for HEAD).

    Raises:
        Malformed: It has another form.
        Gone: One end is not in the repository.
    """
    start, dots, end = text.partition("..")
    if not dots or not start or end.startswith("."):
        raise Malformed(f"range {text!r} is not of the form A..B")
    return Revisions((commit_of(git_dir, end or "HEAD"), f"^{commit_of(git_dir, start)}"), bounded=True)


def branch(git_dir: Path, name: str) -> Revisions:
    """Read the name of a branch, tag or commit: all of its history.

    Raises:
        Gone: No ref has that name.
    """
    return Revisions((commit_of(git_dir, name),))


def since(git_dir: Path, text: str, of: Revisions, now: datetime) -> Revisions:
    """Keep the commits made since a date. Each one's own date counts, also behind an older one.

    Args:
        git_dir: A git directory.
        text: ISO 8601 date or time, or `3 days`, `2 weeks ago`, …
        of: Commits to choose from.
        now: What times ago count from.

    Raises:
        Malformed: It is no date.
    """
    first = _date(text, now).timestamp()
    if of.bounded:
        _check_whole(git_dir, of)
    listed = run(git_dir, "rev-list", "--timestamp", *of.arguments).decode().split()
    chosen = [sha for made, sha in zip(listed[::2], listed[1::2], strict=True) if int(made) >= first]
    return Revisions(("--no-walk=unsorted", "--stdin"), "\n".join([*chosen, ""]).encode()) if chosen else Revisions(())


def pushed(git_dir: Path, lines: Iterable[str], remote: str) -> Revisions:
    """Read what git tells a pre-push hook, `local-ref local-sha remote-ref remote-sha` a line.

    What the remote has already is left out: what it is said to have and what was fetched from it.

    Args:
        git_dir: A git directory.
        lines: The hook's standard input.
        remote: Name of the remote; empty for all of them.

    Raises:
        Malformed: A line has another form.
    """
    updates = [_fields(line, 4, "local-ref local-sha remote-ref remote-sha", (1, 3)) for line in lines if line.strip()]
    wanted = [local for _, local, _, _ in updates if not _ZEROS.fullmatch(local)]
    has = _present(git_dir, [known for _, _, _, known in updates if not _ZEROS.fullmatch(known)])
    if not wanted:
        return Revisions(())
    _check_commits(git_dir, wanted)
    return _new_on(wanted, has, remote)


def received(git_dir: Path, lines: Iterable[str]) -> Revisions:
    """Read what git tells a pre-receive hook, `old-sha new-sha ref` a line: commits that no ref leads to yet.

    Raises:
        Malformed: A line has another form.
        Gone: Something that is no commit is pushed.
    """
    updates = [_fields(line, 3, "old-sha new-sha ref", (0, 1)) for line in lines if line.strip()]
    wanted = [new for _, new, _ in updates if not _ZEROS.fullmatch(new)]
    if not wanted:
        return Revisions(())
    _check_commits(git_dir, wanted)
    return Revisions(("--stdin", "--not", "--all"), "\n".join([*wanted, ""]).encode(), bounded=True)


@contextmanager
def log_of(git_dir: Path, revisions: Revisions) -> Iterator[Log]:
    """Give the log of *revisions*, from a file: a long history's is larger than memory should be.

    Raises:
        GitFailed: Git could not tell, say because objects are missing.
        Gone: The history is cut off (a shallow clone) within a range.
    """
    if revisions.empty:
        yield b""
        return
    with tempfile.TemporaryFile(prefix="picket-log-") as file:
        write_log(git_dir, revisions, file)
        with mapped(file) as log:
            yield log


def write_log(git_dir: Path, revisions: Revisions, file: IO[bytes]) -> None:
    """Write the log of *revisions* to *file*; raises as `log_of` does."""
    if revisions.bounded:
        _check_whole(git_dir, revisions)
    if not revisions.bounded and not revisions.stdin:
        from picket.scanning import logs  # noqa: PLC0415 - a hook does without

        if logs.is_long(git_dir):
            logs.write(git_dir, revisions.arguments, file)
            return
    run(git_dir, "log", *LOG_OPTIONS, *revisions.arguments, "--", stdin=revisions.stdin, stdout=file)


@contextmanager
def mapped(file: IO[bytes]) -> Iterator[Log]:
    """Give what is in *file*."""
    if not file.seek(0, 2):
        yield b""
        return
    with mmap(file.fileno(), 0, access=ACCESS_READ) as log:
        yield log


def staged(git_dir: Path) -> bytes:
    """Return what is in the index and not in HEAD, in the form of a log's entries.

    Raises:
        GitFailed: There is no index to read, or no object of HEAD.
    """
    compared = ("diff-index", "--cached", *RAW_OPTIONS)
    try:
        return run(git_dir, *compared, "HEAD", "--")
    except GitFailed:
        if _has_head(git_dir):
            raise
    # Before a branch's first commit everything is new, as it is against an empty tree.
    return run(git_dir, *compared, run(git_dir, "hash-object", "-t", "tree", "--stdin").decode().strip())


def commit_of(git_dir: Path, name: str) -> str:
    """Return the id of the commit that *name* leads to.

    Raises:
        Gone: It does not exist.
    """
    try:
        found = run(git_dir, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except GitFailed:
        raise Gone(f"{name!r} is no commit of this repository") from None
    return found.decode().split()[-1]


def _has_head(git_dir: Path) -> bool:
    try:
        return bool(commit_of(git_dir, "HEAD"))
    except Gone:
        return False


def shallow_commits(git_dir: Path) -> frozenset[str]:
    """Return the commits whose parents are cut off; none in a whole clone."""
    path = common_dir(git_dir) / "shallow"
    return frozenset(path.read_text().split()) if path.exists() else frozenset()


def _new_on(wanted: list[str], has: list[str], remote: str) -> Revisions:
    tracked = f"--remotes={remote}" if remote else "--remotes"
    lines = "\n".join([*wanted, *(f"^{sha}" for sha in has), ""])  # on the command line there is room for some only
    return Revisions(("--stdin", "--not", tracked), lines.encode(), bounded=True)


def _check_commits(git_dir: Path, shas: list[str]) -> None:
    """Refuse tags of files or folders, which no walk over commits would look into."""
    asked = "".join(f"{sha}^{{commit}}\n" for sha in shas).encode()
    lines = run(git_dir, "cat-file", "--batch-check", stdin=asked).decode().splitlines()
    for sha, line in zip(shas, lines, strict=True):
        if line.split()[1:2] != ["commit"]:
            raise Gone(f"{sha} leads to no commit: what it holds cannot be looked at")


def _lines(stdin: IO[bytes]) -> list[str]:
    return stdin.read().decode("utf-8", "replace").splitlines()


def _check_whole(git_dir: Path, revisions: Revisions) -> None:
    cut = shallow_commits(git_dir)
    if not cut:
        return
    listed = run(git_dir, "rev-list", *revisions.arguments, stdin=revisions.stdin).decode().split()
    if not cut.isdisjoint(listed):
        raise Gone("the range reaches where this shallow clone is cut off; fetch more history (git fetch --unshallow)")


def _present(git_dir: Path, shas: list[str]) -> list[str]:
    """Keep those of *shas* that are here: a remote may have commits that were never fetched."""
    if not shas:
        return []
    lines = run(git_dir, "cat-file", "--batch-check", stdin="\n".join([*shas, ""]).encode()).decode().splitlines()
    return [sha for sha, line in zip(shas, lines, strict=True) if line.split()[1:2] in (["commit"], ["tag"])]


def _fields(line: str, count: int, form: str, shas: tuple[int, ...]) -> list[str]:
    fields = line.split()
    if len(fields) != count or not all(_SHA.fullmatch(fields[place]) for place in shas):
        raise Malformed(f"standard input is not what git tells this hook: a line is not `{form}`")
    return fields


def _date(text: str, now: datetime) -> datetime:
    if ago := _AGO.fullmatch(text.strip().lower()):
        return now - timedelta(days=min(int(ago[1]) * _DAYS[ago[2]], _FAR_BACK))
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise Malformed(f"{text!r} is no date: give 2024-12-31, 2024-12-31T23:59:59Z or `3 weeks`") from None

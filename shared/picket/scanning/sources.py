"""Where blobs come from, and what commits make of what is found in them: a history, an index, files, bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from picket.changes import Change, Commit
from picket.commits.log import Log, commit_of, messages, parse_entries, parse_log, survey
from picket.detection import Engine
from picket.detection.messages import in_messages, look_at_texts
from picket.detection.report import Located, Occurrence, introduced_by
from picket.effects.git import objects
from picket.effects.git.tags import read as read_tags
from picket.scanning import revisions
from picket.scanning.revisions import NOWHERE
from picket.scanning.stores import BytesStore, FolderStore, GitStore, Store
from picket.scanning.work import Job, Outcome, Paths, Problem

if TYPE_CHECKING:
    from picket.scanning.unreachable import Beyond

_OLD_SIDES_KEPT = 1024
_GIT_FOLDER = ".git"

History = Iterable[tuple[Commit, tuple[Change, ...]]]


class Source(Protocol):
    """What is looked at."""

    @property
    def store(self) -> Store:
        """What gives the contents."""

    @property
    def paths(self) -> Paths:
        """The keys to ask it for, each with the paths it stands at."""

    @property
    def commits(self) -> int:
        """How many commits are looked at."""

    @property
    def problems(self) -> Sequence[Problem]:
        """What is known not to be scanned before anything is read."""

    @property
    def unreachable(self) -> Callable[[Occurrence], bool] | None:
        """Tells what no ref leads to; None where none of that is looked at."""

    def order(self) -> Iterable[str]:
        """Return the keys of `paths` in an order that reads well."""

    def occurrences(self, outcome: Outcome, job: Job) -> Iterator[Occurrence]:
        """Tell what of the hits in *outcome* is to be reported, and whose it is."""


class HistorySource:
    """Commits of a repository, by their log."""

    def __init__(
        self, git_dir: Path, log: Log, max_bytes: int, tags: Iterable[str] = (), beyond: Beyond | None = None
    ) -> None:
        """Read a log.

        Args:
            git_dir: The repository.
            log: The log of the commits that are looked at.
            max_bytes: Larger blobs are left out.
            tags: Ids of objects; those that are no commits are looked at as `tags.read` has them.
            beyond: What no ref leads to, the commits of which are in the log.
        """
        self.store = GitStore(git_dir, max_bytes)
        self.paths, self.commits, submodules = survey(log)
        self.problems = [*_submodules(git_dir, submodules), *_cut_off(git_dir), *(beyond.problems if beyond else ())]
        self.unreachable = beyond.has if beyond else None
        tags = (*tags, *(beyond.tags if beyond else ()))
        self._log, self._tagged = log, read_tags(git_dir, tags) if tags else []
        for change in (change for _, changes in self._tagged for change in changes):
            known = self.paths.get(change.new, ())
            self.paths[change.new] = tuple(dict.fromkeys((*known, change.path.encode())))
        self._loose = [blob for blob in (beyond.blobs if beyond else ()) if blob not in self.paths]
        self.paths.update(dict.fromkeys(self._loose, (b"",)))

    def order(self) -> Iterable[str]:
        """By path, newest first, as git best unpacks them."""
        return sorted(self.paths, key=lambda blob: self.paths[blob][0])

    def occurrences(self, outcome: Outcome, job: Job) -> Iterator[Occurrence]:
        """Give what each commit introduces. The log is read again, now that the blobs that matter are known."""
        named = job.engine.ruleset.named_commits
        if outcome.found or named:
            history = chain(parse_log(self._log, None if named else outcome.found), self._tagged)
            yield from _introduced(history, outcome, self.paths, self.store, job)
        for blob in self._loose:
            yield from (Occurrence(NOWHERE, each, blob) for each in outcome.found.get(blob, ()))
        yield from self._in_messages(job.engine)

    def _in_messages(self, engine: Engine) -> Iterator[Occurrence]:
        for header, found in look_at_texts(engine, messages(self._log), lambda header: header[1].decode()):
            commit = commit_of(header)
            yield from (Occurrence(commit, at) for at in found)
        yield from in_messages(engine, (commit for commit, _ in self._tagged))


class StagedSource:
    """What is in the index and not in HEAD."""

    unreachable = None

    def __init__(self, git_dir: Path, max_bytes: int) -> None:
        self._entries = revisions.staged(git_dir)
        self.store = GitStore(git_dir, max_bytes)
        self.paths, self.commits, submodules = survey(self._entries)
        self.problems = _submodules(git_dir, submodules)

    def order(self) -> Iterable[str]:
        """As git names them."""
        return self.paths

    def occurrences(self, outcome: Outcome, job: Job) -> Iterator[Occurrence]:
        """Give what the index adds to HEAD."""
        if outcome.found:
            history = [(NOWHERE, parse_entries(self._entries, NOWHERE))]
            yield from _introduced(history, outcome, self.paths, self.store, job)


class FilesSource:
    """Files of a folder, a repository's own data left out."""

    unreachable = None
    commits = 0

    def __init__(self, top: Path, max_bytes: int) -> None:
        self.problems: list[Problem] = []
        self.store = FolderStore(top, max_bytes)
        self.paths = {name: (name.encode("utf-8", "surrogateescape"),) for name in self._walk(top)}

    def order(self) -> Iterable[str]:
        """As the folders list them."""
        return self.paths

    def occurrences(self, outcome: Outcome, job: Job) -> Iterator[Occurrence]:  # noqa: ARG002 - as the others
        """Give every hit: no commit put it there."""
        return _uncommitted(outcome)

    def _walk(self, top: Path) -> Iterator[str]:
        """List regular files; links are not followed, so nothing is met twice and nothing outside."""
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(top / folder) as entries:
                    inside = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self.problems.append(Problem(folder, f"cannot be read: {error.strerror}"))
                continue
            for entry in inside:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_file(follow_symlinks=False):
                    yield path
                elif entry.is_dir(follow_symlinks=False) and entry.name != _GIT_FOLDER:
                    waiting.append(path)


class BytesSource:
    """One content, as from standard input."""

    unreachable = None
    commits = 0

    def __init__(self, name: str, content: bytes, max_bytes: int) -> None:
        self.store = BytesStore(content, max_bytes)
        self.paths = {name: (name.encode("utf-8", "surrogateescape"),)}
        self.problems: list[Problem] = []

    def order(self) -> Iterable[str]:
        """There is one."""
        return self.paths

    def occurrences(self, outcome: Outcome, job: Job) -> Iterator[Occurrence]:  # noqa: ARG002 - as the others
        """Give every hit."""
        return _uncommitted(outcome)


def _introduced(history: History, outcome: Outcome, scanned: Paths, store: GitStore, job: Job) -> Iterator[Occurrence]:
    """Compare the hits in new blobs with those in the old ones, which mostly were new once and are known."""
    named = job.engine.ruleset.named_commits
    with objects.reader(store.git_dir, store.max_bytes, whole=False) as read:

        @lru_cache(maxsize=_OLD_SIDES_KEPT)
        def read_and_look(blob: str, path: str, commit: str = "") -> tuple[Located, ...]:
            [(_, content)] = read([blob])
            return job.look(content, [path], commit) if isinstance(content, bytes) else ()

        def known(blob: str, path: str) -> tuple[Located, ...]:
            if path.encode() not in scanned.get(blob, ()):
                return read_and_look(blob, path)
            return tuple(each for each in outcome.found.get(blob, ()) if _stands_at(each, path))

        for commit, changes in history:
            for change in changes:
                sha = commit.sha if commit.sha in named else ""
                found = read_and_look(change.new, change.path, sha) if sha else known(change.new, change.path)
                yield from introduced_by(change, found, known)


def _stands_at(found: Located, path: str) -> bool:
    return (found.blob_path or found.path) == path


def _uncommitted(outcome: Outcome) -> Iterator[Occurrence]:
    return (Occurrence(NOWHERE, each, key) for key, found in outcome.found.items() for each in found)


def _submodules(git_dir: Path, found: Mapping[bytes, str]) -> list[Problem]:
    if not found:
        return []
    from picket.scanning.submodules import problems  # noqa: PLC0415 - few repositories have any

    return problems(git_dir, found)


def _cut_off(git_dir: Path) -> list[Problem]:
    count = len(revisions.shallow_commits(git_dir))
    if not count:
        return []
    return [
        Problem("", f"the clone is shallow: what came before {count} of its commits is not here and was not scanned")
    ]

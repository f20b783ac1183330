"""Which commits there are, and what they change."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from picket.changes import Change, Commit
from picket.commits import refs
from picket.commits.log import LOG_OPTIONS, parse_log
from picket.effects.git.command import GitFailed, run
from picket.errors import TransientError

_CHUNK = 1_000
_AT_ONCE = 2
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_UNCOMMITTED = frozenset({"tag", "blob", "tree"})


def tips(git_dir: Path, *prefixes: str, also: Iterable[str] = (), pull_requests: bool = True) -> list[str]:
    """Return the commits that refs lead to, without repeats; refs that lead to something else are left out.

    Args:
        git_dir: A git directory.
        prefixes: Only refs below these.
        also: Further commits.
        pull_requests: Look at the refs of pull requests, too.
    """
    listed = run(git_dir, "for-each-ref", "--format=%(objectname) %(refname)", *prefixes)
    pairs = (line.partition(" ") for line in listed.decode("utf-8", "surrogateescape").split("\n") if line)
    found = [oid for oid, _, name in pairs if refs.is_looked_at(name, pull_requests=pull_requests)]
    asked = "".join(f"{oid}^{{commit}}\n" for oid in (*found, *also))
    if not asked:
        return []
    # cat-file follows tags of tags to their end; what leads to no commit is "missing".
    output = run(git_dir, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked.encode())
    lines = (line.split() for line in output.decode().splitlines())
    return list(dict.fromkeys(fields[0] for fields in lines if fields[1:] == ["commit"]))


def tip(git_dir: Path, name: str) -> str:
    """Return the object that the ref *name*, a full name, leads to; empty where there is no such ref."""
    listed = run(git_dir, "for-each-ref", "--format=%(objectname) %(refname)", "--", name)
    lines = (line.partition(" ") for line in listed.decode("utf-8", "surrogateescape").split("\n"))
    return next((oid for oid, _, found in lines if found == name), "")


def tags(git_dir: Path, oids: Sequence[str] | None = None) -> list[str]:
    """Return what of *oids*, or of what all refs name, is no commit: tags, files, folders; without repeats."""
    if oids is None:
        listed = run(git_dir, "for-each-ref", "--format=%(objectname) %(objecttype)")
    else:
        asked = "".join(f"{oid}\n" for oid in oids if oid.strip("0"))
        listed = run(git_dir, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked.encode())
    lines = (line.split() for line in listed.decode().splitlines())
    return list(dict.fromkeys(fields[0] for fields in lines if fields[1:] and fields[1] in _UNCOMMITTED))


def commits(git_dir: Path, wanted: Iterable[str], without: Iterable[str] = ()) -> list[str]:
    """List what is reachable from *wanted* but not from *without*, parents first.

    Args:
        git_dir: A git directory.
        wanted: Revisions that must be there.
        without: Commits; those that are not there are left out of account.

    Raises:
        GitFailed: One of *wanted* is not there.
    """
    lines = [*wanted, *(f"^{sha}" for sha in present(git_dir, without))]
    output = run(git_dir, "rev-list", "--topo-order", "--reverse", "--stdin", stdin="\n".join([*lines, ""]).encode())
    return output.decode().split()


def unreachable(git_dir: Path, shas: Sequence[str], tip: str) -> list[str]:
    """Return *shas* if any of them is not there, or nothing that the commit *tip* leads to; else none."""
    try:
        return list(shas) if shas and commits(git_dir, shas, [tip]) else []
    except GitFailed:
        return list(shas)


def reachable(git_dir: Path, oids: Iterable[str], tip: str) -> set[str]:
    """Return those of *oids* that are commits, or tags of commits, to which the commit *tip* leads.

    Three git processes, however many are asked about; what is not there is left out.
    """
    asked = [oid for oid in dict.fromkeys(oids) if _ID.fullmatch(oid)]
    if not asked:
        return set()
    stdin = "".join(f"{oid}^{{commit}}\n" for oid in asked).encode()
    output = run(git_dir, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=stdin)
    lines = zip(asked, (line.split() for line in output.decode().splitlines()), strict=True)
    leads_to = {oid: fields[0] for oid, fields in lines if fields[1:] == ["commit"]}
    outside = set(commits(git_dir, set(leads_to.values()), [tip])) if leads_to else set()
    return {oid for oid, commit in leads_to.items() if commit not in outside}


def present(git_dir: Path, shas: Iterable[str]) -> list[str]:
    """Return those of *shas* that are commits, or tags, in *git_dir*."""
    asked = "".join(f"{sha}\n" for sha in shas)
    if not asked:
        return []
    output = run(git_dir, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked.encode())
    lines = (line.split() for line in output.decode().splitlines())
    return [fields[0] for fields in lines if fields[1:] in (["commit"], ["tag"])]


def changes(git_dir: Path, shas: Iterable[str]) -> Iterator[tuple[Commit, tuple[Change, ...]]]:
    """Read what each of *shas* changes, without any text: of many, a part is read while git writes the next ones.

    Raises:
        GitFailed: One of *shas* is not there.
        TransientError: Git did not tell of every one.
    """
    wanted = list(shas)
    chunks = [wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK)]
    for chunk, output in zip(chunks, _ahead(partial(_log, git_dir), chunks), strict=True):
        found = list(parse_log(output))
        if [commit.sha for commit, _ in found] != chunk:
            raise TransientError("git log did not tell of every commit asked for")
        yield from found


def _log(git_dir: Path, shas: list[str]) -> bytes:
    return run(git_dir, "log", *LOG_OPTIONS, "--no-walk=unsorted", "--stdin", stdin="\n".join([*shas, ""]).encode())


def _ahead(read: Callable[[list[str]], bytes], chunks: Sequence[list[str]]) -> Iterator[bytes]:
    """Give what *read* makes of each of *chunks*, some of them being read ahead at the same time."""
    if len(chunks) < 2:  # noqa: PLR2004 - nothing to read ahead
        yield from map(read, chunks)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = deque(pool.submit(read, chunk) for chunk in chunks[:_AT_ONCE])
        for further in [*chunks[_AT_ONCE:], *[None] * _AT_ONCE][: len(chunks)]:
            output = waiting.popleft().result()
            if further is not None:
                waiting.append(pool.submit(read, further))
            yield output


def sizes(git_dir: Path, blobs: Iterable[str]) -> dict[str, int]:
    """Return the bytes of each of *blobs*; those that are not there are left out."""
    asked = "".join(f"{blob}\n" for blob in blobs)
    if not asked:
        return {}
    output = run(
        git_dir, "cat-file", "--buffer", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=asked.encode()
    )
    lines = (line.split() for line in output.decode().splitlines())
    return {fields[0]: int(fields[2]) for fields in lines if fields[1:2] == ["blob"]}

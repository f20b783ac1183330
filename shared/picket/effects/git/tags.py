"""What refs lead to besides commits: annotated tags, which have messages, and tagged files and folders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from picket.changes import Change, Commit
from picket.effects.git import objects
from picket.effects.git.command import run

Found = tuple[Commit, tuple[Change, ...]]

_MOST_NESTED = 10
"""Tags of tags that are followed."""
_TARGET = re.compile(rb"object ([0-9a-f]{40}|[0-9a-f]{64})\ntype ([a-z]+)\n")
_TAGGER = re.compile(rb"\ntagger ([^\n]*?) ?<([^\n>]*)> (\d{1,12}) ([+-])(\d\d)(\d\d)\n")
_MAX_BYTES = 1 << 22
"""Of a tag; a release's notes take some kilobytes."""
_SUBMODULE = b"160000"


def read(git_dir: Path, oids: Iterable[str]) -> list[Found]:
    """Read tags, and files and folders that refs or tags lead to, as if each were a commit.

    Args:
        git_dir: A git directory.
        oids: Ids of objects; commits, and what is not there, are left out.

    Returns:
        For a tag its tagger, time and message, and those of the tags that it is a tag of; for a file or folder the
        blobs in it, at paths that begin with the name of a ref.
    """
    asked = {oid: oid for oid in oids}
    found: list[Found] = []
    for _ in range(_MOST_NESTED):
        kinds = _kinds(git_dir, asked)
        found += [
            (Commit(root, "", "", "", ""), _blobs(git_dir, root, oid, kind))
            for oid, root in asked.items()
            if (kind := kinds.get(oid)) in {"blob", "tree"}
        ]
        nested: dict[str, str] = {}
        for oid, content in _tags(git_dir, [oid for oid in asked if kinds.get(oid) == "tag"]):
            found.append((_as_commit(oid, content), ()))
            if (target := _TARGET.match(content)) and target[2] != b"commit":
                nested[target[1].decode()] = asked[oid]
        asked = nested
        if not asked:
            break
    return _once(found)


def _once(found: Iterable[Found]) -> list[Found]:
    """Put what is said of one object together."""
    together: dict[str, Found] = {}
    for commit, changes in found:
        known = together.get(commit.sha)
        together[commit.sha] = (known[0], known[1] + _of(known[0], changes)) if known else (commit, changes)
    return list(together.values())


def _of(commit: Commit, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return tuple(Change(commit, change.path, change.new, change.olds) for change in changes)


def _kinds(git_dir: Path, oids: Iterable[str]) -> dict[str, str]:
    asked = "".join(f"{oid}\n" for oid in oids)
    if not asked:
        return {}
    listed = run(git_dir, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked.encode())
    return {fields[0]: fields[1] for fields in (line.split() for line in listed.decode().split("\n")) if fields}


def _tags(git_dir: Path, oids: list[str]) -> Iterator[tuple[str, bytes]]:
    if oids:
        with objects.reader(git_dir, _MAX_BYTES, whole=False) as contents:
            yield from ((oid, content) for oid, content in contents(oids) if isinstance(content, bytes))


def _blobs(git_dir: Path, root: str, oid: str, kind: str) -> tuple[Change, ...]:
    """List the blobs of a file or folder that the object *root*, which a ref names, leads to."""
    listed = run(git_dir, "for-each-ref", "--count=1", f"--points-at={root}", "--format=%(refname)")
    name = listed.decode("utf-8", "replace").strip() or root
    commit = Commit(root, "", "", "", "")
    if kind == "blob":
        return (Change(commit, name, oid, ()),)
    entries = run(git_dir, "ls-tree", "-r", "-z", oid).split(b"\0")
    fields = (entry.partition(b"\t") for entry in entries if entry and not entry.startswith(_SUBMODULE))
    return tuple(
        Change(commit, f"{name}/{path.decode('utf-8', 'replace')}", head.split()[2].decode(), ())
        for head, _, path in fields
    )


def _as_commit(oid: str, content: bytes) -> Commit:
    header, _, message = content.partition(b"\n\n")
    tagger = _TAGGER.search(header + b"\n")
    text = message.decode("utf-8", "replace")
    if tagger is None:  # git's first versions wrote none
        return Commit(oid, "", "", "", "", text)
    name, email = (tagger[group].decode("utf-8", "replace") for group in (1, 2))
    at = _time(tagger)
    return Commit(oid, name, email, at, at, text)


def _time(tagger: re.Match[bytes]) -> str:
    offset = timedelta(hours=int(tagger[5]), minutes=int(tagger[6])) * (-1 if tagger[4] == b"-" else 1)
    try:
        return datetime.fromtimestamp(int(tagger[3]), timezone(offset)).isoformat()
    except (ValueError, OverflowError, OSError):  # anybody may write any number
        return datetime.fromtimestamp(0, UTC).isoformat()

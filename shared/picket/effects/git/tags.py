"""Annotated tags: objects with a message of their own, which no log of commits shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from picket.changes import Commit
from picket.effects.git import objects

_MOST_NESTED = 10
"""Tags of tags that are followed."""
_TARGET = re.compile(rb"object ([0-9a-f]{40}|[0-9a-f]{64})\ntype ([a-z]+)\n")
_TAGGER = re.compile(rb"\ntagger ([^\n]*?) ?<([^\n>]*)> (\d{1,12}) ([+-])(\d\d)(\d\d)\n")
_MAX_BYTES = 1 << 22
"""Source: git itself has no limit; a release's notes in a tag take some kilobytes."""


def read(git_dir: Path, oids: Iterable[str]) -> list[Commit]:
    """Read tags, and the tags that they are tags of, as if each were a commit by its tagger.

    Args:
        git_dir: A git directory.
        oids: Ids of tag objects; those that are not there, or are something else, are left out.
    """
    found: dict[str, Commit] = {}
    asked = list(dict.fromkeys(oids))
    with objects.reader(git_dir, _MAX_BYTES, whole=False) as contents:
        for _ in range(_MOST_NESTED):
            nested: list[str] = []
            for oid, content in contents(asked):
                if isinstance(content, bytes) and (target := _TARGET.match(content)):
                    found[oid] = _as_commit(oid, content)
                    nested += [target[1].decode()] if target[2] == b"tag" else []
            asked = [oid for oid in dict.fromkeys(nested) if oid not in found]
            if not asked:
                break
    return list(found.values())


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

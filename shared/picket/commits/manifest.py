"""What a batch's commits change, written down for a scanner that has no repository.

One JSON object: `version` 1; `commits`, each `[sha, author, email, date, committed, changes]` with changes as
`[path, new, olds]`; `too_large`, the blobs that the pack beside it leaves out because of their size.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from picket.changes import Change, Commit
from picket.errors import Malformed, Unsupported

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """The changes of a batch, in the order of its commits, and the blobs that are too large to be looked at."""

    changes: tuple[Change, ...]
    too_large: frozenset[str]


def write(commits: Iterable[tuple[Commit, Iterable[Change]]], too_large: Iterable[str]) -> bytes:
    """Write a manifest."""
    listed = [
        [*astuple(commit), [[change.path, change.new, change.olds] for change in changes]]
        for commit, changes in commits
    ]
    return json.dumps({"version": _VERSION, "commits": listed, "too_large": sorted(too_large)}).encode()


def read(text: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        Malformed: It is none.
        Unsupported: A later version wrote it.
    """
    try:
        document = json.loads(text)
        if document["version"] != _VERSION:
            raise Unsupported(f"a manifest of version {document['version']!r:.20} is not read here")
        changes = tuple(
            Change(commit=Commit(*fields), path=path, new=new, olds=tuple(olds))
            for *fields, changed in document["commits"]
            for path, new, olds in changed
        )
        return Manifest(changes, frozenset(document["too_large"]))
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed(f"not a manifest of a batch ({type(error).__name__})") from None

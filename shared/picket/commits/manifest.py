"""What a batch's commits change, written down for a scanner that has no repository.

One JSON object: `version` 1; `commits`, each `[sha, author, email, date, committed, changes]` with changes as
`[path, new, olds]`; `too_large`, the blobs that the pack beside it leaves out because of their size; `messages` of
commits by their ids, which a former version neither wrote nor reads. Tags are written like commits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from picket.changes import Change, Commit
from picket.errors import Malformed, Unsupported

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """The changes of a batch in the order of its commits, its commits and tags, and the blobs that are too large."""

    changes: tuple[Change, ...]
    commits: tuple[Commit, ...]
    too_large: frozenset[str]


def write(commits: Sequence[tuple[Commit, Iterable[Change]]], too_large: Iterable[str]) -> bytes:
    """Write a manifest."""
    document = {
        "version": _VERSION,
        "commits": [
            [*astuple(commit)[:-1], [[change.path, change.new, change.olds] for change in changes]]
            for commit, changes in commits
        ],
        "messages": {commit.sha: commit.message for commit, _ in commits if commit.message},
        "too_large": sorted(too_large),
    }
    return json.dumps(document).encode()


def read(text: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        Malformed: It is not a manifest.
        Unsupported: A later version wrote it.
    """
    try:
        document = json.loads(text)
        if document["version"] != _VERSION:
            raise Unsupported(f"a manifest of version {document['version']!r:.20} is not read here")
        messages = document.get("messages", {})
        listed = [
            (Commit(sha, author, email, date, committed, messages.get(sha, "")), changed)
            for sha, author, email, date, committed, changed in document["commits"]
        ]
        changes = tuple(
            Change(commit=commit, path=path, new=new, olds=tuple(olds))
            for commit, changed in listed
            for path, new, olds in changed
        )
        return Manifest(changes, tuple(commit for commit, _ in listed), frozenset(document["too_large"]))
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed(f"not a manifest of a batch ({type(error).__name__})") from None

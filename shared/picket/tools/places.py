"""Where in a repository a problem is: paths from its top, whatever a tool writes."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from picket.findings.model import Place

MAX_PATH = 4_096


class Outside(Exception):
    """A place is not in the repository, as far as the report tells."""


def below_top(path: str) -> str:
    """Return a path from the top of the repository, normalised.

    Raises:
        Outside: It does not lead into the repository, or is absolute: nothing says what it is below.
    """
    if not path or "\x00" in path or len(path) > MAX_PATH:
        raise Outside("the result names no file")
    found = posixpath.normpath(path.replace("\\", "/"))
    if found.startswith(("/", "file:")):
        raise Outside("the file's path is absolute, and the report names no base that it is below")
    if found.startswith("../") or found in {".", ".."}:
        raise Outside("the file's path does not lead into the repository")
    return found


def below_root(path: str) -> str:
    """Return a path in an image, whose top is its root: `/usr/lib/x` and `usr/lib/x` are one.

    Raises:
        Outside: It leads nowhere in the image.
    """
    return below_top(path.lstrip("/"))


def places_at(path: str, below: Callable[[str], str]) -> tuple[Place, ...]:
    """Return the place of something that a place does not identify; none where *below* finds that it is outside."""
    try:
        return (Place(path=below(path)),)
    except Outside:
        return ()

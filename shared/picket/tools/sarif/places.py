"""Where in a repository a SARIF result is: its URI, put together and brought back below the repository's top."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from picket.tools.places import Outside, below_top
from picket.tools.sarif.document import Artifact, Run

_MAX_BASES = 10
"""Bases that are relative to one another."""


def path_of(run: Run, artifact: Artifact) -> str:
    """Return the path of a file from the repository's top.

    An absolute path counts where the report says what it is below: an analysis that ran in `/src` names that base.

    Raises:
        Outside: It is not below the top, or the report does not say where it is.
    """
    if not artifact.uri and 0 <= artifact.index < len(run.artifacts):
        artifact = run.artifacts[artifact.index].location
    if not artifact.uri:
        raise Outside("the result names no file")
    try:
        parts = urlsplit(artifact.uri)
    except ValueError:
        raise Outside("the file's URI is not one") from None
    if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
        raise Outside(f"the file is not one of a repository: {parts.scheme or 'a host'}")
    path = unquote(parts.path)
    if path.startswith("/"):
        path = _below_a_base(run, path)
    return below_top(path)


def _below_a_base(run: Run, path: str) -> str:
    """Return an absolute path relative to the nearest base of the run that it is below."""
    bases = sorted((_absolute(run, name) for name in run.bases), key=len, reverse=True)
    for base in bases:
        if base and path.startswith(base):
            return path[len(base) :]
    raise Outside("the file's path is absolute, and the report names no base that it is below")


def _absolute(run: Run, name: str) -> str:
    """Return the absolute path of a base, ending with a slash; empty if it has none."""
    path = ""
    for _ in range(_MAX_BASES):
        base = run.bases.get(name)
        if base is None:
            return ""
        path = unquote(urlsplit(base.uri).path) + path
        if path.startswith("/"):
            return path if path.endswith("/") else f"{path}/"
        name = base.base
    return ""

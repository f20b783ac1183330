"""Paths as URI references, which hold their bytes: a path need not be UTF-8, and is shown with marks in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from picket.detection.report import Located
from picket.scanning.findings import Finding
from picket.scanning.work import Paths

_MARK = "\ufffd"
_SAFE = "/!"  # `!` stands between an archive and what is in it


def odd_names(paths: Paths, findings: Iterable[Finding]) -> dict[str, bytes]:
    """Return the bytes of the paths of *findings* that are not UTF-8, by what is shown in their place.

    Where several paths look alike, the first in byte order stands for them.
    """
    shown = {top(each.at) for finding in findings for each in finding.occurrences if _MARK in top(each.at)}
    if not shown:
        return {}
    names = {name for each in paths.values() for name in each}
    return {text: name for name in sorted(names, reverse=True) if (text := name.decode("utf-8", "replace")) in shown}


def uri(at: Located, odd: Mapping[str, bytes]) -> str:
    """Return the place of a hit as a relative URI reference: bytes are percent-encoded as they are.

    Source: RFC 3986, section 2.1.
    """
    name = top(at)
    return quote(odd.get(name, name.encode()), safe=_SAFE) + quote(at.path[len(name) :], safe=_SAFE)


def top(at: Located) -> str:
    """Return the path in the repository: of what is in an archive, the archive's."""
    return at.blob_path or at.path

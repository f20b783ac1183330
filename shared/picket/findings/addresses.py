"""What a line of a manifest belongs to, told by the file: each tool writes addresses of resources in its own way.

No YAML library reads this: a template, or a document that is broken further down, still has its first lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache

_KIND = re.compile(r"kind:\s*[\"']?([A-Za-z0-9.]+)")
_VERSION = re.compile(r"apiVersion:\s*\S")
_MEMBER = re.compile(r"( +)(name|namespace):\s*[\"']?([^\s\"'#]+)")
_SEPARATOR = "---"


def kubernetes_objects(lines: Sequence[str]) -> Callable[[int], str]:
    """Return what tells the object that a line of a manifest belongs to, each object being read once.

    It takes the number of a line, from 1, 0 where it is not known, and gives `kind/namespace/name` in lower case, with
    an empty namespace where none is written; empty if the line is in no object of Kubernetes, or it is not known in
    which of several.
    """
    bounds = [0, *(n for n, text in enumerate(lines, 1) if text.startswith(_SEPARATOR)), len(lines) + 1]

    @cache
    def between(index: int) -> str:
        return _object(lines[bounds[index] : bounds[index + 1] - 1])

    def at(line: int) -> str:
        if line:
            return between(min(bisect_right(bounds, line), len(bounds) - 1) - 1)
        found = {between(index) for index in range(len(bounds) - 1)} - {""}
        return found.pop() if len(found) == 1 else ""

    return at


def object_address(kind: str, namespace: str, name: str) -> str:
    """Return the address of an object of Kubernetes, as `kubernetes_objects` does."""
    return f"{kind}/{namespace}/{name}".lower()


def _object(lines: Sequence[str]) -> str:
    kind = next((match[1] for text in lines if (match := _KIND.match(text))), "")
    if not kind or not any(_VERSION.match(text) for text in lines):
        return ""
    told = _metadata(lines)
    return object_address(kind, told.get("namespace", ""), told.get("name", ""))


def _metadata(lines: Sequence[str]) -> dict[str, str]:
    """Return name and namespace, of the first level below `metadata`."""
    found: dict[str, str] = {}
    inside, depth = False, 0
    for text in lines:
        if text[:1].strip():
            inside = text.startswith("metadata:")
        elif inside and text.strip():
            depth = depth or len(text) - len(text.lstrip())
            match = _MEMBER.match(text)
            if match and len(match[1]) == depth:
                found.setdefault(match[2], match[3])
    return found

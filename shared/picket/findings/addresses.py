"""What a line of a manifest belongs to, told by the file: each tool writes addresses of resources in its own way.

No YAML library reads this: a template, or a document that is broken further down, still has its first lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_KIND = re.compile(r"kind:\s*[\"']?([A-Za-z0-9.]+)")
_VERSION = re.compile(r"apiVersion:\s*\S")
_MEMBER = re.compile(r"( +)(name|namespace):\s*[\"']?([^\s\"'#]+)")
_SEPARATOR = "---"


def kubernetes_object(lines: Sequence[str], line: int) -> str:
    """Return the object that a line of a manifest belongs to.

    Args:
        lines: The file's lines.
        line: Number of the line, from 1; 0 where it is not known.

    Returns:
        `kind/namespace/name` in lower case, with an empty namespace where none is written; empty if the line is in no
        object of Kubernetes, or it is not known in which of several.
    """
    bounds = [0, *(n for n, text in enumerate(lines, 1) if text.startswith(_SEPARATOR)), len(lines) + 1]
    if line:
        start = max((bound for bound in bounds if bound <= line), default=0)
        return _object(lines[start : min(bound for bound in bounds if bound > line) - 1])
    found = {_object(lines[start : end - 1]) for start, end in pairwise(bounds)} - {""}
    return found.pop() if len(found) == 1 else ""


def object_address(kind: str, namespace: str, name: str) -> str:
    """Return the address of an object of Kubernetes, as `kubernetes_object` does."""
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

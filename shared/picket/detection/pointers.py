"""Pointers of Git LFS: small texts that stand in a repository for files that are kept elsewhere.

Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md, and `v1Aliases` in its lfs/pointer.go.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ELSEWHERE = "its content is in Git LFS, and not here"
BEGINNING = b"version "
TOO_LONG = 1024
"""Bytes: a pointer has fewer."""

_POINTER = re.compile(
    rb"version (?:https://git-lfs\.github\.com/spec/v1|https://hawser\.github\.com/spec/v1|http://git-media\.io/v/2)"
    rb"\r?\n(?:[a-z0-9.-]+ [^\r\n]*\r?\n)*?oid sha256:([0-9a-f]{64})\r?\n"
    rb"(?:[a-z0-9.-]+ [^\r\n]*\r?\n)*?size ([0-9]{1,18})(?:\r?\n)*"
)


class Pointer(NamedTuple):
    """What a pointer stands for: SHA-256 (64 hex) and bytes."""

    oid: str
    size: int

    @property
    def name(self) -> str:
        """The object's id as pointers write it."""
        return f"sha256:{self.oid}"


def pointer(content: bytes) -> Pointer | None:
    """Read a pointer; None for anything else."""
    if len(content) >= TOO_LONG or not content.startswith(BEGINNING):
        return None
    found = _POINTER.fullmatch(content)
    return Pointer(found[1].decode(), int(found[2])) if found else None

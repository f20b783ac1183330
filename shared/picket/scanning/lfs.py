"""Files that Git LFS keeps: looked at in their pointers' places where they are here, told of where they are not."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from picket.detection.pointers import ELSEWHERE, Pointer
from picket.errors import Malformed
from picket.scanning.files import read_bytes
from picket.scanning.limits import too_large

_OBJECTS = "lfs/objects"


def content_of(pointer: Pointer, git_dir: Path | None, max_bytes: int) -> bytes | str:
    """Return what a pointer stands for or, as text, why it cannot be looked at.

    Args:
        pointer: The pointer.
        git_dir: The repository's folder that all of its work trees share; None where there is none.
        max_bytes: Larger contents are left out.
    """
    if pointer.size > max_bytes:
        return too_large(max_bytes)
    if git_dir is None:
        return ELSEWHERE
    try:
        content = read_bytes(Path(_place(str(git_dir), pointer.oid)), max_bytes)
    except Malformed:
        return ELSEWHERE
    return content if len(content) == pointer.size else ELSEWHERE


def missing_files(git_dir: Path, errors: Iterable[dict[str, Any]]) -> list[str]:
    """Name the files that would hold what *errors* say is not here."""
    lacking = dict.fromkeys(each["source"] for each in errors if each["reason"] == ELSEWHERE)
    return [_place(str(git_dir), name.partition(":")[2]) for name in lacking]


def has_come(git_dir: Path, errors: Iterable[dict[str, Any]]) -> bool:
    """Return whether something is here by now that *errors* say was not."""
    return any(map(os.path.exists, missing_files(git_dir, errors)))


def _place(git_dir: str, oid: str) -> str:
    return f"{git_dir}/{_OBJECTS}/{oid[:2]}/{oid[2:4]}/{oid}"

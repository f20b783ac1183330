"""Reading small files that a repository may have put there: hostile until read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from picket.errors import Malformed

LARGEST = 4 << 20
"""Bytes: no list of rules or of accepted secrets is longer."""


def read_text(path: Path) -> str:
    """Read a regular file; what is not UTF-8 is replaced.

    Raises:
        Malformed: It cannot be read, is something else (a pipe never ends), or is too long.
    """
    return read_bytes(path, LARGEST).decode("utf-8", "replace")


def read_bytes(path: Path, largest: int) -> bytes:
    """Read a regular file of at most *largest* bytes; raises as `read_text` does."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Malformed(f"{path}: not a regular file")
            content = file.read(largest + 1)
    except OSError as error:
        raise Malformed(f"{path}: {error.strerror}") from None
    if len(content) > largest:
        raise Malformed(f"{path}: larger than {largest} bytes")
    return content

"""Files in the cache folder that detection is handed: read if sound, written whole, never needed."""

from __future__ import annotations

import os
from pathlib import Path

PREBUILT = Path(__file__).parent / "prebuilt"
"""What an image brings along, made for its own rules and kind of CPU; elsewhere it is not there."""


def read(path: Path) -> bytes:
    """Return a cached file's content, or that of the one that came with the image; empty when there is neither."""
    for place in (path, PREBUILT / path.name):
        try:
            return place.read_bytes()
        except OSError:  # not there yet, most of the time; anything worse shows when it is written
            continue
    return b""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or none. Failing costs only the next start, so it is a warning."""
    import logging  # noqa: PLC0415 - with tempfile 9 ms that only the first scan of all needs
    import tempfile  # noqa: PLC0415 - likewise

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            file.write(content)
        os.replace(file.name, path)  # noqa: PTH105 - the name is a string here
    except OSError as error:
        logging.getLogger(__name__).warning("cannot keep what was worked out in %s: %s", path.parent, error.strerror)

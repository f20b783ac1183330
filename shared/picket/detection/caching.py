"""Files in the cache folder that detection is handed: read if sound, written whole, never needed.

Paths are text here, and in what reads the rules: pathlib takes a hook 4 ms to import.
"""

from __future__ import annotations

import os
from io import BufferedReader

Folder = str | os.PathLike[str]
"""A path, in whatever form."""

PREBUILT = os.path.join(os.path.dirname(__file__), "prebuilt")
"""What an image brings along, made for its own rules and kind of CPU; elsewhere it is not there."""


def read(path: Folder) -> bytes:
    """Return a cached file's content, or that of the one that came with the image; empty when there is neither."""
    return read_below(path, 0)[1]


def read_below(path: Folder, lines: int) -> tuple[bytes, bytes]:
    """Return the first *lines* of a cached file, as `read` finds it, and the rest, which is not copied once more."""
    for place in (path, os.path.join(PREBUILT, os.path.basename(path))):
        try:
            with open(place, "rb", buffering=0) as file:
                buffered = BufferedReader(file)
                head = b"".join(buffered.readline() for _ in range(lines))
                buffered.detach()
                file.seek(len(head))  # what a buffer holds would be joined with the rest: two megabytes, again
                return head, file.readall()
        except OSError:  # not there yet, most of the time; anything worse shows when it is written
            continue
    return b"", b""


def write_atomically(path: Folder, content: bytes) -> None:
    """Write a file so that a reader sees all of it or none. Failing costs only the next start, so it is a warning."""
    import logging  # noqa: PLC0415 - with tempfile 9 ms that only the first scan of all needs
    import tempfile  # noqa: PLC0415 - likewise

    folder, name = os.path.split(path)
    try:
        os.makedirs(folder, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=name, delete=False) as file:
            file.write(content)
        os.replace(file.name, path)
    except OSError as error:
        logging.getLogger(__name__).warning("cannot keep what was worked out in %s: %s", folder, error.strerror)

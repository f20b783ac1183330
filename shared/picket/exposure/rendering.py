"""Rendering charts and kustomizations by the programs that do it, where those are there. Nothing here is pure."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from picket.exposure.documents import Document, Unread, documents

MAX_BYTES = 16 * 1024 * 1024
SECONDS = 30.0
ALL_SECONDS = 300.0
"""For everything that is rendered in one run."""
_SOURCE = re.compile(r"^# Source: (\S{1,1000})$", re.MULTILINE)
_SEPARATOR = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")


class Failed(Exception):
    """Something cannot be rendered here; says why, and quotes nothing of it."""


class Renderer:
    """Renders what is in the current folder, for a limited time."""

    def __init__(self) -> None:
        """Begin to count the time."""
        self._until = time.monotonic() + ALL_SECONDS

    def chart(self, folder: str) -> list[Document | Unread]:
        """Return the objects of a Helm chart with its own values, as they are when it is released into `default`.

        Raises:
            Failed: It cannot be rendered.
        """
        name = _NOT_A_NAME.sub("-", Path(folder).name.lower()).strip("-")[:50] or "release"
        helm = _program("helm")
        written = self._run(helm, "template", name, f"./{folder}", "--skip-tests", "--namespace", "default")
        return list(_of_chart(folder, written))

    def kustomization(self, folder: str, file: str) -> list[Document | Unread]:
        """Return the objects that a kustomization makes; each is said to be in its file.

        Raises:
            Failed: It cannot be built.
        """
        program = _program("kustomize", "kubectl")
        written = self._run(program, "build" if Path(program).name == "kustomize" else "kustomize", f"./{folder}")
        return [replace(one, line=0) for one in documents(file, written)]

    def _run(self, *command: str) -> str:
        seconds = min(SECONDS, self._until - time.monotonic())
        if seconds <= 0:
            raise Failed(f"everything that was rendered before took {ALL_SECONDS:g} seconds")
        with tempfile.TemporaryFile() as output:
            try:
                ended = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.DEVNULL,
                    timeout=seconds,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise Failed(f"{Path(command[0]).name} took longer than {seconds:.0f} seconds") from None
            if ended.returncode:
                raise Failed(f"{Path(command[0]).name} ended with status {ended.returncode}")
            output.seek(0)
            written = output.read(MAX_BYTES + 1)
        if len(written) > MAX_BYTES:
            raise Failed(f"it makes more than {MAX_BYTES} bytes")
        return written.decode("utf-8", "replace")


def _program(*names: str) -> str:
    """Return the path of the first program that is there.

    Raises:
        Failed: None is.
    """
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise Failed(f"{' or '.join(names)} is not installed")
    return found


def _of_chart(folder: str, written: str) -> Iterator[Document | Unread]:
    """Yield the objects of a rendered chart, each with the path of its template."""
    starts = sorted({0, *(match.start() for match in _SEPARATOR.finditer(written)), len(written)})
    path = f"{folder}/Chart.yaml"
    for start, end in pairwise(starts):
        piece = written[start:end]
        if source := _SOURCE.search(piece):
            path = f"{folder}/{source[1].partition('/')[2]}"
        yield from (replace(one, line=0) for one in documents(path.removeprefix("./"), piece))

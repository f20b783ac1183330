"""The YAML files of a folder, read at most once and within bounds. Links are not followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_BYTES = 128 * 1024 * 1024
MAX_FILES = 50_000
_ENDINGS = (".yaml", ".yml")
_PASSED_OVER = frozenset({".git", ".hg", ".svn", "node_modules", ".venv"})


class Files:
    """YAML files below a folder, by their paths from there."""

    def __init__(self, folder: Path) -> None:
        """Find those below *folder*."""
        self._folder = folder
        self._texts: dict[str, str | None] = {}
        self._left = MAX_BYTES
        self.unread: dict[str, str] = {}
        found = sorted(_found(folder))
        self.paths = frozenset(found[:MAX_FILES])
        if len(found) > MAX_FILES:
            self.unread["."] = f"there are more than {MAX_FILES} YAML files"

    def text(self, path: str) -> str | None:
        """Return what a file holds; None if there is no such file, or it cannot be read (`unread` may say why)."""
        if path not in self.paths:
            return None
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str | None:
        try:
            with (self._folder / path).open("rb") as file:
                content = file.read(min(MAX_FILE_BYTES, self._left) + 1)
        except OSError as error:
            self.unread[path] = f"it cannot be opened: {os.strerror(error.errno or 0)}"
            return None
        self._left = max(0, self._left - len(content))
        reason = f"it is larger than {MAX_FILE_BYTES} bytes, or all files together than {MAX_BYTES}"
        if len(content) <= MAX_FILE_BYTES and self._left:
            try:
                return content.decode("utf-8-sig")
            except UnicodeDecodeError:
                reason = "it is not UTF-8"
        if b"apiVersion" in content or not self._left:
            self.unread[path] = reason
        return None


def _found(folder: Path) -> Iterator[str]:
    for top, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each not in _PASSED_OVER]
        for name in names:
            path = Path(top, name)
            if (name.endswith(_ENDINGS) or name == "Kustomization") and path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix()

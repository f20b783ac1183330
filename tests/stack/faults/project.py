"""Copies of the project whose manifests differ from the shipped ones in what a test needs."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.deployment import ROOT

FORGETFUL = ("knative/base/broker.yaml", "duplicateWindow: 2m", "duplicateWindow: 100ms")
"""A window of deduplication so short that an event sent again is run again."""


def copy(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """Copy the manifests with some text replaced; each of *changes* is file, text and what stands there instead."""
    for name in ("knative", "triggers"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "functions").symlink_to(ROOT / "functions")
    for name, text, other in changes:
        file = folder / name
        assert text in file.read_text(), (name, text)
        file.write_text(file.read_text().replace(text, other))
    return folder


def release(project: Path, function: str, source: str) -> None:
    """Put other code in the place of one function."""
    functions = project / "functions"
    functions.unlink()
    functions.mkdir()
    for folder in (ROOT / "functions").iterdir():
        if folder.is_dir() and folder.name != function:
            (functions / folder.name).symlink_to(folder)
    (functions / function).mkdir()
    (functions / function / "main.py").write_text(source)

"""Repositories of real content: successive releases of one package, committed one after another."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.processes import measure
from tests.support.repositories import Work

PACKAGE = "django"
RELEASES = (
    *("1.8", "1.9", "1.10", "1.11", "2.0", "2.1", "2.2", "3.0", "3.1", "3.2"),
    *("4.0", "4.1", "4.1.5", "4.2", "4.2.10", "5.0", "5.0.6", "5.1", "5.1.4", "5.2"),
)
_FEW = 5


def cache() -> Path:
    """Return the folder where releases and repositories are kept between runs."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "picket-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def history(*, quick: bool) -> Path:
    """Return a bare repository with a commit and a tag for each release."""
    return _repository(RELEASES[-_FEW:] if quick else RELEASES, passes=1)


def growth(passes: int) -> Path:
    """Return a bare repository with the same few releases *passes* times over, in folders and contents of their own."""
    return _repository(RELEASES[-_FEW:], passes=passes)


def nothing() -> Path:
    """Return a bare repository with one commit of next to nothing."""
    return _repository((), passes=1)


def _repository(releases: Sequence[str], passes: int) -> Path:
    name = hashlib.sha256(f"1|{PACKAGE}|{releases}|{passes}".encode()).hexdigest()[:12]
    made = cache() / f"{PACKAGE}-{len(releases) * passes}-{name}.git"
    if not made.exists():
        with tempfile.TemporaryDirectory(dir=cache()) as folder:
            work = Work(Path(folder) / "work")
            for number in range(passes):
                for release in releases:
                    _put(work.path / f"pass{number}", wheel(release), number)
                    work.commit({}, f"{PACKAGE} {release}, pass {number}")
                    work.git("tag", f"{release}-{number}")
            if not releases:
                work.commit({"README": "Nothing.\n"})
            work.git("repack", "-a", "-d", "-q")
            (work.path / ".git").rename(Path(folder) / "made.git")
            measure(["git", "--git-dir", f"{folder}/made.git", "config", "core.bare", "true"])
            (Path(folder) / "made.git").rename(made)  # whole or not at all
    return made


def _put(folder: Path, wheel: Path, number: int) -> None:
    """Replace *folder* by what is in *wheel*; from the second pass on no file is as in another pass."""
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    if number:
        for path in folder.rglob("*"):
            if path.is_file():
                with path.open("ab") as file:
                    file.write(f"\n# pass {number}\n".encode())


def wheel(release: str) -> Path:
    """Return a release as the package index has it, fetching it once."""
    folder = cache() / "wheels" / release
    found = list(folder.glob("*.whl"))
    if not found:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        measure([*command, "--dest", str(folder), f"{PACKAGE}=={release}"])
        found = list(folder.glob("*.whl"))
    return found[0]

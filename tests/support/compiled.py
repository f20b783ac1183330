"""Rules that are compiled once for all tests of a process; a stack or function of its own would take a second each."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path


@cache
def _folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="picket-rulesets-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def share(data_dir: Path) -> None:
    """Let the functions that use *data_dir* find what others of this process have compiled."""
    data_dir.mkdir(parents=True, exist_ok=True)
    place = data_dir / "rulesets"
    if not place.exists():
        place.symlink_to(_folder())

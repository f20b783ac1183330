"""Print what an image installs: the part of the lock file that some extras of the project ask for, hashes and all.

Usage: `python requirements.py pyproject.toml requirements.lock [--without FILE] EXTRA…`; what FILE has is left out.
Which package is there on account of which other one stands in the lock file, below each, as `# via`. Nothing but the
standard library: this runs in the base image.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

_VIA = re.compile(r"^ +#(?: +via)? +([\w.-]+)$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def restrict(lock: str, wanted: Iterable[str], without: str = "") -> str:
    """Return the entries of a lock file for the *wanted* packages and whatever these need.

    Args:
        lock: As `uv pip compile --generate-hashes` writes it.
        wanted: Names as requirements spell them.
        without: Entries that are left out.

    Raises:
        ValueError: A wanted package is not in the lock file.
    """
    entries = _entries(lock)
    parents = {
        name: set(re.findall(r"^ +#(?: +via)? +([\w.-]+)$", text, re.MULTILINE)) for name, text in entries.items()
    }
    chosen = {_name(requirement) for requirement in wanted}
    if missing := chosen - entries.keys():
        raise ValueError(f"not in the lock file, run `make lock`: {', '.join(sorted(missing))}")
    while more := {name for name, others in parents.items() if others & chosen} - chosen:
        chosen |= more
    return "".join(f"{text}\n" for name, text in entries.items() if name in chosen - _entries(without).keys())


def declared(pyproject: str, extras: Iterable[str]) -> list[str]:
    """Return the requirements of a project and of some of its extras.

    Raises:
        ValueError: There is no such extra.
    """
    project = tomllib.loads(pyproject)["project"]
    found = list(project["dependencies"])
    for extra in extras:
        if extra not in project["optional-dependencies"]:
            raise ValueError(f"pyproject.toml has no extra {extra}")
        found += project["optional-dependencies"][extra]
    return found


def _entries(lock: str) -> dict[str, str]:
    texts = (text.rstrip() for text in re.split(r"\n(?=\S)", lock))
    return {_name(text): text for text in texts if text and not text.startswith("#")}


def _name(requirement: str) -> str:
    """Return a requirement's package, spelled as lock files do."""
    found = _NAME.match(requirement)
    if found is None:
        raise ValueError(f"not a requirement: {requirement[:80]}")
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def main() -> None:
    """Print what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pyproject", type=Path)
    parser.add_argument("lock", type=Path)
    parser.add_argument("extra", nargs="+")
    parser.add_argument("--without", type=Path)
    given = parser.parse_args()
    without = given.without.read_text("utf-8") if given.without else ""
    wanted = declared(given.pyproject.read_text("utf-8"), given.extra)
    sys.stdout.write(restrict(given.lock.read_text("utf-8"), wanted, without))


if __name__ == "__main__":
    main()

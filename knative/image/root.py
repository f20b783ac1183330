"""Copy what programs need out of this root into one of their own: no shell, no package manager, nothing by the way.

Usage: `python root.py TARGET [--besides ROOT] PATH…`. A folder is copied whole, of a link also what it leads to, and of
a program or library also the libraries that it loads. With `--besides` what is in that root already is left out. What
Debian's packages say of themselves is kept under `/var/lib/dpkg/status.d`, where scanners for vulnerabilities look.
Nothing but the standard library: this runs in the base image.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

LEFT_OUT = re.compile(
    r"__pycache__|(dist|site)-packages|config-\d.*|distutils|ensurepip|idlelib|lib2to3|pydoc_data|test|_?tkinter(\..*)?"
    r"|turtle(demo|\.py)|venv|posix|right"
)
"""Names below a folder that are not copied: what only a developer needs, and zoneinfo's second and third copy."""

_ELF = b"\x7fELF"
DPKG = Path("/var/lib/dpkg")


def closure(paths: Iterable[str]) -> list[Path]:
    """Return *paths*, what is below them, what links lead to, and the libraries loaded by all of that.

    Raises:
        FileNotFoundError: One is not there, or a library is not.
    """
    found: set[Path] = set()
    waiting = [_place(path) for path in paths]
    while waiting:
        new = {each for path in waiting for each in _with_what_it_leads_to(path)} - found
        found |= new
        waiting = [_place(library) for library in _libraries(sorted(filter(_is_elf, new)))]
    return sorted(found)


def copy(paths: Iterable[Path], target: Path, besides: Path | None) -> list[Path]:
    """Copy *paths* below *target* unless *besides* has them; return what was copied."""
    copied = [path for path in paths if besides is None or not os.path.lexists(_below(besides, path))]
    for path in copied:
        place = _below(target, path)
        if path.is_dir() and not path.is_symlink():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place, follow_symlinks=False)
    return copied


def describe(paths: Iterable[Path], target: Path) -> None:
    """Write what the packages that *paths* belong to say of themselves."""
    owners = {
        _place(line): listing.stem.partition(":")[0]
        for listing in DPKG.glob("info/*.list")
        for line in listing.read_text("utf-8").splitlines()
        if line != "/." and not os.path.isdir(line)
    }
    packages = {owners[path] for path in paths if path in owners}
    for stanza in (DPKG / "status").read_text("utf-8").split("\n\n"):
        name = re.match(r"Package: (\S+)", stanza)
        if name and name[1] in packages:
            place = _below(target, DPKG / "status.d" / name[1])
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"{stanza.strip()}\n", encoding="utf-8")


def _with_what_it_leads_to(path: Path) -> Iterator[Path]:
    if not os.path.lexists(path):
        raise FileNotFoundError(f"{path} is not there")
    yield path
    if path.is_symlink():
        if path.exists():  # zoneinfo and Debian's Python have links into what other packages would bring
            yield from _with_what_it_leads_to(_place(os.path.join(path.parent, os.readlink(path))))
    elif path.is_dir():
        for child in path.iterdir():
            if not LEFT_OUT.fullmatch(child.name):
                yield from _with_what_it_leads_to(child)


def _libraries(files: list[Path]) -> set[str]:
    """Ask the loader which libraries *files* need, and those need."""
    if not files:
        return set()
    said = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False).stdout
    if missing := re.findall(r"^\s+(\S+) => not found", said, re.MULTILINE):
        raise FileNotFoundError(f"libraries that are not there: {', '.join(sorted(set(missing)))}")
    return set(re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", said, re.MULTILINE))


def _is_elf(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_ELF)) == _ELF


def _place(path: str) -> Path:
    """Return where *path* really is: what its folders lead to is resolved, itself is not."""
    return Path(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _top_links() -> list[Path]:
    """Return `/bin`, `/lib` and so on where they are links into `/usr`."""
    return [path for path in Path("/").iterdir() if path.is_symlink()]


def main() -> None:
    """Copy what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--besides", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("path", nargs="+")
    given = parser.parse_args()
    copied = copy([*_top_links(), *closure(given.path)], given.target, given.besides)
    describe(copied, given.target)


if __name__ == "__main__":
    main()

"""Installs third-party tools for a developer's machine: `make tools`, or `make tools ONLY=bandit,checkov` for some.

Each goes into a folder of its own, `VENV/tools/TOOL/`, and its program is linked in `VENV/tools/bin/`. They are not
shipped with Picket: every one comes from where its `Package` says, in that version, one at a time. What is there in
that version is left alone; one that fails does not stop the others, and is named at the end.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from picket.tools import TOOLS
from picket.tools.running import PYTHON, Package, Running

_LONGEST = 3_600.0
"""Seconds that one installation may take: some Go programs are built for a quarter of an hour."""
_MARK = "version.txt"
"""The file in a tool's folder that says which version is there; it is written last."""


class Failed(Exception):
    """A tool cannot be installed; says why."""


def main(arguments: list[str] | None = None) -> int:
    """Install tools, and return 1 if one is missing afterwards that should be there."""
    parser = argparse.ArgumentParser(description="Install third-party tools.")
    parser.add_argument("folder", type=Path, help="where they go, such as .venv/tools")
    parser.add_argument("--only", default="", help="names of tools, with commas between; all by default")
    told = parser.parse_args(arguments)
    names = [name for name in told.only.split(",") if name] or list(TOOLS)
    if unknown := sorted(set(names) - set(TOOLS)):
        parser.error(f"no such tool: {', '.join(unknown)}")
    failed = [name for name in names if not _installed(name, TOOLS[name].running, told.folder.absolute())]
    if failed:
        sys.stdout.write(f"not installed: {', '.join(failed)}\n")
    return 1 if failed else 0


def _installed(name: str, running: Running | None, folder: Path) -> bool:
    """Install a tool, say how it went, and return whether it went well."""
    if running is None or running.program == PYTHON:
        return True  # a format and no tool, or one that is here already
    if running.package is None:
        sys.stdout.write(f"{name}: no registry has it; its makers say how to install it\n")
        return True
    begun = time.monotonic()
    try:
        said = install(name, running.program, running.package, folder)
    except Failed as error:
        sys.stdout.write(f"{name} {running.package.version}: {error}\n")
        return False
    sys.stdout.write(f"{name} {running.package.version} {said} ({time.monotonic() - begun:.0f} s)\n")
    sys.stdout.flush()
    return True


def install(name: str, program: str, package: Package, folder: Path) -> str:
    """Install a tool unless it is there, and return how it stands.

    Raises:
        Failed: It cannot be installed here.
    """
    if package.registry == "debian":
        return _debian(program, package)
    target, mark = folder / name, folder / name / _MARK
    wanted = f"{package.name} {package.version}"
    link = folder / "bin" / program
    if mark.is_file() and mark.read_text("utf-8").strip() == wanted and link.exists():
        return "is there"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    made = _INSTALLERS[package.registry](program, package, target)
    if not made.is_file():
        raise Failed(f"{package.name} has no program {program}")
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(made, link.parent))
    mark.write_text(f"{wanted}\n", "utf-8")
    return "installed"


def _debian(program: str, package: Package) -> str:
    """Say that a package of the system is there; it is not for a developer's make to install one.

    Raises:
        Failed: It is not.
    """
    if shutil.which(program):
        return "is there, whichever version the system has"
    raise Failed(f"install it by `apt-get install {package.name}`")


def _pypi(program: str, package: Package, target: Path) -> Path:
    """Install a package into a virtual environment of its own, since tools disagree about their dependencies."""
    _run(sys.executable, "-m", "venv", str(target))
    pip = (str(target / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check")
    _run(*pip, f"{package.name}=={package.version}")
    return target / "bin" / program


def _go(program: str, package: Package, target: Path) -> Path:
    """Build a Go program from its module.

    Raises:
        Failed: There is no Go, or it does not build.
    """
    go = shutil.which("go")
    if go is None:
        raise Failed("there is no Go here, which builds it")
    variables = {"GOBIN": str(target), "CGO_ENABLED": "0", **package.environment}
    _run(go, "install", f"{package.name}@v{package.version}", **variables)
    built = target / package.name.rpartition("/")[2]
    return built if built.is_file() else target / program


def _run(*command: str, **environment: str) -> None:
    """Run a command.

    Raises:
        Failed: It fails, or takes too long; says what it said last.
    """
    variables = {**os.environ, **environment}
    try:
        done = subprocess.run(command, env=variables, capture_output=True, check=False, timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        raise Failed(f"{Path(command[0]).name} took more than {_LONGEST:g} seconds") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-500:]
        raise Failed(f"{Path(command[0]).name} ended with status {done.returncode}: {said}")


_INSTALLERS: dict[str, Callable[[str, Package, Path], Path]] = {"pypi": _pypi, "go": _go}


if __name__ == "__main__":
    sys.exit(main())

"""The scanners that are compared: this one, and those that can be had here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.material import cache
from tests.benchmarks.processes import Finished, clean_environment, measure

from picket.cli.hooks import python

KINGFISHER = "kingfisher-bin==2.14.0"
GITLEAKS = ("github.com/zricethezav/gitleaks/v8", "v8.30.1")
TRUFFLEHOG = ("github.com/trufflesecurity/trufflehog/v3", "v3.90.0")
_LONGEST = 1_800.0  # seconds


@dataclass(frozen=True, slots=True)
class Scanner:
    """How one is run.

    `whole` gives the command that looks at all of a repository and writes a report of what it found, secrets included,
    to a file; `staged` the one for what is staged in the current folder; each None where it has no such thing.
    """

    name: str
    whole: Callable[[Path, Path], list[str]]
    staged: list[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def scan(self, repository: Path, report: Path) -> Finished:
        """Look at all of *repository*."""
        report.unlink(missing_ok=True)
        return self._run(self.whole(repository, report))

    def hook(self, work: Path) -> Finished:
        """Look at what is staged in *work*."""
        assert self.staged is not None
        return self._run(self.staged, work)

    def _run(self, command: list[str], folder: Path | None = None) -> Finished:
        environment = clean_environment(**self.environment)
        return measure(command, env=environment, seconds=_LONGEST, folder=folder, statuses=(0, 200), watch=not folder)


def picket(home: Path) -> Scanner:
    """Return this scanner, with a home of its own."""
    command = [sys.executable, "-m", "picket.cli", "scan"]
    return Scanner(
        "picket",
        lambda repository, report: [
            *(*command, str(repository), "--no-redact", "--fresh", "--quiet", "--exit-code=0"),
            *("--format=json", f"--output={report}"),
        ],
        [*python(), "scan", "--staged", "--quiet"],
        {"XDG_CACHE_HOME": str(home / "cache"), "XDG_CONFIG_HOME": str(home / "config")},
    )


def peers(say: Callable[[str], object], without: Collection[str] = ()) -> list[Scanner]:
    """Install the others but *without*, once; *say* is told which cannot be had, and why."""
    found = []
    for name, made in (("kingfisher", _kingfisher), ("gitleaks", _gitleaks), ("trufflehog", _trufflehog)):
        if name in without:
            continue
        try:
            found.append(made())
        except (OSError, subprocess.CalledProcessError) as error:
            reason = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip()[-300:] or str(error)
            say(f"{name} cannot be had here and is left out: {reason}")
    return found


def _kingfisher() -> Scanner:
    folder = cache() / KINGFISHER
    program = folder / "bin" / "kingfisher"
    if not program.exists():
        venv.create(folder, with_pip=True)
        _do([str(folder / "bin" / "pip"), "install", "--quiet", KINGFISHER])
    common = [str(program), "scan", "--no-validate", "--no-update-check", "--quiet"]
    return Scanner(
        "kingfisher",
        lambda repository, report: [*common, "--format=json", f"--output={report}", str(repository)],
        [*common, "--staged", "."],
        {"HOME": str(folder)},
    )


def _gitleaks() -> Scanner:
    program = _go_program(*GITLEAKS)
    return Scanner(
        "gitleaks",
        lambda repository, report: [
            *(program, "git", "--no-banner", "--log-level=error", "--exit-code=0"),
            *("--report-format=json", f"--report-path={report}", str(repository)),
        ],
        [program, "git", "--staged", "--pre-commit", "--no-banner", "--log-level=error", "."],
    )


def _trufflehog() -> Scanner:
    program = _go_program(*TRUFFLEHOG)
    arguments = "git --bare --no-update --no-verification --json"
    return Scanner(
        "trufflehog",
        lambda repository, report: [
            *("sh", "-c", f'exec "$1" {arguments} "file://$2" > "$3" 2> /dev/null', "sh"),
            *(program, str(repository), str(report)),
        ],
    )


def _go_program(module: str, version: str) -> str:
    """Build a Go program from its module's source: some cannot be installed by name, for they replace modules."""
    program = cache() / f"{module.split('/')[2]}-{version}"
    if program.exists():
        return str(program)
    go = shutil.which("go")
    if go is None:
        raise FileNotFoundError("there is no Go here")
    with tempfile.TemporaryDirectory(dir=cache()) as folder:
        told = _do([go, "mod", "download", "-json", f"{module}@{version}"], folder)
        source = Path(folder) / "source"
        shutil.copytree(json.loads(told)["Dir"], source, copy_function=shutil.copyfile)
        for path in (source, *source.rglob("*/")):
            path.chmod(0o755)
        _do([go, "build", "-o", str(program), "."], str(source))
    return str(program)


def _do(command: list[str], folder: str | None = None) -> bytes:
    return subprocess.run(command, cwd=folder, env={**os.environ}, capture_output=True, check=True).stdout

"""`make audit`: asks which locked dependencies have known vulnerabilities, and says so when nobody can be asked."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVICES = ("pypi", "osv")
_UNREACHABLE = ("ConnectionError", "network may be blocking", "Timeout", "Max retries exceeded", "ServiceError")


class Failed(Exception):
    """pip-audit could not do its work, and not because of the network."""


@dataclass(frozen=True)
class Result:
    """What a service knew: how many packages it was asked for, which it does not know, and what is wrong with which."""

    asked: int
    unknown: tuple[str, ...]
    vulnerable: tuple[str, ...]

    @property
    def says_something(self) -> bool:
        """Whether it knows any of them; an index that mirrors PyPI's files answers 404 to every question."""
        return len(self.unknown) < self.asked


def ask(lock: Path, service: str, *options: str) -> Result | None:
    """Ask *service* about every package of *lock*; None if it cannot be reached.

    Raises:
        Failed: The lock cannot be read, or lacks a hash.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "audit.json"
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"]
        command += ["--vulnerability-service", service, "--progress-spinner", "off", "--timeout", "10", *options]
        command += ["--format", "json", "--output", str(output)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not output.exists():
            if any(sign in done.stderr for sign in _UNREACHABLE):
                return None
            raise Failed(done.stderr.strip())
        return _result(json.loads(output.read_text())["dependencies"])


def _result(dependencies: list[dict[str, Any]]) -> Result:
    return Result(
        len(dependencies),
        tuple(sorted(one["name"] for one in dependencies if "skip_reason" in one)),
        tuple(
            f"{one['name']} {one['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'none yet'}"
            for one in dependencies
            for found in one.get("vulns", ())
        ),
    )


def main(lock: Path, services: tuple[str, ...] = SERVICES, *options: str) -> int:
    """Audit *lock* with the first of *services* that answers, and print what it says.

    Returns:
        0 when nothing is known against it or nobody could be asked, 1 when something is, 2 when it cannot be audited.
    """
    for service in services:
        try:
            found = ask(lock, service, *options)
        except Failed as error:
            _say(str(error))
            return 2
        if found is not None and found.says_something:
            return _told(found, service)
    _say(f"NOT DONE, none of {', '.join(services)} can be asked from here; the dependencies are as locked")
    return 0


def _told(found: Result, service: str) -> int:
    for line in found.vulnerable:
        _say(line)
    for name in found.unknown:
        _say(f"{service} does not know {name}")
    _say(f"{found.asked} packages, {len(found.vulnerable)} known vulnerabilities, says {service}")
    return 1 if found.vulnerable else 0


def _say(text: str) -> None:
    sys.stdout.write(f"audit: {text}\n")


if __name__ == "__main__":
    sys.exit(main(Path("requirements.lock")))

"""Secrets that are known and accepted: baselines by hash, and the ignore files and fingerprints of gitleaks.

A baseline holds salted hashes of secrets. It survives squash, rebase and moves, hides no other secret on the same line,
and gives none away.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from picket.detection.report import Occurrence
from picket.errors import Malformed
from picket.records import dataclass
from picket.scanning.files import read_text
from picket.scanning.findings import Finding

VERSION = 1
_SALT_BYTES = 16
_SALT = re.compile(r"[0-9a-f]{32,128}")
_HASH = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted secrets: HMAC-SHA-256 of each under *salt*, hex."""

    salt: str
    hashes: frozenset[str]

    def knows(self, finding: Finding) -> bool:
        """Return whether a finding's secret is accepted."""
        return self.hash_of(finding) in self.hashes

    def hash_of(self, finding: Finding) -> str:
        """Return what stands for a finding's secret."""
        return hmac.new(bytes.fromhex(self.salt), finding.identity, hashlib.sha256).hexdigest()


def read_baseline(path: Path) -> Baseline:
    """Read what `write_baseline` wrote.

    Raises:
        Malformed: It is not there or something else; names the file.
    """
    try:
        document = json.loads(read_text(path))
    except (ValueError, RecursionError):
        raise Malformed(f"baseline {path}: not JSON") from None
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise Malformed(f"baseline {path}: not a baseline of version {VERSION}")
    salt, rows = document.get("salt"), document.get("secrets")
    if not isinstance(salt, str) or not _SALT.fullmatch(salt) or len(salt) % 2 or not isinstance(rows, list):
        raise Malformed(f"baseline {path}: salt or secrets are missing")
    hashes = [str(row.get("hash")) if isinstance(row, dict) else "" for row in rows]
    if not all(_HASH.fullmatch(each) for each in hashes):
        raise Malformed(f"baseline {path}: a secret has no hash of 64 hex digits")
    return Baseline(salt, frozenset(hashes))


def write_baseline(path: Path, findings: Iterable[Finding], *, add: bool) -> None:
    """Accept *findings*. A file that is there keeps its salt, so that what stays the same shows no difference.

    Args:
        path: Where it is written.
        findings: What is accepted.
        add: Keep what the file accepts already: *findings* are not all there are.

    Raises:
        Malformed: *path* is something else than a baseline, which is not overwritten.
    """
    salt, rows = os.urandom(_SALT_BYTES).hex(), {}
    if path.exists():
        salt = read_baseline(path).salt
        rows = {row["hash"]: row for row in json.loads(read_text(path))["secrets"]} if add else {}
    baseline = Baseline(salt, frozenset())
    rows |= {(digest := baseline.hash_of(each)): _row(digest, each) for each in findings}
    document = {"version": VERSION, "salt": salt, "secrets": [rows[digest] for digest in sorted(rows)]}
    try:
        _replace(path, f"{json.dumps(document, indent=2)}\n")
    except OSError as error:
        raise Malformed(f"baseline {path}: {error.strerror}") from None


def _replace(path: Path, text: str) -> None:
    """Write a file whole, by way of a file with a random name."""
    from tempfile import NamedTemporaryFile  # noqa: PLC0415 - reading one does without

    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
        os.fchmod(file.fileno(), 0o644)  # it holds no secret, and is there to be shared
    Path(file.name).replace(path)


def _row(digest: str, finding: Finding) -> dict[str, Any]:
    first = finding.occurrences[0].at
    return {
        "hash": digest,
        "rule": finding.best.rule.id,
        "path": first.path,
        "line": first.start_line,
        "redacted": finding.best.redacted,
    }


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Lines of `.gitleaksignore`: `commit:path:rule:line`, or `path:rule:line` for any commit.

    A rule of a name that is not in force here is another scanner's; such a line means the one secret on its place.
    """

    lines: frozenset[tuple[str, str, str, int]]
    rules: frozenset[str]

    def hide(self, findings: Collection[Finding]) -> set[bytes]:
        """Return the identities of the secrets that the lines mean."""
        if not self.lines:
            return set()
        foreign = {(commit, path, line) for commit, path, rule, line in self.lines if rule not in self.rules}
        hidden: set[bytes] = set()
        alone: dict[tuple[str, str, int], set[bytes]] = {}
        for finding in findings:
            for each in finding.occurrences:
                for commit in (each.commit.sha, ""):
                    place = (commit, each.at.path, each.at.start_line)
                    if (*place[:2], each.at.hit.rule.id, place[2]) in self.lines:
                        hidden.add(finding.identity)
                    if place in foreign:
                        alone.setdefault(place, set()).add(finding.identity)
        return hidden.union(*(each for each in alone.values() if len(each) == 1))


def parse_fingerprints(text: str, rules: Iterable[str]) -> Fingerprints:
    """Read a `.gitleaksignore`; comments and what is no fingerprint are passed over, as gitleaks does."""
    lines = set()
    for line in text.splitlines():
        parts = line.strip().rsplit(":", 2)
        if line.lstrip().startswith("#") or len(parts) != 3 or not parts[2].isascii() or not parts[2].isdigit():  # noqa: PLR2004
            continue
        place, rule, number = parts[0], parts[1], int(parts[2])
        commit, colon, path = place.partition(":")
        lines.add((commit, path, rule, number) if colon and _COMMIT.fullmatch(commit) else ("", place, rule, number))
    return Fingerprints(frozenset(lines), frozenset(rules))


def fingerprint(each: Occurrence) -> str:
    """Return how gitleaks would name an occurrence."""
    place = f"{each.at.path}:{each.at.hit.rule.id}:{each.at.start_line}"
    return f"{each.commit.sha}:{place}" if each.commit.sha else place

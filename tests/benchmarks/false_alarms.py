"""`make bench-false-alarms`: what is found in well-known packages, where next to nothing is a secret.

Ten source distributions from PyPI and ten packages from npm, pinned, kept in the bench cache. Printed are findings per
10 MB, by rule: those more likely than not, of these the ones that are more than information, and all. With `--show N`
also N examples of each rule, their secrets masked. Nothing here says which finding is wrong: that is for a reader.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import urllib3
from tests.benchmarks import material

from picket.detection import Engine, Hit, default_ruleset
from picket.detection.archives import Member, members

PYPI = (
    *("requests==2.31.0", "flask==3.0.0", "aiohttp==3.9.1", "cryptography==41.0.7", "paramiko==3.4.0"),
    *("ansible-core==2.16.2", "twisted==23.10.0", "celery==5.3.6", "jupyter-server==2.12.1", "tornado==6.4"),
)
NPM = (
    *("express@4.18.2", "axios@1.6.2", "webpack@5.89.0", "jsonwebtoken@9.0.2", "passport-oauth2@1.7.0"),
    *("node-forge@1.3.1", "aws-sdk@2.1518.0", "typescript@5.3.3", "firebase@10.7.1", "mongodb@6.3.0"),
)
LARGEST = 1 << 29
"""Bytes that a package may unpack to."""
UNIT = 10_000_000
LIKELY = 0.5


class Failed(Exception):
    """A package could not be had; says which and why."""


class Found(NamedTuple):
    """A hit, and where it was."""

    package: str
    path: str
    hit: Hit
    around: str


@dataclass
class Tally:
    """What was gone through and found."""

    size: int = 0
    seconds: float = 0.0
    found: list[Found] = field(default_factory=list)

    def per_unit(self, found: list[Found]) -> float:
        """Findings per `UNIT` bytes."""
        return len(found) / self.size * UNIT


def main() -> None:
    """Scan the packages and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.false_alarms", description=__doc__)
    parser.add_argument("--show", type=int, default=0, metavar="N", help="examples of each rule")
    parser.add_argument("--output", type=Path, help="where the text goes as well")
    asked = parser.parse_args()
    text = report(scan(), asked.show)
    sys.stdout.write(text)
    if asked.output:
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        asked.output.write_text(text)


def scan() -> Tally:
    """Scan every file of every package, each content once."""
    engine, tally = Engine(default_ruleset()), Tally()
    seen: set[bytes] = set()
    engine.scan(b"compiles the rules")
    for package, archive in packages():
        for path, content in files(archive):
            digest = hashlib.sha256(content).digest()
            if digest not in seen:
                seen.add(digest)
                start = time.perf_counter()
                hits = engine.scan(content, path)
                tally.seconds += time.perf_counter() - start
                tally.size += len(content)
                tally.found += [Found(package, path, hit, around(content, hit)) for hit in hits]
    return tally


def around(content: bytes, hit: Hit) -> str:
    """Show a hit's line with the secret masked."""
    before = content[max(0, hit.match_start - 30) : hit.start].decode("utf-8", "replace")
    return re.sub(r"\s+", " ", before + hit.redacted)


def report(tally: Tally, examples: int) -> str:
    """Write the table."""
    likely = [each for each in tally.found if each.hit.confidence > LIKELY]
    telling = [each for each in likely if each.hit.severity != "info"]
    speed = tally.size / 1e6 / tally.seconds
    rates = f"{tally.per_unit(likely):.2f} more likely than not, {tally.per_unit(telling):.2f} without mere information"
    lines = [
        f"{tally.size / 1e6:.1f} MB at {speed:.0f} MB/s; per 10 MB: {rates}, {tally.per_unit(tally.found):.2f} in all"
    ]
    by_rule: defaultdict[str, list[Found]] = defaultdict(list)
    for each in tally.found:
        by_rule[each.hit.rule.id].append(each)
    counts = Counter(each.hit.rule.id for each in likely)
    for rule in sorted(by_rule, key=lambda rule: (-counts[rule], -len(by_rule[rule]))):
        lines.append(f"{counts[rule]:6} {len(by_rule[rule]):6}  {rule}")
        some = sorted(by_rule[rule], key=lambda each: -each.hit.confidence)[:examples]
        lines += [f"{'':15} {each.hit.confidence:.2f} {each.package} {each.path}: {each.around}" for each in some]
    return "\n".join(lines) + "\n"


def files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of what is in a package, without the folder that all of it is in."""
    for member in members(archive, "", depth=1, max_bytes=LARGEST):
        if isinstance(member, Member):
            yield member.path.lstrip("!").partition("/")[2], member.content


def packages() -> Iterator[tuple[str, bytes]]:
    """Yield each package's name and archive, downloaded where it is not kept yet."""
    folder = material.cache() / "packages"
    folder.mkdir(exist_ok=True)
    for name in PYPI + NPM:
        kept = folder / re.sub(r"[^\w.-]", "_", name)
        if not kept.exists():
            content = _from_pypi(name) if "==" in name else _from_npm(name)
            kept.with_suffix(".part").write_bytes(content)
            kept.with_suffix(".part").rename(kept)
        yield name, kept.read_bytes()


def _from_pypi(name: str) -> bytes:
    """Download a source distribution; the index (PEP 503) names it and its digest."""
    project, _, version = name.partition("==")
    index = _get(f"https://pypi.org/simple/{project}/").decode()
    stem = re.sub("[-_]", "[-_.]", re.escape(project).replace(r"\-", "-"))
    link = re.search(
        rf'href="([^"#]+/{stem}-{re.escape(version)}\.(?:tar\.gz|zip))#sha256=([0-9a-f]{{64}})', index, re.IGNORECASE
    )
    if not link:
        raise Failed(f"{name}: the index has no source distribution")
    content = _get(link[1])
    if hashlib.sha256(content).hexdigest() != link[2]:
        raise Failed(f"{name}: not what the index says")
    return content


def _from_npm(name: str) -> bytes:
    project, _, version = name.rpartition("@")
    return _get(f"https://registry.npmjs.org/{project}/-/{project.rpartition('/')[2]}-{version}.tgz")


def _get(url: str) -> bytes:
    response = urllib3.request("GET", url, timeout=60, retries=3)
    if response.status != 200:
        raise Failed(f"{url}: status {response.status}")
    return response.data


if __name__ == "__main__":
    main()

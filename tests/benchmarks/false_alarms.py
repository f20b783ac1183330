"""`make bench-false-alarms`: what is found in well-known packages and histories, where next to nothing is a secret.

Source distributions from PyPI and packages from npm, pinned, kept in the bench cache. Printed are findings per
10 MB, by rule: those more likely than not, of these the ones that are more than information, and all. With `--show N`
also N examples of each rule, their secrets masked. Those of `HELD` nobody looked into while the engine was changed:
of them only the rate is shown. The histories are the bare clones in the folder `clean` of `BENCH_REPOSITORIES`.
Nothing here says which finding is wrong: that is for a reader.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import urllib3
from tests.benchmarks import material
from tests.benchmarks.distinct import search

from picket.detection import Engine, Hit, default_ruleset
from picket.detection.archives import Member, members

PYPI = (
    *("requests==2.31.0", "flask==3.0.0", "aiohttp==3.9.1", "cryptography==41.0.7", "paramiko==3.4.0"),
    *("ansible-core==2.16.2", "twisted==23.10.0", "celery==5.3.6", "jupyter-server==2.12.1", "tornado==6.4"),
    *("django==5.0.1", "wagtail==5.2.2", "sqlalchemy==2.0.25", "sphinx==7.2.6", "faker==22.0.0", "alembic==1.13.1"),
    *("mkdocs-material==9.5.3", "psycopg2==2.9.9", "pip==23.3.2"),
)
NPM = (
    *("express@4.18.2", "axios@1.6.2", "webpack@5.89.0", "jsonwebtoken@9.0.2", "passport-oauth2@1.7.0"),
    *("node-forge@1.3.1", "aws-sdk@2.1518.0", "typescript@5.3.3", "firebase@10.7.1", "mongodb@6.3.0"),
    *("moment@2.30.1", "antd@5.12.8", "knex@3.1.0", "chart.js@4.4.1", "jquery@3.7.1", "monaco-editor@0.45.0"),
    *("@mui/material@5.15.3", "nodemailer@6.9.8"),
)
HELD = (
    *("django-allauth==0.60.0", "scrapy==2.11.0", "docutils==0.20.1", "pymysql==1.1.0", "werkzeug==3.0.1"),
    *("element-plus@2.5.0", "sequelize@6.35.2", "swagger-ui-dist@5.11.0", "@babel/core@7.23.7", "i18next@23.7.16"),
)
"""Packages that nobody looks into while the engine is changed."""
LARGEST = 1 << 29
"""Bytes that a package may unpack to."""
UNIT = 10_000_000
LIKELY = 0.5
CLEAN = "clean"
COMMITS = 10_000
MOST_PER_UNIT, MOST_PER_COMMITS = 0.3, 1.0
"""Budgets: findings more likely than not per `UNIT` bytes of packages, and per `COMMITS` commits of histories."""


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
        return len(found) / self.size * UNIT if self.size else 0.0

    @property
    def likely(self) -> list[Found]:
        """Those more likely than not."""
        return [each for each in self.found if each.hit.confidence > LIKELY]


def main() -> None:
    """Scan the packages and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.false_alarms", description=__doc__)
    parser.add_argument("--show", type=int, default=0, metavar="N", help="examples of each rule")
    parser.add_argument("--output", type=Path, help="where the text goes as well")
    asked = parser.parse_args()
    engine = Engine(default_ruleset())
    engine.scan(b"compiles the rules")
    tally, held = scan(engine, PYPI + NPM), scan(engine, HELD)
    text = report(tally, asked.show) + totals(tally, held) + in_histories(engine, clean_histories(), asked.show)
    sys.stdout.write(text)
    if asked.output:
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        asked.output.write_text(text)


def scan(engine: Engine, names: Sequence[str]) -> Tally:
    """Scan every file of the packages, each content once."""
    tally = Tally()
    seen: set[bytes] = set()
    for package, archive in packages(names):
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


def clean_histories() -> list[Path]:
    """Return the bare clones that hold no secret but by mistake; none where the environment names no folder."""
    folder = os.environ.get("BENCH_REPOSITORIES")
    return [each.resolve() for each in sorted((Path(folder) / CLEAN).glob("*.git"))] if folder else []


def in_histories(engine: Engine, repositories: Sequence[Path], examples: int) -> str:
    """Say how much is found in histories, every secret of one counted once; with paths where examples are wanted."""
    if not repositories:
        return f"no histories: BENCH_REPOSITORIES names no folder with bare clones NAME.git in its folder {CLEAN}\n"
    lines, commits, count = [], 0, 0
    for repository in repositories:
        searched = search(repository, engine)
        likely = [each for each in searched.hits.values() if each[0].confidence > LIKELY]
        commits, count = commits + searched.commits, count + len(likely)
        lines.append(f"{len(likely):6} {len(searched.hits):6}  {repository.parent.name}: {searched.commits:,} commits")
        some = sorted(likely, key=lambda each: -each[0].confidence)[:examples]
        lines += [f"{'':15} {hit.confidence:.2f} {hit.rule.id} {path}: {hit.redacted}" for hit, path in some]
    rate = count / commits * COMMITS if commits else 0.0
    first = f"{len(repositories)} histories, {commits:,} commits; per {COMMITS:,}: {rate:.2f} more likely than not"
    return "\n".join([f"{first} ({verdict(rate, MOST_PER_COMMITS)})", *lines]) + "\n"


def totals(tally: Tally, held: Tally) -> str:
    """Say what the packages come to that nobody looked into, and all together."""
    both = Tally(tally.size + held.size, 1.0, tally.found + held.found)
    rate = both.per_unit(both.likely)
    return (
        f"{held.size / 1e6:.1f} MB held back: {held.per_unit(held.likely):.2f} more likely than not\n"
        f"{both.size / 1e6:.1f} MB of {len(PYPI + NPM + HELD)} packages: {rate:.2f} more likely than not "
        f"({verdict(rate, MOST_PER_UNIT)})\n"
    )


def verdict(rate: float, budget: float) -> str:
    """Compare a rate with what it has to stay under."""
    return f"budget {budget:g}: {'met' if rate < budget else 'missed'}"


def around(content: bytes, hit: Hit) -> str:
    """Show a hit's line with the secret masked."""
    before = content[max(0, hit.match_start - 30) : hit.start].decode("utf-8", "replace")
    return re.sub(r"\s+", " ", before + hit.redacted)


def report(tally: Tally, examples: int) -> str:
    """Write the table."""
    likely = tally.likely
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


def packages(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the packages' names and archives, downloaded where they are not kept yet."""
    folder = material.cache() / "packages"
    folder.mkdir(exist_ok=True)
    for name in names:
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

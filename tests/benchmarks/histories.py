"""Repositories to scan: a long history, a heavy one, a wide one, and a work tree with one staged file.

All are made of the releases of one package, so that names, sizes and deltas are like those of real work, and hold
planted secrets. They are written as a stream for `git fast-import`, kept in the cache, and made anew when this changes.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.material import RELEASES, cache, wheel
from tests.benchmarks.planted import Planted, plant

VERSION = 2
COMMITS = 5_400
LONGER = 10_000
FILES = 50_000
HEAVY_BYTES = 1_100_000_000
HEAVY_BLOB = 8_000_000
PLANTED = 180
_TEXT = (".py", ".html", ".js", ".css", ".txt", ".po", ".json", ".xml")
_START = 1_500_000_000

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Made:
    """A bare repository and what was planted in it."""

    git_dir: Path
    planted: list[Planted]


def long(*, quick: bool) -> Made:
    """Make a history of many commits: each release's changes, some files at a time."""
    return _made("long", COMMITS // 20 if quick else COMMITS, _long)


def longer(*, quick: bool) -> Made:
    """Make a history of ten thousand commits."""
    return _made("longer", LONGER // 20 if quick else LONGER, _long)


def heavy(*, quick: bool) -> Made:
    """Make a history of few commits and a gigabyte of large blobs."""
    return _made("heavy", HEAVY_BYTES // 20 if quick else HEAVY_BYTES, _heavy)


def wide(*, quick: bool) -> Made:
    """Make one commit of many files."""
    return _made("wide", FILES // 20 if quick else FILES, _wide)


def staged(folder: Path) -> Path:
    """Make a work tree with a commit of a release and one changed file staged."""
    work = folder / "staged"
    with zipfile.ZipFile(wheel(RELEASES[-1])) as archive:
        archive.extractall(work)
    git = ["git", "-C", str(work), "-c", "user.name=A", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *arguments], check=True)
    changed = work / "django" / "conf" / "global_settings.py"
    changed.write_text(changed.read_text() + "\nAPPEND_TRAILING_DOT = False\n")
    subprocess.run([*git, "add", "--all"], check=True)
    return work


def _made(kind: str, size: int, stream: Callable[[int, list[Planted]], Iterator[bytes]]) -> Made:
    planted = plant(PLANTED, len(kind))
    name = hashlib.sha256(f"{VERSION}|{kind}|{size}|{RELEASES}|{PLANTED}".encode()).hexdigest()[:12]
    git_dir = cache() / f"{kind}-{name}.git"
    if not git_dir.exists():
        with tempfile.TemporaryDirectory(dir=cache()) as folder:
            new = Path(folder) / "new.git"
            subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", str(new)], check=True)
            if kind == "heavy":  # git would look for deltas between large blobs for minutes
                subprocess.run(["git", "-C", str(new), "config", "core.bigFileThreshold", "1m"], check=True)
            _import(new, stream(size, planted))
            subprocess.run(["git", "-C", str(new), "repack", "-adfq", "--depth=50"], check=True)
            if kind == "heavy":  # nor would it show what is in them
                subprocess.run(["git", "-C", str(new), "config", "--unset", "core.bigFileThreshold"], check=True)
            new.rename(git_dir)  # whole or not at all
    return Made(git_dir, planted)


def _import(git_dir: Path, stream: Iterator[bytes]) -> None:
    command = ["git", "-C", str(git_dir), "fast-import", "--quiet", "--force"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for part in stream:
            process.stdin.write(part)
        process.stdin.close()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _commit(number: int, files: Files, gone: list[str]) -> Iterator[bytes]:
    """Write one commit; times go up by an hour each."""
    person = f"A <a@example.com> {_START + 3600 * number} +0000\n"
    yield f"commit refs/heads/main\nauthor {person}committer {person}data 0\n\n".encode()
    for path, content in files.items():
        yield f'M 100644 inline "{path}"\ndata {len(content)}\n'.encode() + content + b"\n"
    for path in gone:
        yield f'D "{path}"\n'.encode()


def _release(version: str) -> Files:
    with zipfile.ZipFile(wheel(version)) as archive:
        return {name: archive.read(name) for name in sorted(archive.namelist()) if not name.endswith("/")}


def _long(commits: int, planted: list[Planted]) -> Iterator[bytes]:
    pick = random.Random(1)
    each = commits // len(RELEASES)
    waiting = iter(planted)
    left: list[str] = []
    known: Files = {}
    number = 0
    for version in RELEASES:
        release = _release(version)
        changed = [path for path, content in release.items() if known.get(path) != content]
        pick.shuffle(changed)
        gone = [path for path in known if path not in release]
        share = -(-len(changed) // each)
        for start in range(0, each * share, share):
            files = {path: release[path] for path in changed[start : start + share]}
            secret = next(waiting, None) if pick.random() < 2 * len(planted) / commits else None
            if secret:
                left.append(f"deploy/{secret.kind}_{number}.py")
                files[left[-1]] = _with_secret(secret, files, pick)
            elif left and pick.random() < 0.05:
                files[left.pop(0)] = b"# taken out\n"
            yield from _commit(number, files, gone if start == 0 else [])
            number += 1
        known = release
    for secret in waiting:
        yield from _commit(number, {f"deploy/{secret.kind}_{number}.py": secret.line.encode() + b"\n"}, [])
        number += 1


def _with_secret(secret: Planted, files: Files, pick: random.Random) -> bytes:
    """Put a secret's line somewhere into a text of the commit."""
    texts = [content for path, content in files.items() if path.endswith(_TEXT)]
    lines = (pick.choice(texts) if texts else b"# nothing\n").split(b"\n")
    lines.insert(pick.randrange(len(lines) + 1), secret.line.encode())
    return b"\n".join(lines)


def _heavy(size: int, planted: list[Planted]) -> Iterator[bytes]:
    pick = random.Random(2)
    lines = [line for content in _texts(RELEASES[-1]) for line in content.splitlines(keepends=True) if len(line) < 400]
    pieces = [b"".join(pick.choices(lines, k=400)) for _ in range(2_000)]
    waiting = iter(planted)
    blobs = max(1, size // HEAVY_BLOB)
    for number in range(blobs):
        parts: list[bytes] = []
        while sum(map(len, parts)) < HEAVY_BLOB:
            parts += pick.choices(pieces, k=50)
        for secret in itertools.islice(waiting, -(-len(planted) // blobs)):
            parts.insert(pick.randrange(len(parts)), b"\n" + secret.line.encode() + b"\n")
        yield from _commit(number, {f"data/dump_{number}.txt": b"".join(parts)}, [])


def _texts(version: str) -> list[bytes]:
    return [content for path, content in _release(version).items() if path.endswith(_TEXT)]


def _wide(count: int, planted: list[Planted]) -> Iterator[bytes]:
    pick = random.Random(3)
    files: Files = {}
    for version in RELEASES[::-1]:
        for path, content in _release(version).items():
            text = path.endswith(_TEXT)
            files[f"{version}/{path}"] = content + f"\n# of {version}\n".encode() if text else content
    names = sorted(files)
    pick.shuffle(names)
    chosen = {name: files[name] for name in names[: count - len(planted)]}
    for number, secret in enumerate(planted):
        chosen[f"services/{number}/config.py"] = _with_secret(secret, dict([pick.choice(list(chosen.items()))]), pick)
    yield from _commit(0, chosen, [])

"""What `picket scan --staged` does first: if nothing at all is found in what is staged, no more needs to be loaded.

A hook mostly sees clean text, and half of its time was the import of what says where something was found. This looks at
the same blobs with the same engine and rules. Whatever is not plain (a finding, a team's own rules or lists, something
that cannot be looked at, an error) is left to the whole scan, which begins anew. So it can pass only what that passes.

As little as possible is imported here, and git works meanwhile.
"""

from __future__ import annotations

import os
import signal
from typing import Self

from picket.effects.git.hardening import child_environment, options
from picket.scanning.environment import cache_home, own_git_dir_name
from picket.scanning.limits import DECODE_DEPTH, MAX_BLOB

_TAKEN = ({"--staged"}, {"--staged", "--quiet"})
_TEAM_RULES = ".gitleaks.toml"
_BASELINE = ".picketignore"
_IGNORE_FILES = (".gitleaksignore", ".betterleaksignore")
_ENTRIES = ("diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-relative", "HEAD", "--")
_MOST = 16
"""Blobs; of more, several processes look at a part each."""
_SUBMODULE = b"160000"
_POINTER = b"version "
"""What a pointer of Git LFS begins with."""
_AT_ONCE = 1 << 20

Blobs = dict[bytes, list[str]]
"""Paths by object id."""


class Unclear(Exception):
    """The whole scan has to say."""


def clean(arguments: list[str]) -> tuple[int, int] | None:
    """Look at what is staged in the repository here.

    Args:
        arguments: Those of `picket scan`.

    Returns:
        How many blobs and bytes were looked at, and nothing was found in; None where the whole scan has to say.
    """
    if set(arguments) not in _TAKEN or len(arguments) > len(_TAKEN):
        return None
    git_dir = own_git_dir_name() or ".git"
    if not any(map(os.path.exists, (f"{git_dir}/objects", f"{git_dir}/commondir"))) or os.path.lexists(_TEAM_RULES):
        return None
    try:
        seen = _looked_at(git_dir)
        _check_lists()
    except Exception:  # noqa: BLE001 - whatever it is, the whole scan meets it as well, and says it
        return None
    return seen


def _looked_at(git_dir: str) -> tuple[int, int]:
    with _Git(git_dir, *_ENTRIES) as entries, _Git(git_dir, "cat-file", "--batch") as contents:
        from picket.detection import Engine, default_ruleset  # noqa: PLC0415 - git has begun meanwhile

        folder = f"{cache_home()}/rulesets"
        engine = Engine(default_ruleset(folder), cache_dir=folder, decode_depth=DECODE_DEPTH)
        blobs = _blobs(entries.all())
        size = 0
        for blob, paths in blobs.items():
            content = contents.blob(blob)
            size += len(content)
            if content.startswith(_POINTER):
                raise Unclear
            if any(engine.scan_at(content, paths)):
                raise Unclear
        return len(blobs), size


def _check_lists() -> None:
    """Read what hides findings, of which there are none: only that it can be read matters."""
    names = [name for name in (_BASELINE, *_IGNORE_FILES) if os.path.lexists(name)]
    if not names:
        return
    from pathlib import Path  # noqa: PLC0415 - few repositories have such files

    from picket.scanning.files import read_text  # noqa: PLC0415 - likewise
    from picket.scanning.known import read_baseline  # noqa: PLC0415 - likewise

    for name in names:
        (read_baseline if name == _BASELINE else read_text)(Path(name))


def _blobs(entries: bytes) -> Blobs:
    """Read git's entries, `:oldmode newmode oldsha newsha status` and a path each."""
    fields = entries.split(b"\0")
    if fields.pop() or len(fields) % 2:
        raise Unclear
    found: Blobs = {}
    for entry, path in zip(fields[::2], fields[1::2], strict=True):
        _, mode, _, blob, _ = entry.split(b" ")
        if not entry.startswith(b":") or mode == _SUBMODULE:
            raise Unclear
        if blob.strip(b"0"):
            found.setdefault(blob, []).append(path.decode("utf-8", "replace"))
    if len(found) > _MOST:
        raise Unclear
    return found


class _Git:
    """A git process, without the module that usually starts one: that takes 3 ms to import."""

    def __init__(self, git_dir: str, *arguments: str) -> None:
        self._command = ["git", "--no-pager", "--git-dir", git_dir, *options(), *arguments]

    def __enter__(self) -> Self:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        self.stdin, self.stdout = os.fdopen(ours_in, "wb"), os.fdopen(ours_out, "rb")
        try:
            self._pid = os.posix_spawnp(
                "git",
                self._command,
                child_environment(),
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, theirs_in, 0),
                    (os.POSIX_SPAWN_DUP2, theirs_out, 1),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
                setsigdef=[signal.SIGPIPE],
            )
        except BaseException:
            self.stdin.close()
            self.stdout.close()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        self.stdout.close()
        self.stdin.close()

    def all(self) -> bytes:
        """Return all that it writes, when it has ended well."""
        written = self.stdout.read()
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        if status != 0:
            raise Unclear
        return written

    def blob(self, name: bytes) -> bytes:
        """Ask `cat-file --batch` for a blob."""
        self.stdin.write(name + b"\n")
        self.stdin.flush()
        told, kind, length = self.stdout.readline().split()
        size = int(length)
        if told != name or kind != b"blob" or size > MAX_BLOB:
            raise Unclear
        content = self.stdout.read(size + 1)
        if len(content) != size + 1:
            raise Unclear
        return content[:-1]

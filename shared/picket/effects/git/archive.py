"""A commit's tree as a zip file."""

from __future__ import annotations

from pathlib import Path

from picket.effects.git.command import Limits, run_limited
from picket.settings import settings

_SECONDS = 120.0


def write(git_dir: Path, sha: str, target: Path) -> None:
    """Write the tree of commit *sha* to *target*, which stands alone in its folder.

    The bytes depend on the commit and git's version only: times in a zip are local ones, hence the fixed zone.

    Raises:
        GitFailed: There is no such commit, or it took too long.
        TooLarge: It is larger than a repository may be.
    """
    run_limited(
        git_dir,
        *("archive", "--format=zip", f"--output={target}", sha),
        config={},
        environment={"TZ": "UTC"},
        limits=Limits(_SECONDS, settings().max_repository_bytes, target.parent),
    )

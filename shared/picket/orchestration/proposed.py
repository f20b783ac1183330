"""Pull requests: what stands in the target."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from picket.effects.git import history
from picket.effects.mongo import findings, occurrences

_FINDINGS_ASKED = 20_000
"""Findings that are looked for in a pull request's target; what is beyond counts as new."""
_LOOKED_UP = 2_000
"""Of them, those of which every commit is looked at, not the oldest alone."""


def in_target(repository: str, git_dir: Path, target: str, brought: Collection[str]) -> list[str]:
    """Return the ids of the findings of which some known commit is in the target, whichever commit was the first.

    After a squash the first commit of a finding stays outside of the target, and another one has brought it there. Git
    is asked twice, about all commits at a time.

    Args:
        repository: Id of the repository.
        git_dir: Its mirror.
        target: The commit that the target is at.
        brought: Commits that the pull request brings: findings that begin in one of them are looked up first.
    """
    firsts = findings.first_commits(repository, _FINDINGS_ASKED)
    there = history.reachable(git_dir, firsts.values(), target)
    own, found = frozenset(brought), [name for name, sha in firsts.items() if sha in there]
    others = sorted((name for name, sha in firsts.items() if sha not in there), key=lambda one: firsts[one] not in own)
    commits = {name: occurrences.commits(name) for name in others[:_LOOKED_UP]}
    there = history.reachable(git_dir, set().union(*commits.values()), target)
    return [*found, *(name for name, shas in commits.items() if shas & there)]

"""Pull requests: which commit is the head where the forge does not tell it in full, and what stands in the target."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from picket.commits.repository import RepositoryAddress
from picket.effects.git import history, proposals
from picket.effects.git.address import admitted
from picket.effects.mongo import findings, occurrences
from picket.errors import Gone, Unsupported
from picket.events import ScanRequested

_FINDINGS_ASKED = 20_000
"""Findings that are looked for in a pull request's target; what is beyond counts as new."""
_LOOKED_UP = 2_000
"""Of them, those of which every commit is looked at, not the oldest alone."""


def head(request: ScanRequested, address: RepositoryAddress, git_dir: Path) -> tuple[str, str]:
    """Return the full id of a pull request's head, and what is to be said of it: empty if it is the commit told of.

    It is what the branch is at now. That may be another commit than the one told of, newer or older; who asks judges
    what git says.

    Args:
        request: A scan whose `head` has the first digits of the id.
        address: Where the pull request's repository is.
        git_dir: Its mirror, fetched just now.

    Raises:
        Gone: The branch or its repository is not there any more, or not ours to read.
        PicketError: As `proposals.fetch`; Malformed or Unsupported: that address is not admitted.
    """
    if not request.source:
        raise Gone("the repository that the pull request comes from is gone")
    if request.source_url:
        fork = _fork(request, address)
        found = proposals.fetch(request.repository, fork, request.source, request.ref)
    else:
        found = history.tip(git_dir, request.source)
    if not found:
        raise Gone(f"the branch of the pull request is gone: {request.source}")
    if found.startswith(request.head):
        return found, ""
    return found, f"told of {request.head}, but {request.source} is at {found[:12]}: that is looked at"


def _fork(request: ScanRequested, address: RepositoryAddress) -> RepositoryAddress:
    fork = admitted(request.source_url)
    if (fork.scheme, fork.host, fork.port) != (address.scheme, address.host, address.port):
        raise Unsupported("the fork of the pull request is not where its repository is")
    return replace(fork, anonymous=not request.source_known)


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

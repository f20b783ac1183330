"""The heads of pull requests whose forge keeps no ref of them: a branch, here or in a fork, whose tip is the head."""

from __future__ import annotations

from picket.commits.repository import RepositoryAddress
from picket.effects.git import history, mirror, transport
from picket.effects.telemetry import span
from picket.errors import Gone


@span("fetch head")
def fetch(repository: str, address: RepositoryAddress, branch: str, ref: str) -> str:
    """Fetch a branch into the mirror of *repository*, under a ref of its own; what forges offer does not touch it.

    Args:
        repository: Id of the repository, whose mirror is there.
        address: Where to fetch from: the repository, or a fork of it.
        branch: Full name of the branch there.
        ref: Full name of the ref in the mirror.

    Returns:
        The full id of the branch's tip.

    Raises:
        Gone: There is no such branch or repository, or it is not ours to read.
        PicketError: As `mirror.fetch`.
    """
    git_dir = mirror.path_of(repository)
    with mirror.writing(), mirror.locked(git_dir):
        try:
            transport.fetch(git_dir, address, f"+{branch}:{ref}")
        except Gone as error:
            raise Gone(f"the branch of the pull request cannot be fetched: {error}") from error
        return history.tip(git_dir, ref)

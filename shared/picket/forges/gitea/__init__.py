"""Gitea, and Forgejo as far as it is the same."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(
    package=__name__,
    folding_hosts=frozenset({"codeberg.org"}),
    pull_requests=("refs/pull",),
    lists=True,
    reports=True,
)

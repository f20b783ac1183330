"""Bitbucket Cloud and Data Center, as far as git sees them."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(
    package=__name__,
    home="bitbucket.org",
    folding_hosts=frozenset({"bitbucket.org"}),
    pull_requests=("refs/pull-requests",),
    reports=True,
)

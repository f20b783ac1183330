"""Bitbucket Data Center."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(
    package=__name__,
    pull_requests=("refs/pull-requests",),
    receives=True,
    lists=True,
    reports=True,
    manages=True,
)

"""Forgejo: codeberg.org and self-managed."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(
    package=__name__,
    home="codeberg.org",
    folding_hosts=frozenset({"codeberg.org"}),
    pull_requests=("refs/pull",),
    receives=True,
    lists=True,
    reports=True,
    manages=True,
    pipeline=".forgejo/workflows/picket.yaml",
)

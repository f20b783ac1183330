"""Azure DevOps: dev.azure.com and Azure DevOps Server."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(
    package=__name__,
    home="dev.azure.com",
    folding_hosts=frozenset({"dev.azure.com"}),
    pull_requests=("refs/pull",),
    receives=True,
    lists=True,
    reports=True,
    manages=True,
    pipeline="azure-pipelines.yml",
    signs_in=True,
)

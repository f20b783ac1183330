"""Bitbucket Cloud."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(
    package=__name__,
    home="bitbucket.org",
    folding_hosts=frozenset({"bitbucket.org"}),
    receives=True,
    lists=True,
    reports=True,
    manages=True,
    pipeline="bitbucket-pipelines.yml",
    git_user="x-token-auth",  # https://support.atlassian.com/bitbucket-cloud/docs/using-access-tokens/
)

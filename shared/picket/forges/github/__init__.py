"""GitHub: github.com, GitHub Enterprise Cloud and Server."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(
    package=__name__,
    home="github.com",
    folding_hosts=frozenset({"github.com"}),
    pull_requests=("refs/pull",),
    receives=True,
    lists=True,
    reports=True,
    manages=True,
    pipeline=".github/workflows/picket.yaml",
    # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
    allowances=((80, 60), (500, 3_600)),
    limited=frozenset({"github.com", "ghe.com"}),
)

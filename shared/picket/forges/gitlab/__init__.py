"""GitLab: gitlab.com and self-managed."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(
    package=__name__,
    home="gitlab.com",
    folding_hosts=frozenset({"gitlab.com"}),
    pull_requests=("refs/merge-requests",),
    receives=True,
    lists=True,
    reports=True,
    manages=True,
    pipeline=".gitlab-ci.yml",
    allowances=((60, 60),),  # notes; https://docs.gitlab.com/user/gitlab_com/#rate-limits-on-gitlabcom
    limited=frozenset({"gitlab.com"}),
)

"""AWS CodeCommit, whose events come through Amazon SNS."""

from __future__ import annotations

from picket.forges.forge import Forge

FORGE = Forge(package=__name__, receives=True, pipeline="buildspec.yml")

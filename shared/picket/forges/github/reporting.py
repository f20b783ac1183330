"""How GitHub is told: check runs by a GitHub App, commit statuses by every other token."""

from __future__ import annotations

from picket.forges.github.listing import LISTING
from picket.forges.github.review import request, review
from picket.forges.github.uploading import upload
from picket.forges.reporting import Reporting

_INSTALLATION = "ghs_"
"""How the token of a GitHub App's installation begins. Source: https://github.blog/changelog/2021-03-31-authentication-token-format-updates-are-generally-available/."""

REPORTING = Reporting(
    headers=lambda token: dict(LISTING.headers(token)),
    request=request,
    review=review,
    upload=upload,
    carries=lambda token: token.startswith(_INSTALLATION),
)

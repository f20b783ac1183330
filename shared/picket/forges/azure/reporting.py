"""Azure DevOps' statuses of commits; that of a pull request's iteration is set by `review`.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/statuses/create?view=azure-devops-rest-7.1
"""

from __future__ import annotations

from picket.forges.azure.commits import VERSION, of_repository, told
from picket.forges.azure.listing import LISTING
from picket.forges.azure.review import review
from picket.forges.reporting import Reporting
from picket.forges.request import Request, with_json
from picket.forges.status import Commit, Status


def _request(commit: Commit, status: Status) -> Request:
    where = f"{of_repository(commit)}/commits/{commit.sha}/statuses?{VERSION}"
    return with_json("POST", where, told(commit, status))


REPORTING = Reporting(headers=lambda token: dict(LISTING.headers(token)), request=_request, review=review)

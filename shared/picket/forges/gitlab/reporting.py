"""GitLab's external statuses. Source: https://docs.gitlab.com/api/commits/#set-commit-pipeline-status."""

from __future__ import annotations

from picket.forges.gitlab.review import project, review
from picket.forges.reporting import Reporting
from picket.forges.request import Request, with_json
from picket.forges.status import Commit, State, Status

_STATES: dict[State, str] = {"pending": "running", "success": "success", "failure": "failed", "error": "failed"}
_LONGEST = 255
"""Characters of a description."""


def _request(commit: Commit, status: Status) -> Request:
    told = {"state": _STATES[status.state], "name": commit.context, "description": status.description[:_LONGEST]}
    told |= {"ref": commit.branch} if commit.branch else {}  # without it, it may land on another pipeline
    told |= {"target_url": status.url} if status.url else {}
    return with_json("POST", f"{project(commit)}/statuses/{commit.sha}", told)


def _is_done(status: int, body: bytes, sent: Status) -> bool:
    """Return whether the status was so before: GitLab refuses to set the same one again, and names the present one."""
    same = f"from :{_STATES[sent.state]}".encode()
    return status == 400 and b"Cannot transition status" in body and same in body  # noqa: PLR2004 - HTTP's refusal


REPORTING = Reporting(
    headers=lambda token: {"PRIVATE-TOKEN": token, "Accept": "application/json"},
    request=_request,
    is_done=_is_done,
    review=review,
)

"""How a forge is told what was found in a commit: its requests, without sending anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from picket.forges.request import Request
from picket.forges.reviewing import Kept, Review, Steps
from picket.forges.status import Commit, Status


@dataclass(frozen=True, slots=True)
class Reporting:
    """How one forge is told.

    Attributes:
        headers: From the access token to headers.
        request: From the commit and its status to the request that sets it.
        is_done: From status and body of an answer that is no success, and what was sent: whether that is so already.
        review: From what is to be shown and what was kept last to the steps that show findings at their lines; None
            where the forge has no way to.
        upload: From what is to be shown of a pull request to the request that hands it to the forge's own page of
            findings, where that is asked for; None where it has none.
        carries: From the access token to whether that shows the status as well, so that none is set apart from it.
    """

    headers: Callable[[str], dict[str, str]]
    request: Callable[[Commit, Status], Request]
    is_done: Callable[[int, bytes, Status], bool] = lambda _status, _body, _sent: False
    review: Callable[[Review, Kept], Steps] | None = None
    upload: Callable[[Review], Request] | None = None
    carries: Callable[[str], bool] = lambda _token: False

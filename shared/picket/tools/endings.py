"""When a run of a tool counts, by the status that it ended with: most tools have nothing else to say."""

from __future__ import annotations

from collections.abc import Callable

from picket.tools.running import Ended


def incomplete_unless(*statuses: int) -> Callable[[Ended, object], str]:
    """Return a rule: a run has looked at everything if it ended with one of *statuses*."""

    def incomplete(ended: Ended, _document: object) -> str:
        return "" if ended.status in statuses else ended_with(ended)

    return incomplete


def failed_unless(*statuses: int) -> Callable[[Ended], bool]:
    """Return a rule: a run has no report unless it ended with one of *statuses*."""
    return lambda ended: ended.status not in statuses


def ended_with(ended: Ended) -> str:
    """Say how a run ended."""
    if ended.status < 0:
        return f"it was ended by signal {-ended.status}"
    return f"it ended with status {ended.status}"

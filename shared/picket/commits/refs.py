"""Which refs of a repository a scan looks at: all of them, those of pull requests only where asked."""

from __future__ import annotations

import re

from picket.forges import FORGES

PULL_REQUESTS = tuple(sorted({place for forge in FORGES.values() for place in forge.pull_requests}))
"""Where forges keep the heads of pull requests."""

_TRIAL_MERGE = re.compile(rf"(?:{'|'.join(PULL_REQUESTS)})/.+/merge")
"""Merge commits that a forge makes to test a pull request."""


def is_looked_at(name: str, *, pull_requests: bool) -> bool:
    """Return whether a scan looks at the ref *name*, a full ref name or `HEAD`."""
    if not name.startswith(tuple(f"{place}/" for place in PULL_REQUESTS)):
        return True
    return pull_requests and _TRIAL_MERGE.fullmatch(name) is None


def excluded(*, pull_requests: bool) -> list[str]:
    """Return glob patterns of the refs that a scan leaves out, each with one `*`, which also matches slashes."""
    return [f"{place}/*/merge" if pull_requests else f"{place}/*" for place in PULL_REQUESTS]

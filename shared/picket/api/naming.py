"""Which repository somebody means."""

from __future__ import annotations

from contextlib import suppress

from picket.api.queries import OddQuery
from picket.commits.repository import parse_address
from picket.effects.mongo import repositories as store
from picket.errors import PermanentError


def identity(wanted: str) -> str:
    """Return the id of the repository that somebody names by id, by a name it has had, or by its URL."""
    known_as = store.resolve(wanted)
    if known_as is None:
        with suppress(PermanentError):
            known_as = store.resolve(parse_address(wanted, local=True).name)
    return known_as or wanted


def known_repository(wanted: str) -> str:
    """Return the id of the repository that a query names.

    Raises:
        OddQuery: It is not known.
    """
    found = identity(wanted)
    if store.get(found) is None:
        raise OddQuery("repository", f"repository {wanted[:200]} is not known")
    return found

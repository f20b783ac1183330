"""Cursor paging: `limit` and `after`; `next` is the cursor of the next page or null."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from picket.api.queries import OddQuery, given
from picket.effects.mongo.client import D


def paged(read: Callable[[str, int], list[D]], by: str = "_id") -> tuple[list[D], str | None]:
    """Read the page the request asks for.

    Args:
        read: Gives up to so many documents whose *by* follows the given one.
        by: Field that the pages are in the order of.

    Returns:
        The documents, and the cursor of the next page or None.

    Raises:
        OddQuery: `limit` or `after` is not what it should be.
    """
    query = given()
    limit = query["limit"]
    found = read(_decode(query["after"]), limit + 1)
    more = len(found) > limit
    return found[:limit], _encode(found[limit - 1][by]) if more else None


def _encode(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise OddQuery("after", "after is not a cursor of this API") from None

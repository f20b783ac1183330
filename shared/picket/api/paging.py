"""Cursor paging: `limit` and `after`; `next` is the cursor of the next page or null."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from flask import request

from picket.effects.mongo.client import Document
from picket.errors import Malformed

DEFAULT_LIMIT, MAX_LIMIT = 50, 200


def paged(read: Callable[[str, int], list[Document]], by: str = "_id") -> tuple[list[Document], str | None]:
    """Read the page the request asks for.

    Args:
        read: Gives up to so many documents whose *by* follows the given one.
        by: Field that the pages are in the order of.

    Returns:
        The documents, and the cursor of the next page or None.

    Raises:
        Malformed: `limit` or `after` is not what it should be.
    """
    limit = _limit(request.args.get("limit", str(DEFAULT_LIMIT)))
    found = read(_decode(request.args.get("after", "")), limit + 1)
    more = len(found) > limit
    return found[:limit], _encode(found[limit - 1][by]) if more else None


def _limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise Malformed(f"limit is a number from 1 to {MAX_LIMIT}")
    return int(text)


def _encode(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Malformed("after is not a cursor of this API") from None

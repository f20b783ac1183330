"""Reading lists of the API, page by page."""

from __future__ import annotations

from typing import Annotated

import typer

from picket.cli.client import Client, Json

Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]
_PAGE = 200
"""Rows that the API gives at once, at most."""


def rows(client: Client, path: str, name: str, limit: int | None = None, **filters: str) -> tuple[list[Json], bool]:
    """Read the pages of a list.

    Args:
        client: The server.
        path: Where the list is.
        name: What its rows are under.
        limit: At most so many rows; None: all.
        filters: Query parameters; empty ones are left out.

    Returns:
        The rows, and whether there are more.
    """
    found: list[Json] = []
    after = ""
    while True:
        size = _PAGE if limit is None else min(_PAGE, limit - len(found))
        page = client.get(path, limit=str(size), after=after, **filters)
        found += page[name]
        after = page["next"]
        if not after or (limit is not None and len(found) >= limit):
            return found, bool(after)

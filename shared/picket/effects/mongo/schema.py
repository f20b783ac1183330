"""Versions of stored documents, so that revisions of a function can work side by side.

A field that is added, and means something where it is missing, needs no new version: updates name the fields that they
set, so code that does not know it leaves it alone. What older code must not touch is written with a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from picket.effects.mongo.client import D
from picket.errors import Newer

VERSION = 1


class Stamp(TypedDict):
    """The version that a document is written in."""

    schema: int


STAMP: Stamp = {"schema": VERSION}
"""Field of every document that functions work on."""


def is_known(document: Mapping[str, Any]) -> bool:
    """Return whether this code understands a document."""
    return bool(document.get("schema", VERSION) <= VERSION)


def readable(document: D | None) -> D | None:
    """Return a document that this code understands, or None as it came.

    Raises:
        Newer: A newer revision wrote it; the event comes again, until it reaches one.
    """
    if document is not None:
        known(document)
    return document


def known(document: D) -> D:
    """Return a document that this code understands; see `readable`."""
    if not is_known(document):
        raise Newer(f"{document['_id']} was written by a newer revision (schema {document['schema']})")
    return document

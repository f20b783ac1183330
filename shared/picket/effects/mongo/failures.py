"""What an error of the store means: that it is away just now, or that something must be mended first."""

from __future__ import annotations

import re

from bson.errors import BSONError
from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure, PyMongoError

FULL = "the store's disk is full"
NOT_WRITABLE = "the store's disk may not be written"
NOT_KNOWN = "the store does not know the user of MONGODB_URI, or its password is another one"
NOT_ALLOWED = "the user of MONGODB_URI may not do this"
_AWAY = {
    6: "a host of the store cannot be reached",
    7: "a host of the store is not found",
    24: "a lock of the store was not had in time",
    43: "the store has dropped a cursor",
    46: "the store is busy",
    50: "the store took too long",
    64: "the store's replicas took too long",
    89: "the store's network is slow",
    91: "the store is shutting down",
    100: "too few replicas of the store are up",
    112: "two writes met",
    133: "no replica of the store can take it",
    134: "the store's replicas are not there yet",
    189: "the store has another primary",
    202: "the store's network is overloaded",
    262: "the store took too long",
    9001: "the store's connection broke",
    10107: "the store has another primary",
    11600: "the store is shutting down",
    11602: "the store has another primary",
    13435: "the store has no primary",
    13436: "the store is starting",
    14031: FULL,
}
"""Codes of MongoDB that pass by themselves, or once its disk has room.

Source: MongoDB's `error_codes.yml`, categories RetriableError, NetworkError, NotPrimaryError, ShutdownError and
ExceededTimeLimitError, and code 14031.
"""
_TO_BE_MENDED = {
    13: NOT_ALLOWED,
    18: NOT_KNOWN,
    8000: NOT_KNOWN,
    10334: "a document is larger than the store takes",
    17280: "a key is longer than the store's index takes",
}
"""Codes that stay until somebody changes something. Source: as above; 8000 is Atlas' own for 18."""
_SQLITE = {
    "database is locked": "the store is busy",
    "database table is locked": "the store is busy",
    "database or disk is full": FULL,
    "disk I/O error": "the store's disk does not answer",
    "attempt to write a readonly database": NOT_WRITABLE,
    "unable to open database file": NOT_WRITABLE,
}
"""The embedded store hands SQLite's messages on without a code. Source: `sqlite3ErrStr` in SQLite's main.c."""
_ANY_OF_SQLITE = re.compile("|".join(map(re.escape, _SQLITE)))


def is_outage(error: Exception) -> bool:
    """Return whether *error* says that the store cannot do it now and may do it later."""
    if not isinstance(error, PyMongoError):
        return False
    retryable = error.has_error_label("RetryableWriteError") or error.has_error_label("TransientTransactionError")
    return isinstance(error, ConnectionFailure) or error.timeout or retryable or bool(_passing(error))


def reason(error: Exception) -> str:
    """Return what *error* means, "" where it is not the store's; never its own message, which quotes documents."""
    if not isinstance(error, PyMongoError | BSONError):
        return ""
    kind = type(error).__name__
    if isinstance(error, ConnectionFailure):
        return f"the store does not answer ({kind})"
    if isinstance(error, ConfigurationError):
        return f"MONGODB_URI cannot be used ({kind})"
    if isinstance(error, BSONError):
        return f"the store cannot hold a document ({kind})"
    known = _passing(error) or next((_TO_BE_MENDED[code] for code in _codes(error) if code in _TO_BE_MENDED), "")
    return known or f"the store refused an operation ({', '.join((kind, *map(str, _codes(error))))})"


def _passing(error: PyMongoError) -> str:
    """Return which outage *error* is, if it is one that a code or SQLite tells."""
    for code in _codes(error):
        if code in _AWAY:
            return _AWAY[code]
    found = _ANY_OF_SQLITE.search(_message(error))
    return _SQLITE[found[0]] if found else ""


def _codes(error: PyMongoError) -> list[int]:
    """Return the codes of *error*, those of each write of a bulk included."""
    if not isinstance(error, OperationFailure):
        return []
    codes = [error.code, *(item.get("code") for item in _writes(error))]
    return list(dict.fromkeys(code for code in codes if isinstance(code, int)))


def _message(error: PyMongoError) -> str:
    """Return what the store itself said, without documents: those of a write are in `op`, beside `errmsg`."""
    if not isinstance(error, OperationFailure):
        return ""
    details = error.details or {}
    return " ".join(str(item.get("errmsg", "")) for item in (details, *_writes(error)))


def _writes(error: OperationFailure) -> list[dict[str, object]]:
    return list((error.details or {}).get("writeErrors", ()))

"""The connection to the store, made on first use: gunicorn imports before it forks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, overload

from pymongo import IndexModel, MongoClient
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from picket.context import context
from picket.settings import settings

Document = dict[str, Any]
"""A document, filter or update as PyMongo takes it; those that leave `effects.mongo` have a type: see `documents`."""
D = TypeVar("D", bound=Mapping[str, Any])

_INDEXES: dict[str, tuple[str, ...]] = {
    "scans": (
        *("parent", "repository", "running", "root", "open_under", "due", "queue", "branch", "taken_by", "fetching"),
        *("lease_until", "untold", "place", "open"),
        *("idle_since", "retry_at"),  # of a former version
    ),
    "batches": ("scan", "open_in", "lease_until", "material"),
    "findings": (
        *("repository", "scored_in", "rated", "judged", "identity", "accepted_until", "evidence.rule", "list_key"),
        *("listed", "in_repository", "of_repository", "of_rule", "assigned", "weighs", "arrived", "closed"),
        *("verify_due", "kept", "first.commit"),
    ),
    "occurrences": ("finding",),
    "repositories": (
        *("forge_key", "team", "due", "waits_since", "evidence", "rescan_asked", "listed_in", "forgetting"),
        *("list_key", "refs_due"),
    ),
    "names": ("repository",),
    "coverage": ("repository",),
    "organizations": ("due", "resume", "list_key"),
    "organization_pages": ("organization",),
    "score_history": ("moved", "entity", "kept_from"),
    "deliveries": ("kept_from",),
    "pushes": ("kept_from", "repository"),
    "idempotency": ("kept_from",),
    "notices": ("kept_from",),
    "statuses": ("kept_from", "watched", "due", "proposal"),
    "forge_budgets": ("kept_from",),
    "report_scopes": ("report",),
    "reports": ("asset", "place", "tool"),
    "reported": ("scope", "finding", "repository", "of_tool"),
    "tool_runs": ("scan", "open_in", "due", "report", "repository", "kept_from"),
    "moved_findings": ("finding", "repository"),
    "approvals": ("place", "open", "unapplied"),
    "team_changes": ("team",),
    "sources": ("source", "connection"),
    "connections": ("due", "list_key"),
    "hooks": ("connection", "due"),
    "tokens": ("token", "name"),
    "dead_letters": ("place", "open", "dataref", "kept_from"),
    "rejections": ("place", "open", "dataref", "kept_from"),
}
"""Secondary indexes. One field each: the one-machine store ignores compound ones."""


@context.kept_until(MongoClient.close)
def client() -> MongoClient[Document]:
    """Return the client of this process."""
    config = settings()
    milliseconds = int(config.mongodb_timeout_seconds * 1000)
    return MongoClient(
        config.mongodb_uri.get_secret_value(),
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=max(milliseconds, 10_000),
        appname=f"picket-{config.service}",
    )


@overload
def collection(name: str) -> Collection[Document]: ...


@overload
def collection(name: str, of: type[D]) -> Collection[D]: ...


def collection(name: str, of: type[D] | None = None) -> Collection[Any]:  # noqa: ARG001 - read by the type checker
    """Return a collection whose indexes are there, of documents of the type *of* (see `documents`)."""
    return _collection(name)


@context.kept
def _collection(name: str) -> Collection[Document]:
    found = client()[settings().mongodb_database][name]
    if lacking := _lacking(name, found):
        found.create_indexes([IndexModel(field) for field in lacking])
    return found


def _lacking(name: str, found: Collection[Document]) -> list[str]:
    """Return the indexed fields of a collection whose indexes are not there."""
    fields = _INDEXES.get(name, ())
    keys = found.index_information().values() if fields else ()
    there = {field for key in keys for field, _ in key["key"]}
    return [field for field in fields if field not in there]


def missing_indexes() -> list[str]:
    """Make the indexes that are not there yet, and return those that the store has not got even so."""
    return [f"{name}.{field}" for name in _INDEXES for field in _lacking(name, collection(name))]


def insert_new(name: str, documents: Sequence[Mapping[str, Any]]) -> None:
    """Insert those of *documents* whose `_id` is not there yet.

    Raises:
        pymongo.errors.PyMongoError: Something other than a duplicate stood in the way.
    """
    duplicate_key = 11000
    if not documents:
        return
    try:
        _collection(name).insert_many([dict(one) for one in documents], ordered=False)
    except BulkWriteError as error:
        if any(item.get("code") != duplicate_key for item in error.details.get("writeErrors", [])):
            raise


def count_by_state(name: str, which: Document) -> dict[str, int]:
    """Count the documents of a collection that match *which*, by their `state`.

    PyMongo's own `count_documents` groups by a constant, for which the one-machine store reads the whole collection,
    whatever *which* asks for; to group by a field it uses the index.
    """
    steps: list[Document] = [{"$match": which}, {"$group": {"_id": "$state", "count": {"$sum": 1}}}]
    return {str(group["_id"]): int(group["count"]) for group in collection(name).aggregate(steps)}


def count(name: str, which: Document) -> int:
    """Count the documents of a collection that match *which*."""
    return sum(count_by_state(name, which).values())


def key(*parts: str) -> str:
    """Return a deterministic `_id` of *parts*: 64 hex digits."""
    return hashlib.sha256("|".join(parts).encode(errors="surrogateescape")).hexdigest()


def members(document: Mapping[str, Any], names: Iterable[str]) -> Document:
    """Return the members of *document* that are named, in that order."""
    return {name: document[name] for name in names}


def public(document: Mapping[str, Any]) -> Document:
    """Return *document* with `_id` as `id` first."""
    return {"id": document["_id"], **{name: value for name, value in document.items() if name not in {"_id", "schema"}}}

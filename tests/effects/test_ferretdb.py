"""What FerretDB 1.24 does to documents, on SQLite and PostgreSQL alike: the reasons why Picket does not run on it.

Its own source says so: `internal/handler/common/update.go`, "$setOnInsert do not set null and empty array value", and
`internal/types/document_validation.go`. With the field `chain` of a scan gone, enumerate ended with a KeyError on every
request; with `deltas` of a score gone, the API did. MongoDB and the embedded store keep both.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import WriteError

GIVEN: dict[str, Any] = {"chain": [], "owner": None, "costs": {}, "kind": "full"}


@pytest.fixture(
    params=[
        "nx_uri",
        *(
            pytest.param(name, marks=pytest.mark.real("ferretdb"))
            for name in ("ferretdb_uri", "ferretdb_on_postgresql_uri")
        ),
    ]
)
def documents(request: pytest.FixtureRequest) -> Iterator[Collection[dict[str, Any]]]:
    """An empty collection in each store."""
    with MongoClient[dict[str, Any]](request.getfixturevalue(request.param)) as client:
        yield client["test-ferretdb"]["documents"]
        client.drop_database("test-ferretdb")


def is_ferretdb(documents: Collection[dict[str, Any]]) -> bool:
    return "ferretdbVersion" in documents.database.client.admin.command("buildInfo")


def test_ferretdb_leaves_null_and_empty_lists_out_of_a_document_that_an_upsert_makes(
    documents: Collection[dict[str, Any]],
) -> None:
    documents.update_one({"_id": "s"}, {"$setOnInsert": GIVEN}, upsert=True)
    kept = {"costs": {}, "kind": "full"} if is_ferretdb(documents) else GIVEN
    assert documents.find_one({"_id": "s"}) == {"_id": "s", **kept}

    documents.insert_one({"_id": "t", **GIVEN})
    assert documents.find_one({"_id": "t"}) == {"_id": "t", **GIVEN}, "an insert keeps them"


def test_ferretdb_takes_no_list_of_lists_as_a_teams_score_has_one(documents: Collection[dict[str, Any]]) -> None:
    members = [["github.com/o/r", 81.5, 1.0]]
    if is_ferretdb(documents):
        with pytest.raises(WriteError, match="nested arrays are not supported"):
            documents.insert_one({"_id": "t", "members": members})
    else:
        documents.insert_one({"_id": "t", "members": members})
        assert documents.find_one({"_id": "t"}) == {"_id": "t", "members": members}

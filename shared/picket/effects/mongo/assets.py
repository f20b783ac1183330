"""Assets that are no repositories: images, domains, hosts, URLs, namespaces.

They are documents beside the repositories, of the same shape where they have the same: a team, a score, findings.
"""

from __future__ import annotations

from picket.components import assets
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Repository
from picket.effects.mongo.schema import STAMP
from picket.errors import Gone
from picket.events import AssetType, now


def ensure(asset_type: AssetType, name: str) -> Repository:
    """Return an asset by its canonical name; record it if it is new."""
    identity = assets.identity(asset_type, name)
    fresh = {
        "name": name,
        "url": "",
        "asset_type": asset_type,
        "list_key": "",
        "created_at": now(),
        "criticality": 1.0,
        **STAMP,
    }
    collection("repositories").update_one({"_id": identity}, {"$setOnInsert": fresh}, upsert=True)
    return get(identity)


def get(identity: str) -> Repository:
    """Return an asset.

    Raises:
        Gone: It is not known.
    """
    found = collection("repositories", Repository).find_one({"_id": identity})
    if found is None or is_repository(found):
        raise Gone("no such asset")
    return found


def is_repository(document: Repository) -> bool:
    """Return whether an asset is a repository."""
    return "asset_type" not in document

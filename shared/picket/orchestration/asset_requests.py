"""Asking for scans of images, domains, hosts, URLs and namespaces."""

from __future__ import annotations

from picket.effects.mongo import assets
from picket.events import AssetType, ScanRequested


def request(asset_type: AssetType, name: str, meant: str, **told: object) -> ScanRequested:
    """Return the request for a scan of an asset, which is recorded if it is new.

    Args:
        asset_type: Any kind but a repository.
        name: Its canonical name.
        meant: Tag or digest of an image; empty otherwise.
        told: Other fields of the request: scan, parent, tools, reason, chain.
    """
    asset = assets.ensure(asset_type, name)
    fields = {"repository": asset["_id"], "url": "", "asset_type": asset_type, "asset": meant, **told}
    return ScanRequested.model_validate(fields)

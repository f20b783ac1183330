"""Who speaks through a webhook whose sender signs for everybody alike, such as an SNS topic: the first one stays."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from picket.effects.mongo.client import collection
from picket.effects.mongo.schema import STAMP
from picket.events import now


def pin(webhook: str, speaker: str) -> bool:
    """Let *speaker* be who speaks through a webhook unless somebody does already; return whether it is the one."""
    try:
        collection("speakers").insert_one({"_id": webhook, "speaker": speaker, "at": now(), **STAMP})
    except DuplicateKeyError:
        return speaks(webhook, speaker)
    return True


def speaks(webhook: str, speaker: str) -> bool:
    """Return whether *speaker* is who speaks through a webhook."""
    found = collection("speakers").find_one({"_id": webhook})
    return bool(found and speaker and found["speaker"] == speaker)


def release(webhook: str) -> None:
    """Let the next one who is confirmed speak through a webhook."""
    collection("speakers").delete_one({"_id": webhook})

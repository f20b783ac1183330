"""Copies of blobs in which open secrets stand, so that what asks their providers can find them again.

One is kept for each secret whose provider can be asked, by the function that finds it; it goes once no open finding
needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from enum import Enum

from picket.detection.report import Occurrence
from picket.effects import artifacts
from picket.effects.mongo import duties as store
from picket.effects.mongo import findings
from picket.effects.telemetry import note
from picket.findings.identity import value_id
from picket.findings.stored import NewFinding
from picket.orchestration import duties
from picket.settings import settings
from picket.verification import verifier_for

PREFIX = "secrets/"
_EVERY = timedelta(hours=6)
_AT_ONCE = 200
_GRACE = timedelta(days=1)
"""How long a copy stays whatever needs it: the finding is stored after it."""

Read = Callable[[Iterable[str]], Iterator[tuple[str, bytes | Enum]]]


def keep(found: Sequence[NewFinding], occurrences: Sequence[Occurrence], read: Read) -> None:
    """Keep a copy for each new finding that its provider can be asked about, and note it in the finding.

    Args:
        found: Findings, not stored yet.
        occurrences: Where their secrets were seen.
        read: Gives blobs by id.
    """
    wanted = [one for one in found if verifier_for(one["evidence"]["rule"])]
    known = findings.with_a_copy(one["_id"] for one in wanted)
    lacking = {one["identity"]: one for one in wanted if one["_id"] not in known}
    if not lacking:
        return
    places: dict[str, list[tuple[NewFinding, str]]] = {}
    for item in occurrences:
        finding = lacking.pop(value_id(settings().hmac_key, item.at.identity), None) if item.blob else None
        if finding is not None:
            places.setdefault(item.blob, []).append((finding, item.at.blob_path or item.at.path))
    for blob, content in read(sorted(places)):
        if isinstance(content, bytes):
            for finding, path in places[blob]:
                finding["kept"] = f"{finding['repository']}/{blob}"
                finding["kept_path"] = path
            artifacts.put(PREFIX + places[blob][0][0]["kept"], content)


def reference(kept: str) -> str:
    """Return the reference of a copy in the artifact store."""
    return artifacts.reference(PREFIX + kept)


def clear(cursor: str) -> str | None:
    """Delete some of the copies that no open finding needs, four times a day."""
    if not cursor and not store.claim("kept", _EVERY):
        return None
    ahead = sorted(one for one in artifacts.older_than(PREFIX, _GRACE) if one > cursor)
    duties.each("kept", ahead[:_AT_ONCE], _delete)
    return ahead[_AT_ONCE - 1] if len(ahead) > _AT_ONCE else None


def _delete(copy: str) -> None:
    kept = copy.removeprefix(artifacts.reference(PREFIX))
    if not findings.needs_copy(kept):
        findings.without_copy(kept)
        artifacts.delete(copy)
        note("copy of a blob deleted")

"""Deleting what is no longer needed from the artifact store; what an open batch or a kept letter refers to stays."""

from __future__ import annotations

from datetime import timedelta

from picket.effects import artifacts
from picket.effects.mongo import batches, rejections
from picket.effects.mongo import duties as store
from picket.effects.telemetry import note
from picket.orchestration import duties, material, toolbox
from picket.settings import settings

_EVERY = timedelta(hours=1)
_EVENTS = "events/"
AT_ONCE = 200
"""Objects that one event looks at."""


def run(cursor: str) -> str | None:
    """Delete some of what has expired, once an hour however many ticks and replicas there are."""
    if not cursor and not store.claim("expiry", _EVERY):
        return None
    span = timedelta(days=settings().artifact_days)
    old = sorted(
        one for prefix in (material.PREFIX, toolbox.PREFIX, _EVENTS) for one in artifacts.older_than(prefix, span)
    )
    ahead = [reference for reference in old if reference > cursor]
    duties.each("expiry", ahead[:AT_ONCE], _delete)
    return ahead[AT_ONCE - 1] if len(ahead) > AT_ONCE else None


def _delete(reference: str) -> None:
    """Delete what has expired unless it is needed, or was written anew since it was listed."""
    is_event = reference.startswith(artifacts.reference(_EVENTS))
    if rejections.refers_to(reference) if is_event else batches.needs(material.manifest_of(reference)):
        return
    age = artifacts.age(reference)
    if age is not None and age > timedelta(days=settings().artifact_days):
        artifacts.delete(reference)
        note("artifact expired")

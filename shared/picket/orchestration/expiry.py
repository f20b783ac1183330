"""Deleting what nobody needs any more from the artifact store; what an open batch or a kept letter refers to stays."""

from __future__ import annotations

from datetime import timedelta

from picket.effects import artifacts
from picket.effects.mongo import batches, duties, rejections
from picket.effects.telemetry import note
from picket.orchestration import material
from picket.settings import settings

_EVERY = timedelta(hours=1)
_EVENTS = "events/"


def run() -> None:
    """Delete what has expired, once an hour however many ticks and replicas there are."""
    if not duties.claim("expiry", _EVERY):
        return
    span = timedelta(days=settings().artifact_days)
    old = [one for one in artifacts.older_than(material.PREFIX, span) if not batches.needs(material.manifest_of(one))]
    old += [one for one in artifacts.older_than(_EVENTS, span) if not rejections.refers_to(one)]
    for reference in old:
        age = artifacts.age(reference)
        if age is not None and age > span:  # not written anew since it was listed
            artifacts.delete(reference)
    if old:
        note("artifacts expired", count=len(old))

"""What is found in a whole history, each secret once, with the evidence that a report would show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from picket.detection import Engine, Hit
from picket.scanning import revisions
from picket.scanning.sources import HistorySource

_MAX_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Searched:
    """How many commits a history has, and of each secret in it the hit that is believed most, with its path."""

    commits: int
    hits: Mapping[bytes, tuple[Hit, str]]


def search(repository: Path, engine: Engine) -> Searched:
    """Scan every blob that any ref of a bare clone reaches.

    Args:
        repository: The clone; blobs that it lacks are left out.
        engine: Remembers from then on.
    """
    engine.remember()
    best: dict[bytes, tuple[Hit, str]] = {}
    with revisions.log_of(repository, revisions.everything(pull_requests=True)) as log:
        source = HistorySource(repository, log, _MAX_BYTES)
        with source.store.open() as read:
            for blob, content in read(source.order()):
                if not isinstance(content, bytes):
                    continue
                paths = [path.decode("utf-8", "replace") for path in source.paths[blob]]
                for path, hits in zip(paths, engine.scan_at(content, paths), strict=True):
                    for hit in hits:
                        known = best.get(hit.identity)
                        if known is None or hit.confidence > known[0].confidence:
                            best[hit.identity] = hit, path
    engine.forget()
    return Searched(source.commits, best)

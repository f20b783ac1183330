"""`make bench-exactness`: of every blob of real histories the same is found, whether or not earlier versions are known.

`BENCH_REPOSITORIES` names the folder with the bare clones, as for `make bench-scan`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.real import HELD, folder_of

from picket.detection import Engine, Hit, default_ruleset, encodings
from picket.scanning import revisions
from picket.scanning.sources import HistorySource

_MAX_BYTES = 50_000_000


def main() -> None:
    """Compare each repository's blobs; ends with 1 if any differs."""
    folder = folder_of(os.environ.get("BENCH_REPOSITORIES", ""))
    different = 0
    for repository in [*sorted(folder.glob("*.git")), *sorted((folder / HELD).glob("*.git"))]:
        blobs, hits, names = 0, 0, []
        for blob, plain, remembering in _found(repository.resolve()):
            blobs, hits = blobs + 1, hits + sum(map(len, plain))
            names += [blob] if plain != remembering else []
        different += len(names)
        sys.stdout.write(f"{repository.stem}: {blobs} blobs, {hits} hits, {len(names)} differ {' '.join(names[:5])}\n")
        sys.stdout.flush()
    sys.exit(1 if different else 0)


def _found(repository: Path) -> Iterator[tuple[str, list[list[object]], list[list[object]]]]:
    """Give for each blob what is found in it by itself, and what with the blobs before it in mind."""
    plain, remembering = Engine(default_ruleset()), Engine(default_ruleset())
    remembering.remember()
    with revisions.log_of(repository, revisions.everything(pull_requests=True)) as log:
        source = HistorySource(repository, log, _MAX_BYTES)
        with source.store.open() as read:
            for blob, content in read(source.order()):
                if isinstance(content, bytes):
                    paths = [path.decode("utf-8", "replace") for path in source.paths[blob]]
                    alone = [_alone(plain, content, path) for path in paths]
                    yield blob, _told(alone), _told(remembering.scan_at(content, paths))


def _alone(engine: Engine, content: bytes, path: str) -> list[Hit]:
    """Find what is in one blob with nothing remembered: as when every candidate is to be explained."""
    encodings.forget()
    if engine._examination:
        engine._examination._bare.clear()
    [(hits, _)] = engine._examine(content, [path], "", explain=True)
    return hits


def _told(found: list[list[Hit]]) -> list[list[object]]:
    return [
        [(hit.rule.id, hit.secret, *hit.places, hit.severity, hit.confidence, hit.reasons) for hit in hits]
        for hits in found
    ]


if __name__ == "__main__":
    main()

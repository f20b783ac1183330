"""What the functions count, gathered from the files in which prometheus_client keeps it.

Each process of a function has a folder of its own. When it has ended, killed or not, what it counted is added to what
those before it counted, so that no number goes down because a function went to zero.
"""

from __future__ import annotations

import itertools
import logging
import shutil
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

log = logging.getLogger(__name__)

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Tells prometheus_client where a process keeps its numbers."""
_RETIRED = "retired"


class Numbers:
    """The numbers of all functions since the start of the stack."""

    def __init__(self, folder: Path) -> None:
        """Begin at zero in *folder*, whatever an earlier stack left there."""
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder
        self._retired = folder / _RETIRED
        self._retired.mkdir(parents=True)
        self._serial = itertools.count(1)

    def home(self, function: str) -> Path:
        """Return a new folder for the numbers of one process."""
        folder = self._folder / f"{function}-{next(self._serial)}"
        folder.mkdir()
        return folder

    def retire(self, home: Path) -> None:
        """Keep what the process of *home*, which has ended, counted, and remove its folder."""
        for file in sorted(home.glob("*.db")):
            try:
                self._add(file)
            except (RuntimeError, struct.error, ValueError) as error:
                log.warning("%s: what a killed process counted cannot be read: %s", home.name, error)
        shutil.rmtree(home, ignore_errors=True)

    def families(self) -> Iterable[Metric]:
        """Return what has been counted, the replicas of a function taken together; nothing where metrics are off."""
        files = [str(file) for file in self._folder.glob("*/*.db") if file.stat().st_size]
        if not files:
            return []
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 - only when they count

        found: Iterable[Metric] = MultiProcessCollector.merge(files)
        return found

    def _add(self, file: Path) -> None:
        """Add the numbers in *file* to the retired ones of its kind; of gauges the later one stays."""
        from prometheus_client.mmap_dict import MmapedDict  # noqa: PLC0415 - likewise

        kind = file.name.rpartition("_")[0]
        kept = MmapedDict(str(self._retired / f"{kind}_0.db"))
        try:
            for key, value, stamp, _ in MmapedDict.read_all_values_from_file(str(file)):
                before, at = kept.read_value(key)
                if not kind.startswith("gauge"):
                    kept.write_value(key, before + value, 0.0)
                elif stamp >= at:
                    kept.write_value(key, value, stamp)
        finally:
            kept.close()

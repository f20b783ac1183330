"""No room left where mirrors and artifacts are, and room again after a while."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from tests.stack.faults import project, truth
from tests.stack.faults.burst import Senders, plan
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer
from tests.support.stack import picket_up

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]

FILLER = 100_000
PADDING = 300_000
"""More than an event carries: a push's payload goes through the artifact store."""
FULL_SECONDS = 8.0
ROOM = 64 << 20
_BLOCK = 4096


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_what_is_accepted_ends_well_without_help_once_a_full_disk_has_room_again(
    tmp_path: Path, forge: GitHttpServer
) -> None:
    planned = plan(forge, 36, repositories=4, filler=FILLER, padding=PADDING)
    row = Row("disk of mirrors and artifacts full")
    copy = project.copy(tmp_path / "project", project.FORGETFUL)
    environment = {"PICKET_ARTIFACTS": f"file://{tmp_path / 'artifacts'}"}
    with ExitStack() as mounts:
        disks = [mounts.enter_context(small_disk(tmp_path / part)) for part in ("disk", "artifacts")]
        (tmp_path / "data").mkdir()
        for part in ("mirrors", "scratch"):
            (tmp_path / "disk" / part).mkdir()
            (tmp_path / "data" / part).symlink_to(tmp_path / "disk" / part)
        with picket_up(tmp_path / "data", "--project", str(copy), environment=environment) as stack:
            source = stack.post("/webhooks", {"sender": "github", "name": "t"})
            truth.record(stack)
            senders = Senders(stack, source, row)
            senders.send(planned[:12])
            for disk in disks:
                disk.fill()
            others = threading.Thread(target=senders.send, args=(planned[12:],))
            others.start()
            keep_full(disks)
            for disk in disks:
                disk.free()
            row.done["disk full"] += len(disks)
            others.join()
            mine = [push.scan(source) for push in planned]
            truth.tick_until_ended(stack, mine)
            truth.wait_until_final(stack, mine)

            truth.verify(stack, row, planned, source, truth.recorded(stack))


class Disk:
    """A file system with little room."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room."""
        with self._ballast.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(_BLOCK))

    def free(self) -> None:
        """Make room."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mount a small file system at *folder* until the block ends."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def keep_full(disks: Sequence[Disk]) -> None:
    """Take what room there is for as long as it is to last, as others who write there do."""
    end = time.monotonic() + FULL_SECONDS
    while time.monotonic() < end:
        for disk in disks:
            disk.fill()
        time.sleep(0.2)

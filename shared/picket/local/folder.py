"""The data folder of one stack, locked against others."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from picket.errors import TransientError
from picket.local import reaper

_POLL_SECONDS = 0.05


class InUse(TransientError):
    """Another stack runs on the folder."""


@asynccontextmanager
async def locked(folder: Path) -> AsyncIterator[int]:
    """Create *folder* with what is in every one, hold its lock, and yield the descriptor that holds it.

    The reaper inherits the descriptor, so what a killed stack left running is gone before another one gets the lock.

    Raises:
        InUse: Another stack has it.
    """
    for part in ("logs", "run"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        await _lock(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


async def _lock(descriptor: int, folder: Path) -> None:
    """Take the lock; wait for it only while the reaper of a stack that is dead clears up."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + reaper.GRACE_SECONDS + 1
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            written = os.pread(descriptor, 20, 0)
            owner = int(written) if written.isdigit() else 0
            if _alive(owner) or loop.time() > deadline:
                raise InUse(f"a stack already runs on {folder} (process {owner})") from error
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

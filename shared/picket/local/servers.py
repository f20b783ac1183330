"""The servers the stack brings along: nats-server and the store. One that dies is started again at the same address."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from picket.errors import TransientError
from picket.local.processes import Child, Nursery

log = logging.getLogger(__name__)

START_SECONDS = 20.0
STOP_GRACE = 5.0
_POLL_SECONDS = 0.01
_FIRST_PAUSE = 0.05
_LAST_PAUSE = 5.0

_NATS_LISTENS = re.compile(r"Listening for client connections on 127\.0\.0\.1:(\d+)")
_STORE_LISTENS = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")


class ServerFailed(TransientError):
    """A server did not come up."""


class Server:
    """One server process on a port of its own choice, which it keeps over restarts."""

    def __init__(
        self, name: str, command: Callable[[int], Sequence[str]], listens: re.Pattern[str], folder: Path
    ) -> None:
        """Describe a server: *command* of the port to take (0: any); its log says the port where *listens* matches."""
        self.name = name
        self.port = 0
        self._command = command
        self._listens = listens
        self._output = folder / "logs" / f"{name}.log"
        self._child: Child | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Process id, 0 when it is not running."""
        return self._child.pid if self._child and self._child.running else 0

    async def start(self, nursery: Nursery) -> None:
        """Start it, and watch over it from then on.

        Raises:
            ServerFailed: It does not come up.
        """
        self._child = await self._spawn(nursery)
        self._watcher = asyncio.create_task(self._keep_up(nursery))

    async def stop(self) -> None:
        """End it for good."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        if self._child is not None:
            await self._child.stop(STOP_GRACE)

    async def _spawn(self, nursery: Nursery) -> Child:
        env = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
        child = nursery.spawn(self._command(self.port), env=env, output=self._output)
        try:
            async with asyncio.timeout(START_SECONDS):
                while not (found := self._listens.search(child.written())):
                    if not child.running:
                        raise ServerFailed(f"{self.name} does not start: {child.tail()}")
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            await child.stop(0)
            raise ServerFailed(f"{self.name} is not up after {START_SECONDS:.0f} s: {child.tail()}") from None
        except asyncio.CancelledError:
            await child.stop(STOP_GRACE)
            raise
        self.port = int(found[1])
        return child

    async def _keep_up(self, nursery: Nursery) -> None:
        pause = _FIRST_PAUSE
        while self._child is not None:
            status = await self._child.wait()
            log.error("%s ended with status %d; starting it again on port %d", self.name, status, self.port)
            await asyncio.sleep(pause)
            try:
                self._child = await self._spawn(nursery)
                pause = _FIRST_PAUSE
            except ServerFailed:
                log.exception("%s cannot be started again yet", self.name)
                pause = min(pause * 2, _LAST_PAUSE)


def nats_server(folder: Path) -> tuple[Server, str, str]:
    """Return a nats-server with JetStream in *folder*, its name, and the token that its clients need.

    The name tells it from any other server, and the token keeps other stacks' clients out.
    """
    name, token = f"picket-{secrets.token_hex(8)}", secrets.token_hex(16)
    config = folder / "run" / "nats-server.conf"
    settings = {
        "server_name": name,
        "authorization": {"token": token},
        # A limit of its own: by default a full disk would make the stream's maxBytes a start-up error.
        "jetstream": {"store_dir": str((folder / "nats").absolute()), "max_file_store": 64 << 30},
    }
    config.touch(mode=0o600)
    config.write_text(json.dumps(settings), encoding="utf-8")
    binary = shutil.which("nats-server") or str(Path(sys.executable).with_name("nats-server"))

    def command(port: int) -> list[str]:
        return [binary, "-c", str(config), "-a", "127.0.0.1", "-p", str(port or -1)]

    return Server("nats-server", command, _NATS_LISTENS, folder), name, token


def store(folder: Path) -> Server:
    """Return a store that speaks MongoDB's wire protocol and keeps its data in *folder*."""
    run, data = folder / "run", folder / "store"
    data.mkdir(exist_ok=True)

    def command(port: int) -> list[str]:
        # It logs to standard error as well; its own file would be a second copy.
        where = ["--data-dir", str(data), "--log-file", os.devnull, "--pid-file", str(run / "store.pid")]
        binary = str(Path(sys.executable).with_name("nx-27017"))
        return [sys.executable, binary, *where, "--host", "127.0.0.1", "--port", str(port)]

    return Server("store", command, _STORE_LISTENS, folder)

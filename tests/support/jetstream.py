"""nats-server with JetStream: one, or several that form a cluster on this machine."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

from tests.support.stores import free_port

_PROGRAM = str(Path(sys.executable).with_name("nats-server"))
_START_SECONDS = 60.0


@contextmanager
def servers(folder: Path, count: int = 1, password: str = "") -> Iterator[list[str]]:
    """Run so many servers until the block ends; yields their URLs once JetStream works.

    Args:
        folder: Where they keep their data.
        count: More than one form a cluster.
        password: What clients must say, if anything; it is in the URLs.
    """
    clients, routes, monitors = ([free_port() for _ in range(count)] for _ in range(3))
    with ExitStack() as running:
        for number in range(count):
            config: dict[str, object] = {
                "server_name": f"n{number}",
                "listen": f"127.0.0.1:{clients[number]}",
                "http": f"127.0.0.1:{monitors[number]}",
                "jetstream": {"store_dir": str(folder / f"n{number}"), "max_file_store": 64 << 30},
            }
            if password:
                config["authorization"] = {"user": "picket", "password": password}
            if count > 1:
                others = [f"nats-route://127.0.0.1:{port}" for port in routes]
                config["cluster"] = {"name": "c", "listen": f"127.0.0.1:{routes[number]}", "routes": others}
            running.enter_context(_server(folder, number, config))
        for port in monitors:
            _wait(f"http://127.0.0.1:{port}/healthz")
        user = f"picket:{password}@" if password else ""
        yield [f"nats://{user}127.0.0.1:{port}" for port in clients]


@contextmanager
def _server(folder: Path, number: int, config: dict[str, object]) -> Iterator[None]:
    file = folder / f"n{number}.conf"
    file.write_text(json.dumps(config))
    with (folder / f"n{number}.log").open("wb") as log:
        process = subprocess.Popen([_PROGRAM, "-c", str(file)], stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def _wait(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urlopen(url, timeout=2):  # noqa: S310 - of our own making
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)

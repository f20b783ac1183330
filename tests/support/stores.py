"""Real stores: the one-machine one, and FerretDB where it is built."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from tests.support.programs import FERRETDB


def free_port() -> int:
    """Return a port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[str]:
    """Run a store until the block ends; yields its URI once it answers."""
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            uri = f"mongodb://127.0.0.1:{port}"
            _wait(uri, process)
            yield uri
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def nx(folder: Path) -> tuple[list[str], int]:
    """Return the command of the one-machine store, and its port."""
    port = free_port()
    program = str(Path(sys.executable).with_name("nx-27017"))
    files = ["--data-dir", str(folder / "data"), "--log-file", str(folder / "log"), "--pid-file", str(folder / "pid")]
    return [program, *files, "--host", "127.0.0.1", "--port", str(port)], port


def ferretdb(folder: Path, postgresql: str = "") -> tuple[list[str], int]:
    """Return FerretDB's command, on SQLite or on the database at the URL *postgresql*, and its port."""
    port = free_port()
    (folder / "sqlite").mkdir()
    options = {
        "listen-addr": f"127.0.0.1:{port}",
        **(
            {"handler": "postgresql", "postgresql-url": postgresql}
            if postgresql
            else {"handler": "sqlite", "sqlite-url": f"file:{folder / 'sqlite'}/"}
        ),
        "telemetry": "disable",
        "state-dir": str(folder),
        "debug-addr": "-",
        "log-level": "error",
    }
    return [str(FERRETDB.path), *(f"--{name}={value}" for name, value in options.items())], port


def _wait(uri: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    with MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=300) as client:
        while True:
            try:
                client.admin.command("ping")
            except PyMongoError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
            else:
                return

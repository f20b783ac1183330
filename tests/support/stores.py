"""Real stores: the one-machine one, and FerretDB where Go can build it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

FERRETDB = "github.com/FerretDB/FerretDB"
FERRETDB_VERSION = "v1.24.0"


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


def ferretdb(folder: Path, postgresql: str = "") -> tuple[list[str], int] | None:
    """Return FerretDB's command, on SQLite or on the database at the URL *postgresql*, and its port.

    None where it cannot be built.
    """
    program = _built_ferretdb()
    if program is None:
        return None
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
    return [str(program), *(f"--{name}={value}" for name, value in options.items())], port


def _built_ferretdb() -> Path | None:
    """Build FerretDB once and keep it; None where there is no Go, or no module proxy.

    From a copy of the module, as it wants a file with its version that the module does not have. (`go install
    …@version` would do without, but asks for the list of versions, which not every module proxy gives.)
    """
    go = shutil.which("go")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "picket-tests"
    program = cache / f"ferretdb-{FERRETDB_VERSION}"
    if program.exists() or go is None:
        return program if program.exists() else None
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        found = subprocess.run(
            [go, "mod", "download", "-json", f"{FERRETDB}@{FERRETDB_VERSION}"],
            cwd=folder,
            capture_output=True,
            check=False,
        )
        if found.returncode != 0:
            return None
        source = Path(folder) / "source"
        shutil.copytree(json.loads(found.stdout)["Dir"], source, copy_function=shutil.copyfile)
        for path in (source, *source.rglob("*/")):
            path.chmod(0o755)
        (source / "build" / "version" / "version.txt").write_text(f"{FERRETDB_VERSION}\n")
        built = subprocess.run(
            [go, "build", "-o", "made", "./cmd/ferretdb"], cwd=source, capture_output=True, check=False
        )
        if built.returncode != 0:
            return None
        (source / "made").rename(program)
    return program


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

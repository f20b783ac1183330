"""`make bench-tools`: taking in a report of 25,000 results, and what the adapter adds to a tool's own time.

The tool is hadolint, where `make tools` has installed it: it takes a few hundredths of a second, so that what is seen
is the adapter's share.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from tests.benchmarks.row import Row, table
from tests.benchmarks.scale import store
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work
from tests.support.sarif import document, result, rule

from picket.tools import TOOLS
from picket.tools.adapter.execution import find

_LINES = 500
"""Of each file that has results: one a line."""
_STEPS = ("fetch", "run", "report")
_MEBIBYTE = 1024.0


def rows(results: int, rounds: int) -> list[Row]:
    """Measure all of it, with so many results, and so many runs of the tool."""
    with tempfile.TemporaryDirectory(prefix="picket-bench-") as folder:
        scratch = Path(folder)
        return [*_imports(scratch, results), *_overhead(scratch, rounds)]


def _imports(scratch: Path, results: int) -> list[Row]:
    """Take in a report, then the same once more, then one in which half of it is gone."""
    server = GitHttpServer(scratch)
    work = Work(server.root / "o" / "r")
    files: dict[str, str | bytes] = {}
    for n in range(results // _LINES):
        files[f"f{n}.py"] = "".join(f"call({n}, {line})\n" for line in range(_LINES))
    work.commit(files)
    found = [result("R1", name, line + 1) for name in files for line in range(_LINES)]
    local = {"PICKET_ALLOW_LOCAL_REPOSITORIES": "true"}
    (scratch / "store").mkdir()
    try:
        with store(scratch / "store", local) as (deployed, _):
            name = deployed.api.post("/repositories", json={"repository": f"{server.url}/o/r/.git"}).json["name"]
            made = []
            for what, some in (("new", found), ("the same again", found), ("half of it gone", found[::2])):
                seconds = _import(deployed, name, document(*some, rules=(rule("R1", "CWE-79"),)))
                figures = {"seconds": seconds, "results": float(len(some))}
                made.append(Row(f"import, {what}", "results a second", len(some) / seconds, "/s", figures=figures))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEBIBYTE
            return [*made, Row("import", "peak memory of all functions in one process", peak, "MiB")]
    finally:
        server.close()


def _import(deployed: Deployment, name: str, content: object) -> float:
    body = json.dumps(content).encode()
    started = time.perf_counter()
    url = f"/reports?tool=t&asset={name}&complete=true"
    answer = deployed.api.post(url, data=body, headers={"Content-Type": "application/sarif+json"})
    assert answer.status_code == 202, answer.text
    deployed.drain()
    assert deployed.api.get(answer.headers["Location"]).json["state"] == "Applied"
    return time.perf_counter() - started


def _overhead(scratch: Path, rounds: int) -> list[Row]:
    """Run a tool by itself and by the adapter, in turn."""
    running = TOOLS["hadolint"].running
    program = find(running.program) if running else ""
    if not program:
        return [Row("a tool's run", "seconds of the adapter", note="`make tools ONLY=hadolint` installs what is run")]
    material, event = scratch / "data" / "artifacts" / "tools" / "m.zip", scratch / "event"
    material.parent.mkdir(parents=True)
    with zipfile.ZipFile(material, "w") as archive:
        archive.writestr("Dockerfile", "FROM python:latest\nADD . /app\n")
    (scratch / "Dockerfile").write_text("FROM python:latest\nADD . /app\n")
    event.write_text(json.dumps(_event()))
    bare, steps = [], {step: list[float]() for step in _STEPS}
    for _ in range(rounds + 1):  # the first compiles the rules that mask secrets, as an image has done already
        bare.append(_timed([program, "--format", "json", "Dockerfile"], scratch))
        for step in _STEPS:
            command = [sys.executable, "-m", "picket.tools.adapter", step, "--event", str(event)]
            steps[step].append(_timed([*command, "--work", str(scratch / "job")], scratch))
    figures = {"bare": statistics.median(bare[1:])} | {step: statistics.median(steps[step][1:]) for step in _STEPS}
    added = sum(figures[step] for step in _STEPS) - figures["bare"]
    return [Row("a tool's run", "seconds that the adapter adds", added, "s", figures=figures)]


def _event() -> dict[str, object]:
    places = {"material": "artifact:tools/m.zip", "report": "artifact:tools/r.json"}
    data = {"run": "r", "tool": "hadolint", "asset_type": "repository", "asset": "a", "nonce": "n", **places}
    about = {"specversion": "1.0", "id": "e", "source": "/bench", "type": "dev.picket.tool.requested.v1"}
    return {**about, "datacontenttype": "application/json", "data": data}


def _timed(command: list[str], scratch: Path) -> float:
    """Return how long a command takes; the report's last step, sending the event, has nowhere to go here."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "HOST": "127.0.0.1",
        "K_SINK": "http://127.0.0.1:1/",
        "PICKET_DATA_DIR": str(scratch / "data"),
        "PICKET_HASH_KEY": "0" * 64,
    }
    started = time.perf_counter()
    subprocess.run(command, cwd=scratch, env=environment, capture_output=True, check=False)
    return time.perf_counter() - started


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.tools", description=__doc__)
    parser.add_argument("--results", type=int, default=25_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    found = rows(given.results, given.rounds)
    forget()
    sys.stdout.write(table(found) + "\n")


if __name__ == "__main__":
    main()

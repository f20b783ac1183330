"""`picket run`: the stack, a scan of one repository, its findings and score; then the stack goes on serving."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from picket.cli.client import Client, fail, segment
from picket.cli.options import repository_address
from picket.confidence import MIN_CONFIDENCE

_STOP_SECONDS = 20.0


def run(
    repository: Annotated[str, typer.Argument(help="Folder or https URL.")] = ".",
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the results: 0 if the scan is Done.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where to serve; 0 takes a free port.")] = 8080,
    data_dir: Annotated[Path, typer.Option(help="Folder that keeps everything.")] = Path(".picket"),
) -> None:
    """Start the stack, scan a repository in full, print what was found, go on serving."""
    from picket.cli import show  # noqa: PLC0415 - rich takes its time
    from picket.cli.follow import follow  # noqa: PLC0415
    from picket.cli.requests import all_findings  # noqa: PLC0415

    out = show.console()
    with _stack(port, data_dir) as (url, stack):
        client = Client(url)
        scan = client.send("POST", "/scans", {"repository": repository_address(repository)})
        scan = follow(client, scan["id"])
        show.scan(scan, out)
        if scan["repository"]:
            found, left_out = all_findings(client, MIN_CONFIDENCE, repository=scan["repository"])
            known = client.get(f"/repositories/{segment(scan['repository'])}")
            show.findings(found, out, of=known)
            show.left_out(left_out, MIN_CONFIDENCE, out, command="picket findings ")
        if scan["state"] in {"Done", "Partial"}:
            show.score(client.get(f"/scores/{segment(scan['repository'])}"), out)
        if once:
            raise typer.Exit(0 if scan["state"] == "Done" else 1)
        out.print(f"Serving {url} until ctrl-C.")
        with contextlib.suppress(KeyboardInterrupt):
            raise typer.Exit(stack.wait())


@contextlib.contextmanager
def _stack(port: int, data_dir: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `picket up` as a child and stop it in the end."""
    arguments = ["up", "--port", str(port), "--data-dir", str(data_dir), "--allow-local-repositories"]
    with subprocess.Popen([sys.executable, "-m", "picket.cli", *arguments], stdout=subprocess.PIPE, text=True) as stack:
        try:
            line = stack.stdout.readline().strip() if stack.stdout else ""
            if not line.startswith("ready "):
                fail(f"the stack did not start (status {stack.wait()})")
            yield line.removeprefix("ready "), stack
        finally:
            stack.send_signal(signal.SIGTERM)
            try:
                stack.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                stack.kill()

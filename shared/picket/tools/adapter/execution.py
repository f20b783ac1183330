"""The second step: running the tool, which sees what it looks at and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import Literal

from picket.tools import TOOLS
from picket.tools.adapter import sandbox
from picket.tools.adapter.sandbox import Limits, Ran
from picket.tools.adapter.workplace import Ended, Order, Workplace
from picket.tools.record import Record
from picket.tools.running import PYTHON, Material, Running

MAX_OUTPUT_BYTES = 256 * 1024 * 1024
"""Of a report, of messages, and of what a tool leaves in its scratch folder besides."""
_MAX_SCRATCH_BYTES = 2 * 1024**3
_VERSION_SECONDS = 30.0
_MAX_ERRORS = 4_000
_MAX_SHOWN = 100
"""Arguments that the record shows, of up to `_MAX_SHOWN_LENGTH` characters."""
_MAX_SHOWN_LENGTH = 1_000
_WHERE_PICKET_IS = str(Path(__file__).parents[3])
"""For a tool of Picket's own, which is run by the same Python and is not always installed in it."""
DATA = "PICKET_TOOL_DATA"
"""Variable with the folder of tools' databases and rules, one folder a tool."""


def execute(place: Workplace) -> None:
    """Run the tool of the order and write down how it ended; nothing is run where the order is refused."""
    order = place.order()
    tool = TOOLS.get(order.tool)
    if order.refused or tool is None or tool.running is None:
        return
    running = tool.running
    program = find(running.program)
    if not program:
        ended = Ended(record=Record(stopped=f"there is no program {running.program} here", status=-1))
    else:
        ended = _run(running, order, program, place)
    place.tell(ended)


def find(program: str) -> str:
    """Return the path of a tool's program: on the PATH, or beside this Python, where `make tools` puts it."""
    return sys.executable if program == PYTHON else shutil.which(program, path=_path()) or ""


def _path() -> str:
    return os.pathsep.join((os.environ.get("PATH", os.defpath), f"{sys.prefix}/tools/bin"))


def _run(running: Running, order: Order, program: str, place: Workplace) -> Ended:
    data = Path(os.environ.get(DATA, "")) / order.tool if os.environ.get(DATA) else None
    data = data if data and data.is_dir() else None
    material = Material(
        asset_type=order.asset_type,
        asset=order.asset,
        folder=str(place.tree) if order.asset_type in {"repository", "namespace"} else "",
        files=order.files,
        archive=str(place.folder / "material") if order.asset_type == "image" else "",
        addresses=order.addresses,
        data=str(data) if data else "",
        report=str(place.output / "report"),
    )
    limits = Limits(running.seconds, running.memory, MAX_OUTPUT_BYTES, (place.output,))
    sandbox.limit_this_process(_MAX_SCRATCH_BYTES)
    try:
        arguments = tuple(running.arguments(material))
    except ValueError as error:
        return Ended(record=Record(stopped=f"it cannot look at that: {error}", status=-1))
    version = _version(running, program, material, place)
    try:
        ran = _started((program, *arguments), running.variables(material), place, limits)
    except OSError as error:
        return Ended(record=Record(stopped=f"it cannot be started: {os.strerror(error.errno or 0)}", status=-1))
    outputs: tuple[Literal["report", "stdout"], ...] = ("report", "stdout")
    written = next((name for name in outputs if _size(place.output / name)), "")
    record = Record(
        version=version,
        arguments=[each[:_MAX_SHOWN_LENGTH] for each in arguments[:_MAX_SHOWN]],
        program=_digest(Path(program)),
        data=_digest(data) if data else "",
        seconds=round(ran.seconds, 3),
        memory=ran.memory,
        status=ran.status,
        stopped=ran.stopped,
        errors=_tail(place.output / "stderr"),
    )
    return Ended(record=record, output=written, root=str(place.tree))


def _started(command: tuple[str, ...], variables: dict[str, str], place: Workplace, limits: Limits) -> Ran:
    return sandbox.run(
        command,
        environment={
            "PATH": _path(),
            "HOME": str(place.scratch),
            "TMPDIR": str(place.scratch),
            "LANG": "C.UTF-8",
            **({"PYTHONPATH": _WHERE_PICKET_IS} if command[0] == sys.executable else {}),
            **variables,
        },
        folder=place.tree,
        output=place.output / "stdout",
        errors=place.output / "stderr",
        limits=limits,
    )


def _version(running: Running, program: str, material: Material, place: Workplace) -> str:
    """Return the first line of what the tool says of its version, else that of its package."""
    limits = Limits(_VERSION_SECONDS, running.memory, MAX_OUTPUT_BYTES, ())
    try:
        _started((program, *running.version), running.variables(material), place, limits)
    except OSError:
        return ""
    told = ((place.output / name).read_text(errors="replace").strip() for name in ("stdout", "stderr"))
    said = next((each.splitlines()[0][:200] for each in told if each), "")
    built = running.package.version if running.package else ""  # what `go install` builds knows no version of its own
    return said if any(char.isdigit() for char in said) else f"{said[: 199 - len(built)]} {built}".strip()


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of all files of a folder with their names."""
    whole = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as content:
                whole.update(f"{file.relative_to(path)}\0{hashlib.file_digest(content, 'sha256').hexdigest()}".encode())
    return whole.hexdigest()


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _tail(file: Path) -> str:
    with file.open("rb") as content:
        content.seek(max(0, _size(file) - _MAX_ERRORS))
        return content.read().decode(errors="replace").strip()[-_MAX_ERRORS:]

"""The first step: getting what the tool is to look at."""

from __future__ import annotations

import os
import shutil
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import urllib3

from picket.effects import artifacts, cloudevent
from picket.errors import Gone, Malformed, PermanentError, TooLarge, TransientError, Unsupported
from picket.events import ToolRequested
from picket.tools import TOOLS
from picket.tools.adapter import targets
from picket.tools.adapter.workplace import Order, Workplace

MAX_FILES = 200_000
MAX_BYTES = 4 * 1024**3
"""Of all files of a material together."""
_CHUNK = 1024 * 1024
_TIMEOUT = urllib3.Timeout(connect=5.0, read=60.0)


def event_in(file: Path) -> ToolRequested:
    """Read the event that a job was started by.

    Raises:
        Malformed: It is none.
    """
    envelope, text, dataref = cloudevent.parse({"Content-Type": "application/cloudevents+json"}, file.read_bytes())
    if not ToolRequested.handles(envelope.type) or dataref:
        raise Malformed("the event asks for no run of a tool")
    return ToolRequested.read(text, envelope)


def fetch(event: Path, place: Workplace) -> None:
    """Lay out what the tool looks at, and the order; what cannot be looked at is refused in the order.

    Raises:
        TransientError: The artifact store or a name server does not answer: another attempt may succeed.
    """
    request = event_in(event)
    place.order_file.unlink(missing_ok=True)  # first: whoever waits for it must not take the one of a former attempt
    for folder in (place.tree, place.output, place.scratch):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for file in (place.begun_file, place.ended_file):
        file.unlink(missing_ok=True)
    order = Order(tool=request.tool, asset_type=request.asset_type, asset=request.asset)
    try:
        order = order.model_copy(update=_laid_out(request, place))
    except PermanentError as error:
        order = order.model_copy(update={"refused": str(error)})
    place.ask(order)


def _laid_out(request: ToolRequested, place: Workplace) -> dict[str, object]:
    """Lay out the material of a request; return what the order says of it."""
    tool = TOOLS.get(request.tool)
    if tool is None or tool.running is None:
        raise Unsupported(f"{request.tool[:64]} is not a tool that is run here")
    if request.asset_type not in tool.running.accepts:
        raise Unsupported(f"{request.tool} does not look at a {request.asset_type}")
    if tool.running.is_active:
        return {"addresses": targets.admitted(request.asset)}
    if not request.material:
        raise Gone("the run has nothing to look at")
    archive = place.folder / "material"
    _download(request.material, archive)
    if request.asset_type == "image":
        return {}
    paths = unpack(archive, place.tree, without=tool.running.overrides)
    archive.unlink()
    return {"files": tool.running.wants(paths)}


def _download(material: str, target: Path) -> None:
    if not material.startswith(("https://", "http://")):
        artifacts.get_file(material, target)
        return
    try:
        with urllib3.request("GET", material, preload_content=False, redirect=False, timeout=_TIMEOUT) as answer:
            if answer.status != 200:  # noqa: PLR2004 - HTTP's success
                error = Gone if 400 <= answer.status < 500 else TransientError  # noqa: PLR2004 - HTTP's classes
                raise error(f"the artifact store answered {answer.status} to a request for the material")
            with target.open("wb") as file:
                for piece in answer.stream(_CHUNK):
                    if file.write(piece) and file.tell() > MAX_BYTES:
                        raise TooLarge(f"the material is larger than {MAX_BYTES} bytes")
    except urllib3.exceptions.HTTPError as error:
        raise TransientError(f"the artifact store does not give the material ({type(error).__name__})") from error


def unpack(archive: Path, folder: Path, *, without: Sequence[str] = ()) -> list[str]:
    """Unpack a zip of a commit below *folder*, but for files of the names *without*.

    A symbolic link becomes a file that holds where it leads.

    Returns:
        The paths of its files, sorted.

    Raises:
        Malformed: It is no zip, or a name in it leads out of the folder.
        TooLarge: There are too many files in it, or too many bytes.
    """
    left = MAX_BYTES
    paths: list[str] = []
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [one for one in packed.infolist() if not one.is_dir()]
            if len(members) > MAX_FILES:
                raise TooLarge(f"there are more than {MAX_FILES} files")
            for member in members:
                name = _inside(member.filename)
                if name.rpartition("/")[2] in without:
                    continue
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(member) as source, target.open("xb") as file:
                    while piece := source.read(_CHUNK):
                        left -= file.write(piece)
                        if left < 0:
                            raise TooLarge(f"the files are larger than {MAX_BYTES} bytes")
                paths.append(name)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, zipfile.LargeZipFile) as error:
        raise Malformed("the material is not a zip file") from error
    except OSError as error:
        raise Malformed(f"the files cannot be laid out here: {os.strerror(error.errno or 0)}") from error
    return sorted(paths)


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\x00" in name or not path.parts:
        raise Malformed("a name in the material leads out of its folder")
    return str(path)

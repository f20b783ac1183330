"""Material that is broken, and tools that say much: the run fails with a reason, and is not tried again and again."""

import sys
import zipfile
from pathlib import Path

import pytest

from picket.errors import Malformed
from picket.tools.adapter import execution, fetching
from picket.tools.adapter.workplace import Order, Workplace


def test_a_zip_with_broken_content_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "material.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(range(256)) * 40)
        start = archive.infolist()[0].header_offset + 31
    content = bytearray(file.read_bytes())
    content[start : start + 20] = b"\xff" * 20
    file.write_bytes(content)
    with pytest.raises(Malformed, match="not a zip"):
        fetching.unpack(file, tmp_path / "tree")


def test_a_zip_that_needs_a_password_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "material.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"x")
    content = bytearray(file.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(content)
    with pytest.raises(Malformed, match="not a zip"):
        fetching.unpack(file, tmp_path / "tree")


def test_a_tool_that_says_much_of_its_version_runs_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("picket.tools.adapter.sandbox.limit_this_process", lambda _: None)
    place = Workplace(tmp_path / "job")
    for folder in (place.tree, place.output, place.scratch):
        folder.mkdir(parents=True)
    place.order_file.write_text(Order(tool="hadolint", asset_type="repository", asset="r").model_dump_json())
    program = tmp_path / "hadolint"
    program.write_text(f"#!{sys.executable}\nprint('x' * 300)\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    execution.execute(place)
    assert place.ended().record.status == 0

"""What goes into an image besides Python's distributions: the root it stands on, and the list of all of it."""

import os
import shutil
from pathlib import Path

import pytest
from knative.image import root, sbom

STANZA = """\
Package: libstdc++6
Status: install ok installed
Architecture: amd64
Version: 12.2.0-14+deb12u1
Description: GNU Standard C++ Library v3
 Source: this line goes on with the description
"""


def test_a_program_is_copied_with_the_libraries_it_loads_and_what_its_link_leads_to(tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git
    link = tmp_path / "link"
    link.symlink_to(git)

    copied = root.copy(root.closure([str(link)]), tmp_path / "out", None)

    assert (tmp_path / "out" / link.relative_to("/")).is_symlink()
    assert (tmp_path / "out" / Path(git).resolve().relative_to("/")).read_bytes() == Path(git).read_bytes()
    names = {path.name.partition(".so")[0] for path in copied if ".so" in path.name}
    assert {"libc", "libz"} <= names


def test_a_folder_is_copied_without_what_only_a_developer_needs(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("logging/config.py", "test/test_os.py", "__pycache__/os.pyc", "config-3.11-x86_64/Makefile", "os.py"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    (source / "gone").symlink_to("nowhere")

    root.copy(root.closure([str(source)]), tmp_path / "out", None)

    copy = tmp_path / "out" / source.relative_to("/")
    assert {str(path.relative_to(copy)) for path in copy.rglob("*")} == {
        "logging",
        "logging/config.py",
        "os.py",
        "gone",
    }


def test_what_another_root_has_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    paths = root.closure([str(tmp_path / "a"), str(tmp_path / "b")])
    root.copy(paths[:1], tmp_path / "there", None)

    assert root.copy(paths, tmp_path / "out", tmp_path / "there") == [tmp_path / "b"]


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing is not there"):
        root.closure([str(tmp_path / "nothing")])


def test_what_a_package_says_of_itself_is_kept_where_scanners_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lib" / "libstdc++.so.6"
    file.parent.mkdir()
    file.write_text("")
    dpkg = tmp_path / "dpkg"
    (dpkg / "info").mkdir(parents=True)
    (dpkg / "info" / "libstdc++6:amd64.list").write_text(f"/.\n{tmp_path}\n{file}\n")
    (dpkg / "info" / "other.list").write_text(f"/.\n{tmp_path}\n{tmp_path}/other\n")
    (dpkg / "status").write_text(f"{STANZA}\n{STANZA.replace('libstdc++6', 'other')}")
    monkeypatch.setattr(root, "DPKG", dpkg)

    root.describe([file, file.parent], tmp_path / "out")

    [kept] = (path for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert (kept.name, kept.read_text()) == ("libstdc++6", STANZA)
    assert os.fspath(kept.parent).endswith("dpkg/status.d")


def test_the_bill_of_materials_holds_debians_packages_and_is_about_the_image() -> None:
    known = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": "root-component", "name": "picket", "version": "1"}
        },
        "components": [{"type": "library", "bom-ref": "flask", "name": "flask", "version": "3"}],
        "dependencies": [{"ref": "root-component", "dependsOn": ["flask"]}],
    }

    found = sbom.complete(known, "scan", [STANZA])

    assert found["metadata"]["component"]["name"] == "picket/scan"
    purl = "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64"
    assert [each.get("purl") for each in found["components"]] == [None, None, None, purl]
    assert {"ref": "image", "dependsOn": ["root-component", "python", purl]} in found["dependencies"]
    assert known["components"] == [{"type": "library", "bom-ref": "flask", "name": "flask", "version": "3"}]

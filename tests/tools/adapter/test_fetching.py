"""Laying out what a tool looks at: archives are hostile, and active tools touch nothing that is not admitted."""

import io
import json
import socket
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from picket.errors import Malformed, TooLarge, TransientError, Unsupported
from picket.tools import TOOLS
from picket.tools.adapter import fetching, targets
from picket.tools.adapter.workplace import Workplace


def packed(tmp_path: Path, *members: tuple[str, bytes]) -> Path:
    """Write a zip of these members."""
    file = tmp_path / "material.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file


def event(tmp_path: Path, **data: object) -> Path:
    """Write the event that a job is started by."""
    told = {"run": "run-1", "tool": "hadolint", "asset_type": "repository", "asset": "r", "nonce": "n", **data}
    file = tmp_path / "event"
    file.write_text(
        json.dumps(
            {
                "specversion": "1.0",
                "id": "e-1",
                "source": "/picket/enumerate",
                "type": "dev.picket.tool.requested.v1",
                "datacontenttype": "application/json",
                "data": told,
            }
        )
    )
    return file


def test_the_files_of_a_commit_are_laid_out(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("a/b.py", b"x"), ("Dockerfile", b"FROM x"))
    assert fetching.unpack(archive, tmp_path / "tree") == ["Dockerfile", "a/b.py"]
    assert (tmp_path / "tree" / "a" / "b.py").read_bytes() == b"x"


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside", "."])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Malformed):
        fetching.unpack(packed(tmp_path, (name, b"x")), tmp_path / "tree")
    assert not (tmp_path / "outside").exists()


def test_a_repository_cannot_say_what_a_tool_overlooks(tmp_path: Path) -> None:
    archive = packed(
        tmp_path, ("Dockerfile", b"FROM x"), (".hadolint.yaml", b"ignored: [DL3007]"), ("a/.hadolint.yaml", b"")
    )
    assert ".hadolint.yaml" in (TOOLS["hadolint"].running or pytest.fail("it is run")).overrides
    assert fetching.unpack(archive, tmp_path / "tree", without=(".hadolint.yaml",)) == ["Dockerfile"]
    assert not (tmp_path / "tree" / ".hadolint.yaml").exists()


def test_a_symbolic_link_becomes_a_file(tmp_path: Path) -> None:
    file = tmp_path / "link.zip"
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    fetching.unpack(file, tmp_path / "tree")
    assert not (tmp_path / "tree" / "link").is_symlink()
    assert (tmp_path / "tree" / "link").read_text() == "/etc/passwd"


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 1_000_000)
    with pytest.raises(TooLarge, match="larger than"):
        fetching.unpack(packed(tmp_path, ("zeros", b"\0" * 3_000_000)), tmp_path / "tree")
    monkeypatch.setattr(fetching, "MAX_FILES", 2)
    with pytest.raises(TooLarge, match="more than 2 files"):
        fetching.unpack(packed(tmp_path, *((f"f{n}", b"") for n in range(3))), tmp_path / "others")


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip", b"PK\x03\x04" + b"\0" * 40])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(Malformed):
        fetching.unpack(file, tmp_path / "tree")


def test_a_file_that_is_twice_in_a_zip_is_refused(tmp_path: Path) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", "2")
    file = tmp_path / "twice.zip"
    file.write_bytes(raw.getvalue())
    with pytest.raises(Malformed):
        fetching.unpack(file, tmp_path / "tree")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"tool": "unheard-of"}, "not a tool that is run here"),
        ({"tool": "sarif"}, "not a tool that is run here"),
        ({"asset_type": "host", "asset": "h"}, "does not look at a host"),
        ({}, "nothing to look at"),
        ({"tool": "nmap", "asset_type": "host", "asset": "127.0.0.1"}, "does not admit 127.0.0.1"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_in_the_order(tmp_path: Path, data: dict[str, Any], reason: str) -> None:
    place = Workplace(tmp_path / "job")
    fetching.fetch(event(tmp_path, **data), place)
    assert reason in place.order().refused


def test_an_order_tells_the_tool_neither_its_nonce_nor_where_its_report_goes(tmp_path: Path) -> None:
    place = Workplace(tmp_path / "job")
    fetching.fetch(event(tmp_path, nonce="once-only", report="https://signed.example/put"), place)
    assert "once-only" not in place.order_file.read_text()
    assert "signed.example" not in place.order_file.read_text()


def test_an_event_of_another_type_starts_nothing(tmp_path: Path) -> None:
    file = event(tmp_path)
    file.write_text(file.read_text().replace("tool.requested", "tool.completed"))
    with pytest.raises(Malformed, match="asks for no run"):
        fetching.fetch(file, Workplace(tmp_path / "job"))


def leads_to(environment: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name lead to these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
    environment.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)


def test_nothing_is_admitted_by_default(environment: pytest.MonkeyPatch) -> None:
    leads_to(environment, "93.184.216.34")
    with pytest.raises(Unsupported, match="does not admit"):
        targets.admitted("scan.example.org")


def test_a_name_is_admitted_at_public_addresses(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_ALLOWED_TARGETS", '["*.example.org"]')
    leads_to(environment, "93.184.216.34", "93.184.216.35")
    assert targets.admitted("scan.example.org") == ("93.184.216.34", "93.184.216.35")
    assert targets.admitted("https://scan.example.org:8443/x") == ("93.184.216.34", "93.184.216.35")


@pytest.mark.parametrize("inner", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1"])
def test_a_name_that_leads_inside_is_admitted_by_address_alone(environment: pytest.MonkeyPatch, inner: str) -> None:
    environment.setenv("PICKET_ALLOWED_TARGETS", '["*.example.org"]')
    leads_to(environment, "93.184.216.34", inner)
    with pytest.raises(Unsupported, match=f"at {inner}"):
        targets.admitted("scan.example.org")


def test_a_network_admits_what_is_in_it(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_ALLOWED_TARGETS", '["10.1.0.0/16"]')
    leads_to(environment, "10.1.2.3")
    assert targets.admitted("inner.example.org") == ("10.1.2.3",)
    with pytest.raises(Unsupported):
        targets.admitted("10.2.0.1")


@pytest.mark.parametrize("name", ["-oN/tmp/x", "", "a" * 300, "http://"])
def test_what_is_no_name_of_a_host_is_no_target(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv("PICKET_ALLOWED_TARGETS", '["*"]')
    leads_to(environment, "93.184.216.34")
    with pytest.raises(Unsupported):
        targets.admitted(name)


def test_a_name_server_that_is_away_is_asked_again(environment: pytest.MonkeyPatch) -> None:
    def away(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    environment.setattr(socket, "getaddrinfo", away)
    with pytest.raises(TransientError):
        targets.admitted("scan.example.org")

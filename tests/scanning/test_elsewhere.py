"""What a repository only points at: files in Git LFS, and submodules."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from tests.scanning.conftest import Picket
from tests.support.repositories import Work
from tests.support.secrets import slack_token

from picket.scanning.submodules import shown


def line(seed: int) -> str:
    return f"token = '{slack_token(seed)}'\n"


def pointer_to(content: bytes, *, size: int | None = None) -> str:
    oid = hashlib.sha256(content).hexdigest()
    length = len(content) if size is None else size
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {length}\n"


def keep(git_dir: Path, content: bytes) -> Path:
    """Put a content where Git LFS keeps it."""
    oid = hashlib.sha256(content).hexdigest()
    place = git_dir / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


def test_a_file_in_lfs_that_is_not_here_is_told_once_and_no_failure(picket: Picket, work: Work) -> None:
    for number in range(3):
        work.commit({"big.env": pointer_to(f"{number}".encode())})

    done = picket(work.path)

    assert (done.status, done.json["stats"]["lfs_files"]) == (0, 1)
    assert done.err.count("big.env") == 1
    assert "not scanned: big.env (3 versions): its content is in Git LFS, and not here" in done.err
    oid = hashlib.sha256(b"2").hexdigest()
    assert {"path": "big.env", "is_limit": True, "source": f"sha256:{oid}"}.items() <= done.json["errors"][0].items()


@pytest.mark.parametrize("bare", [False, True])
def test_a_file_in_lfs_that_is_here_is_looked_at_in_its_pointers_place(
    picket: Picket, work: Work, tmp_path: Path, *, bare: bool
) -> None:
    content = f"first = 1\n{line(1)}".encode()
    commit = work.commit({"big.env": pointer_to(content)})
    path = work.path
    if bare:
        path = tmp_path / "bare.git"
        work.git("clone", "--quiet", "--bare", str(work.path), str(path))
    keep(path if bare else path / ".git", content)

    [finding] = picket(path).findings

    assert (finding["path"], finding["start_line"], finding["commit"]) == ("big.env", 2, commit)
    assert picket(path).json["stats"]["lfs_files"] == 0


def test_what_was_not_here_and_has_come_is_looked_at_though_no_ref_has_moved(picket: Picket, work: Work) -> None:
    work.commit({"big.env": pointer_to(line(1).encode())})
    assert [picket(work.path).status for _ in range(2)] == [0, 0]

    keep(work.path / ".git", line(1).encode())

    assert picket(work.path).status == 1


def test_versions_in_lfs_are_compared_with_each_other(picket: Picket, work: Work) -> None:
    contents = [line(1).encode(), f"# moved\n{line(1)}".encode(), f"{line(1)}{line(2)}".encode()]
    shas = []
    for content in contents:
        keep(work.path / ".git", content)
        shas.append(work.commit({"big.env": pointer_to(content)}))

    found = picket(work.path).findings

    assert sorted([each["commit"] for each in finding["occurrences"]] for finding in found) == sorted(
        [[shas[0]], [shas[2]]]
    )


def test_limits_hold_for_files_in_lfs(picket: Picket, work: Work) -> None:
    content = b"x" * 3_000 + line(1).encode()
    work.commit({"big.env": pointer_to(content), "cut": pointer_to(line(2).encode(), size=7)})
    keep(work.path / ".git", content)
    keep(work.path / ".git", line(2).encode())

    done = picket(work.path, "--max-blob", "2k")

    assert (done.status, done.findings) == (0, [])
    assert "big.env: larger than the limit" in done.err
    assert "cut: its content is in Git LFS, and not here" in done.err


def test_archives_in_lfs_are_looked_into(picket: Picket, work: Work) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.py", line(1) * 2)
    work.commit({"all.zip": pointer_to(packed.getvalue())})
    keep(work.path / ".git", packed.getvalue())

    [finding] = picket(work.path, "--archives").findings

    assert finding["path"].startswith("all.zip!")


def test_a_hook_looks_at_what_is_added_to_lfs(picket: Picket, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.commit({"README": "1\n"})
    (work.path / "big.env").write_text(pointer_to(line(1).encode()))
    work.git("add", "--all")
    monkeypatch.chdir(work.path)
    missing = picket("--staged")
    keep(work.path / ".git", line(1).encode())

    assert (missing.status, missing.json["stats"]["lfs_files"]) == (0, 1)
    assert picket("--staged").status == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("version https://git-lfs.github.com/spec/v1\n", id="cut off"),
        pytest.param(pointer_to(b"1") + "x = 1\n", id="more behind it"),
        pytest.param("version 1\nsize 3\n", id="another format"),
        pytest.param(pointer_to(b"1") + "\n" * 1_024, id="too long"),
    ],
)
def test_what_only_looks_like_a_pointer_is_a_text(picket: Picket, work: Work, text: str) -> None:
    work.commit({"a.txt": text + line(1)})
    done = picket(work.path)
    assert (done.status, done.json["stats"]["lfs_files"]) == (1, 0)


def test_a_secret_in_a_pointer_itself_is_found(picket: Picket, work: Work) -> None:
    first, rest = pointer_to(b"1").split("\n", 1)
    work.commit({"a": f"{first}\nnote {slack_token(1)}\n{rest}"})
    done = picket(work.path)
    assert (done.status, done.json["stats"]["lfs_files"]) == (1, 1)


def test_files_without_history_say_so_too(picket: Picket, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "big.env").write_text(pointer_to(b"1"))
    done = picket(tmp_path / "plain")
    assert (done.status, done.json["stats"]["lfs_files"]) == (0, 1)
    assert picket("-", stdin=pointer_to(b"1")).json["stats"]["lfs_files"] == 1


def gitlink(work: Work, path: str) -> None:
    work.git("update-index", "--add", "--cacheinfo", f"160000,{work.head()},{path}")


def modules(**urls: str) -> str:
    return "".join(f'[submodule "{name}"]\n\tpath = {name}\n\turl = {url}\n' for name, url in urls.items())


def test_submodules_are_named_once_with_their_urls(picket: Picket, work: Work) -> None:
    work.commit({".gitmodules": modules(lib="https://example.com/lib.git", old="../old.git")})
    for number in range(3):
        gitlink(work, "lib")
        gitlink(work, "bare")
        work.git("commit", "--quiet", "-m", f"bump {number}")

    done, again = picket(work.path), picket(work.path)

    assert (done.status, done.json["stats"]["submodules"]) == (0, 2)
    assert done.err.count("not scanned") == 2
    assert "not scanned: lib (https://example.com/lib.git): a submodule" in done.err
    assert "not scanned: bare: a submodule" in done.err
    assert again.json["errors"] == done.json["errors"]
    assert json.loads(picket(work.path, "--format", "sarif", as_json=False).out)


def test_a_staged_submodule_is_named(picket: Picket, work: Work) -> None:
    work.commit({"README": "1\n"})
    (work.path / ".gitmodules").write_text(modules(lib="git@example.com:lib.git"))
    work.git("add", ".gitmodules")
    gitlink(work, "lib")
    done = picket(work.path, "--staged")
    assert done.status == 0
    assert "lib (example.com:lib.git): a submodule" in done.err


def test_a_password_in_gitmodules_is_found_and_not_shown(picket: Picket, work: Work) -> None:
    password = slack_token(1)
    url = f"https://robot:{password}@example.com/lib.git?key={password}"
    work.commit({".gitmodules": modules(lib=url)})
    gitlink(work, "lib")
    work.git("commit", "--quiet", "-m", "lib")

    done = picket(work.path)

    assert [each["path"] for each in done.findings] == [".gitmodules"]
    assert password not in done.out + done.err
    assert "lib (https://example.com/lib.git): a submodule" in done.err


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://u:p@h/x", "https://h/x"),
        ("https://u:p/q@h/x", "https://h/x"),
        ("u:p@h:x", "h:x"),
        ("../x", "../x"),
        ("https://h/x?token=1#2", "https://h/x"),
        ("https://h/\x1b[31m", "https://h/\ufffd[31m"),
    ],
)
def test_urls_are_shown_without_credentials(url: str, safe: str) -> None:
    assert shown(url) == safe


def test_a_file_of_submodules_that_is_none_hides_nothing(picket: Picket, work: Work) -> None:
    work.commit({".gitmodules": "[submodule"})
    gitlink(work, "lib")
    work.git("commit", "--quiet", "-m", "lib")
    assert "not scanned: lib: a submodule" in picket(work.path).err

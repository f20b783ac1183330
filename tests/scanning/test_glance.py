"""The first glance of a hook: it says clean only where the whole scan does, and leaves the rest to that."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from tests.scanning.conftest import Picket
from tests.support import secrets
from tests.support.repositories import Work

from picket.commits.log import RAW_OPTIONS
from picket.detection.pointers import BEGINNING
from picket.scanning import glance as glance_module
from picket.scanning.glance import clean
from picket.scanning.rules import TEAM_RULES
from picket.scanning.sieve import IGNORE_FILES, OWN_BASELINE

Glance = Callable[[], tuple[int, int] | None]


def line(seed: int) -> str:
    return f"token = '{secrets.slack_token(seed)}'\n"


@pytest.fixture
def glance(work: Work, picket: Picket, monkeypatch: pytest.MonkeyPatch) -> Glance:
    assert callable(picket)  # its home and environment hold here, too
    work.commit({"README": "1\n"})
    monkeypatch.chdir(work.path)
    return lambda: clean(["--staged"])


def stage(work: Work, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        (work.path / name).parent.mkdir(parents=True, exist_ok=True)
        (work.path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    work.git("add", "--all")


def test_clean_text_is_passed_as_the_whole_scan_passes_it(glance: Glance, work: Work, picket: Picket) -> None:
    stage(work, {"a.py": "x = 1\n", "copy.py": "x = 1\n", "b/words.py": "password = get_password('key')\n"})

    assert glance() == (2, 37)
    stats = picket("--staged").json["stats"]
    assert (stats["blobs"], stats["bytes"]) == (2, 37)


def test_git_is_asked_what_the_whole_scan_asks_it() -> None:
    """It has words of its own where importing them would take too long."""
    asked = glance_module._ENTRIES
    assert asked == ("diff-index", "--cached", *RAW_OPTIONS, "HEAD", "--")
    assert (glance_module._TEAM_RULES, glance_module._BASELINE) == (TEAM_RULES, OWN_BASELINE)
    assert glance_module._IGNORE_FILES == IGNORE_FILES
    assert glance_module._POINTER == BEGINNING


def test_nothing_staged_and_what_is_deleted_are_passed(glance: Glance, work: Work) -> None:
    assert glance() == (0, 0)
    work.git("rm", "--quiet", "README")
    assert glance() == (0, 0)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"a.py": line(1)}, id="a secret"),
        pytest.param({"a.py": line(1).encode("utf-16")}, id="a secret in UTF-16"),
        pytest.param({"a.txt": b"data: " + base64.b64encode(line(1).encode())}, id="an encoded secret"),
        pytest.param({f"{number}.py": f"x = {number}\n" for number in range(17)}, id="many files"),
        pytest.param({"big": b"x" * ((32 << 20) + 1)}, id="a large file"),
        pytest.param({"big": "version https://git-lfs.github.com/spec/v1\n"}, id="a pointer"),
        pytest.param({".gitleaks.toml": "[extend]\nuseDefault = true\n"}, id="a team's rules"),
        pytest.param({".picketignore": "not JSON"}, id="a baseline that is none"),
        pytest.param({".gitleaksignore": "x" * (5 << 20)}, id="an ignore file that is none"),
    ],
)
def test_whatever_is_not_plain_is_left_to_the_whole_scan(
    glance: Glance, work: Work, files: dict[str, str | bytes]
) -> None:
    stage(work, files)
    assert glance() is None


def test_lists_of_what_is_accepted_are_read_though_nothing_is_found(glance: Glance, work: Work, picket: Picket) -> None:
    stage(work, {"a.py": line(1), ".gitleaksignore": "a.py:b:1\n"})
    assert picket("--staged", "--write-baseline", ".picketignore").status == 0
    assert glance() is None  # an accepted secret is told of in the summary
    work.git("reset", "--quiet")
    assert glance() == (0, 0)


def test_what_git_cannot_give_is_left_to_the_whole_scan(glance: Glance, work: Work) -> None:
    stage(work, {"a.py": "x = 1\n"})
    blob = work.git("rev-parse", ":a.py")
    (work.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert glance() is None


def test_before_the_first_commit_the_whole_scan_says(
    picket: Picket, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work.path)
    stage(work, {"a.py": "x = 1\n"})
    assert clean(["--staged"]) is None
    assert picket("--staged").status == 0


def test_a_submodule_is_left_to_the_whole_scan(glance: Glance, work: Work) -> None:
    work.git("update-index", "--add", "--cacheinfo", f"160000,{work.head()},vendor")
    assert glance() is None


@pytest.mark.parametrize("arguments", [["--staged", "--archives"], ["--staged", "--staged"], [], ["--quiet"], ["x"]])
def test_other_commands_are_left_to_the_whole_scan(glance: Glance, arguments: list[str]) -> None:
    assert glance() is not None
    assert (clean(arguments) is None) == (arguments != ["--staged", "--staged"])


def test_what_a_hook_is_told_of_index_and_repository_holds(
    glance: Glance, work: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stage(work, {"a.py": line(1)})
    (tmp_path / "index").write_bytes((work.path / ".git" / "index").read_bytes())
    work.git("reset", "--quiet")
    assert glance() == (0, 0)
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert glance() is None
    monkeypatch.delenv("GIT_INDEX_FILE")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert glance() is None


def test_no_process_is_left(glance: Glance, work: Work) -> None:
    before = {child.pid for child in psutil.Process().children()}
    stage(work, {"a.py": "x = 1\n"})
    assert glance()
    assert {child.pid for child in psutil.Process().children()} <= before


@pytest.mark.parametrize(("content", "status", "whole"), [("x = 1\n", 0, False), (line(1), 1, True)])
def test_only_what_is_not_clean_loads_the_whole(
    glance: Glance, work: Work, content: str, status: int, *, whole: bool
) -> None:
    assert glance()
    stage(work, {"a.py": content})
    for options in (["-P"], ["-P", "-S"]):
        start = f"import sys; sys.path += {sys.path!r}; from picket.cli import main; main()"
        command = [sys.executable, *options, "-X", "importtime", "-c", start, "scan", "--staged"]
        done = subprocess.run(command, cwd=work.path, capture_output=True, text=True, check=False)
        assert (done.returncode, "picket.scanning.scan\n" in done.stderr) == (status, whole), done.stderr[-500:]
        [said] = [row for row in done.stderr.splitlines() if row.startswith("picket: ")]
        assert ("no leaked credentials in 1 blobs, 0.0 MB, " in said) != whole

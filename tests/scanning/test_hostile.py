"""What a repository, its files and its surroundings may try, and states that git leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from tests.scanning.conftest import Picket
from tests.support import secrets
from tests.support.repositories import IDENTITY, Work


def line(seed: int) -> str:
    return f"token = '{secrets.slack_token(seed)}'\n"


def git(folder: Path, *arguments: str, check: bool = True, dates: str = "") -> str:
    moment = {"GIT_AUTHOR_DATE": dates, "GIT_COMMITTER_DATE": dates} if dates else {}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **IDENTITY, **moment},
        capture_output=True,
        text=True,
        check=check,
    )
    return done.stdout.strip()


@pytest.fixture
def decoy(work: Work, tmp_path: Path) -> Work:
    """A work tree whose top looks like a git directory of its own, with a token in its true history."""
    fake = tmp_path / "fake"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(fake))
    for name in ("HEAD", "config"):
        (work.path / name).write_bytes((fake / name).read_bytes())
    for name in ("objects/keep", "refs/heads/keep"):
        (work.path / name).parent.mkdir(parents=True)
        (work.path / name).touch()
    work.commit({"a.py": line(1)})
    return work


def test_what_looks_like_a_git_directory_in_a_work_tree_is_not_the_repository(picket: Picket, decoy: Work) -> None:
    assert picket(decoy.path).status == 1
    (decoy.path / "b.py").write_text(line(2))
    decoy.git("add", "b.py")
    assert picket(decoy.path, "--staged").status == 1


@pytest.mark.parametrize("transport", ["ext::sh -c touch% {}", "file"])
def test_missing_objects_start_no_program(picket: Picket, work: Work, tmp_path: Path, transport: str) -> None:
    work.commit({"a.py": "1\n", "b.py": line(1)})
    mark = tmp_path / "ran"
    blob = work.git("rev-parse", "HEAD:a.py")
    (work.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    settings = {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": transport.format(mark) if transport != "file" else f"file://{tmp_path}",
        "remote.origin.uploadpack": f"touch {mark};",
        "protocol.ext.allow": "always",
        "protocol.file.allow": "always",
    }
    for name, value in settings.items():
        work.git("config", name, value)

    done = picket(work.path)

    assert not mark.exists()
    assert done.status in {1, 2}


def test_a_partial_clone_tells_what_is_missing(picket: Picket, work: Work, tmp_path: Path) -> None:
    work.commit({"gone.py": line(1)})
    work.commit({"gone.py": "x = 1\n", "b.py": line(2)})
    work.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{work.path}", str(partial))
    done = picket(partial)
    assert (done.status, len(done.findings)) == (2, 1)
    assert [each["path"] for each in done.json["errors"]] == ["gone.py"]


def test_a_hook_lets_nothing_pass_that_is_missing(picket: Picket, work: Work) -> None:
    work.commit({"a.py": "1\n"})
    (work.path / "b.py").write_text("x = 2\n")
    work.git("add", "b.py")
    blob = work.git("rev-parse", ":b.py")
    (work.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert picket(work.path, "--staged").status == 2


def test_a_baseline_is_not_written_through_a_link(picket: Picket, work: Work, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in (".picketignore.part", "..picketignore.part", ".picketignore.tmp"):
        (work.path / name).symlink_to(victim)
    work.commit({"a.py": line(1)})
    picket(work.path, "--write-baseline", work.path / ".picketignore")
    assert victim.read_text() == "mine"
    assert not (work.path / ".picketignore").is_symlink()


@pytest.mark.parametrize("name", [".gitleaks.toml", ".picketignore", ".gitleaksignore"])
@pytest.mark.parametrize("kind", ["pipe", "endless", "extends endless"])
def test_files_that_never_end_are_refused(picket: Picket, work: Work, name: str, kind: str) -> None:
    work.commit({"a.py": line(1)})
    path = work.path / name
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    else:
        path.write_text("[extend]\npath = '/dev/zero'\n")
    done = picket(work.path)
    assert done.status == (2 if kind != "extends endless" or name != ".gitleaksignore" else 1)


def test_a_deepened_clone_is_looked_at_again(picket: Picket, work: Work, tmp_path: Path) -> None:
    work.commit({"a.py": line(1)})
    work.commit({"a.py": "clean\n"})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{work.path}", str(clone))
    assert picket(clone).status == 2
    assert picket(clone, "--allow-missing").status == 0
    git(clone, "fetch", "-q", "--unshallow")
    assert picket(clone).status == 1


def test_dates_out_of_order_lose_nothing(picket: Picket, work: Work) -> None:
    def commit(files: dict[str, str], second: int) -> None:
        for name, text in files.items():
            (work.path / name).write_text(text)
        git(work.path, "add", "--all")
        git(work.path, "commit", "-q", "-m", "x", dates=f"{second} +0000")

    commit({"a": "a"}, 1_700_000_000)
    commit({"s": line(1)}, 1_700_000_100)
    assert picket(work.path).status == 1
    (work.path / "s").unlink()
    for number in range(9):
        commit({"a": str(number)}, 1_600_000_000 + number)
    stepwise, at_once = picket(work.path), picket(work.path, "--fresh")
    assert stepwise.findings == at_once.findings
    assert stepwise.json["stats"]["commits"] == at_once.json["stats"]["commits"] == 11


def test_the_best_evidence_is_the_same_in_steps_as_at_once(picket: Picket, work: Work, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        "[[rules]]\nid = 'low'\nregex = 'low=(zz[0-9]{9})'\nseverity = 'low'\nconfidence = 0.9\n"
        "[[rules]]\nid = 'crit'\nregex = 'crit=(zz[0-9]{9})'\nseverity = 'critical'\nconfidence = 0.3\n"
    )
    work.commit({"a": "low=zz123456789\n"})
    assert picket(work.path, "--rules", rules).status == 1
    work.commit({"b": "crit=zz123456789\n"})
    assert picket(work.path, "--rules", rules).findings == picket(work.path, "--rules", rules, "--fresh").findings


def test_what_was_missing_is_looked_at_once_it_is_there(picket: Picket, work: Work) -> None:
    work.commit({"a.py": line(1)})
    blob = work.git("rev-parse", "HEAD:a.py")
    loose = work.path / ".git" / "objects" / blob[:2] / blob[2:]
    kept = loose.read_bytes()
    loose.unlink()
    assert picket(work.path).findings == []
    loose.write_bytes(kept)
    done = picket(work.path)
    assert (len(done.findings), done.json["errors"]) == (1, [])


def test_a_git_file_that_leads_nowhere_is_an_error(picket: Picket, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text("gitdir: /nowhere\n")
    assert picket(tmp_path / "tree").status == 2


def test_a_link_or_a_pipe_that_is_named_is_read(picket: Picket, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text(line(1))
    (tmp_path / "link").symlink_to(tmp_path / "a.env")
    assert picket(tmp_path / "link").status == 1
    read_end, write_end = os.pipe()
    os.write(write_end, line(2).encode())
    os.close(write_end)
    assert picket(f"/dev/fd/{read_end}").status == 1
    os.close(read_end)
    assert picket(tmp_path / "a.env", "--max-blob", "5").status == 2


def test_a_shallow_range_is_an_error_with_since_too(picket: Picket, work: Work, tmp_path: Path) -> None:
    start = work.commit({"a.py": "1\n"})
    for number in range(3):
        work.commit({"a.py": line(number)})
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{work.path}", str(shallow))
    git(shallow, "fetch", "-q", "--depth=1", "origin", start)
    assert picket(shallow, "--range", f"{start}..HEAD", "--since", "2000-01-01").status == 2


@pytest.mark.parametrize("option", ["--pre-push", "--pre-receive"])
def test_a_push_of_what_is_no_commit_is_refused(picket: Picket, work: Work, option: str) -> None:
    work.commit({"a.py": "1\n"})
    blob = work.git("hash-object", "-w", "--stdin", stdin=line(1).encode())
    zeros = "0" * 40
    told = f"refs/tags/t {blob} refs/tags/t {zeros}" if option == "--pre-push" else f"{zeros} {blob} refs/tags/t"
    assert picket(work.path, option, stdin=told).status == 2


def test_thousands_of_refs_are_pushed_at_once(picket: Picket, work: Work) -> None:
    sha = work.commit({"a.py": line(1)})
    told = "\n".join(f"refs/heads/b{number} {sha} refs/heads/b{number} {'0' * 40}" for number in range(40_000))
    assert picket(work.path, "--pre-push", stdin=told).status == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["https://example.com/x.git", "--staged"],
        ["-", "--pre-push"],
        ["-", "--since", "2020-01-01"],
        [".", "--branch", ""],
        [".", "--range", ""],
        [".", "--since", "0001-01-01"],
        ["x" * 5_000],
    ],
)
def test_options_that_contradict_each_other_are_errors(
    picket: Picket, work: Work, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    work.commit({"a.py": line(1)})
    monkeypatch.chdir(work.path)
    done = picket(*arguments)
    assert (done.status, done.out) == (2, "")
    assert len(done.err) < 2_000


def test_what_git_says_of_one_repository_does_not_hold_for_another(
    picket: Picket, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Work(tmp_path / "other")
    other.commit({"x": "1\n"})
    (other.path / "b.py").write_text(line(2))
    other.git("add", "b.py")
    work.commit({"a.py": "1\n"})
    monkeypatch.chdir(work.path)
    monkeypatch.setenv("GIT_INDEX_FILE", str(work.path / ".git" / "index"))
    assert [each["path"] for each in picket(other.path, "--staged").findings] == ["b.py"]


def test_an_orphan_branch_can_get_its_first_commit(picket: Picket, work: Work) -> None:
    work.commit({"a.py": "1\n"})
    work.git("checkout", "-q", "--orphan", "pages")
    assert picket(work.path, "--staged").status == 0
    (work.path / "b.py").write_text(line(1))
    work.git("add", "b.py")
    assert picket(work.path, "--staged").status == 1


def test_a_blob_beside_one_that_is_named_like_an_archives_member_is_told_once(picket: Picket, work: Work) -> None:
    work.commit({"a": line(1), "a!b": line(1)})
    for more in ([], ["--archives"]):
        [finding] = picket(work.path, *more).findings
        assert sorted(each["path"] for each in finding["occurrences"]) == ["a", "a!b"]


def test_a_byte_order_mark_takes_no_column(picket: Picket, work: Work) -> None:
    work.commit({"a.py": b"\xef\xbb\xbf" + line(1).encode()})
    assert picket(work.path).findings[0]["start_column"] == len("token = '") + 1


def test_what_cannot_be_written_changes_no_answer(
    picket: Picket, work: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rules]]\nid = 'slack'\nregex = 'xox[b]-[0-9-]{25}-[A-Za-z0-9]{24}'\n")
    work.commit({"a.py": line(1)})
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/x")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/dev/null/x")
    assert picket(work.path, "--rules", rules).status == 1
    assert picket(work.path, "--rules", rules, "--write-baseline", "/nowhere/x").status == 2


def test_however_quiet_what_was_not_looked_at_is_told(picket: Picket, work: Work) -> None:
    work.commit({"big": "x" * 3_000})
    assert "big: larger than the limit" in picket(work.path, "--quiet", "--max-blob", "1k").err


def run(cache: Path, *arguments: str, folder: Path, **more: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "picket.cli", "scan", *arguments]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "XDG_CONFIG_HOME": str(cache)}
    return subprocess.Popen(command, cwd=folder, env=environment, **more)  # type: ignore[call-overload,no-any-return]


def test_a_reader_that_has_had_enough_gets_no_traceback(work: Work, cache: Path) -> None:
    work.commit({f"{number}.py": line(number) for number in range(300)})
    pipe = subprocess.PIPE
    whole = ["--format=json"]
    for more in (["--fresh"], [], []):  # the last of them a replay
        with run(cache, *whole, *more, folder=work.path, stdout=pipe, stderr=pipe) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            said = process.stderr.read().decode()
        assert process.returncode == 2
        assert "Traceback" not in said
        run(cache, *whole, folder=work.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait()


def test_a_closed_standard_output_is_an_error(work: Work, cache: Path) -> None:
    work.commit({"a.py": line(1)})
    command = f"{sys.executable} -m picket.cli scan >&-"
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "XDG_CONFIG_HOME": str(cache)}
    for _ in range(2):
        done = subprocess.run(["sh", "-c", command], cwd=work.path, env=environment, capture_output=True, check=False)
        assert done.returncode == 2
        assert b"Traceback" not in done.stderr


def test_folders_beyond_pythons_depth_are_walked(picket: Picket, tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "a.env").write_text(line(1))
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1_500):  # a step at a time: no path is as long as that
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    try:
        assert [each["path"] for each in picket(folder, "--no-git").findings] == ["a.env"]
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)  # Python's own way of removing folders is not deep enough


def test_no_process_outlives_a_scan_that_is_killed(work: Work, cache: Path) -> None:
    work.commit({f"{number}.txt": f"{number}\n" * 600_000 for number in range(40)})
    mark = f"--remote={uuid.uuid4()}"  # in the command line of every process of this scan
    with run(cache, "--fresh", "--jobs=2", mark, folder=work.path) as process:
        deadline = time.monotonic() + 300
        while len(_like(mark)) < 3 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 300
    while _like(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _like(mark) == []


def _like(text: str) -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if text.encode() in command and int(folder.name) != os.getpid():
                found.append(folder.name)
    return found

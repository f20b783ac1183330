"""Which commits, blobs and files `picket scan` looks at."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from tests.scanning.conftest import Picket
from tests.support import secrets
from tests.support.repositories import IDENTITY, GitHttpServer, Work


def line(seed: int) -> str:
    return f"token = '{secrets.slack_token(seed)}'\n"


def commits_of(done: object) -> list[list[str]]:
    return [[each["commit"] for each in finding["occurrences"]] for finding in done.findings]  # type: ignore[attr-defined]


def test_the_history_of_every_ref_is_looked_at(picket: Picket, work: Work) -> None:
    work.commit({"a.py": "x = 1\n"})
    gone = work.commit({"a.py": line(1)})
    work.commit({"a.py": "x = 2\n"})
    work.git("checkout", "--quiet", "-b", "side")
    side = work.commit({"b.py": line(2)})
    work.git("checkout", "--quiet", "main")
    work.git("stash", "store", side)

    done = picket(work.path)

    assert done.status == 1
    assert sorted(commits_of(done)) == sorted([[gone], [side]])
    assert done.json["stats"]["commits"] == 4


def test_a_clean_history_ends_with_zero(picket: Picket, work: Work) -> None:
    work.commit({"a.py": "x = 1\n"})
    done = picket(work.path)
    assert (done.status, done.findings, done.json["errors"]) == (0, [], [])
    assert "no leaked credentials in 1 commits" in done.err


def test_a_repository_without_commits_has_nothing_to_find(picket: Picket, work: Work) -> None:
    done = picket(work.path)
    assert (done.status, done.json["stats"]["commits"]) == (0, 0)


def test_one_finding_for_a_secret_with_all_its_occurrences_oldest_first(picket: Picket, work: Work) -> None:
    first = work.commit({"a.py": line(1)})
    moved = work.commit({"sub/b.py": "# moved\n" + line(1)})
    work.git("rm", "-q", "a.py")
    work.commit({})
    back = work.commit({"a.py": line(1)})

    [finding] = picket(work.path).findings

    assert [each["commit"] for each in finding["occurrences"]] == [first, moved, back]
    assert [(each["path"], each["start_line"]) for each in finding["occurrences"]] == [
        ("a.py", 1),
        ("sub/b.py", 2),
        ("a.py", 1),
    ]
    assert (finding["commit"], finding["author"], finding["email"]) == (first, "A", "a@example.com")


def test_a_moved_line_is_no_new_occurrence(picket: Picket, work: Work) -> None:
    first = work.commit({"a.py": line(1)})
    work.commit({"a.py": "# above\n\n" + line(1)})
    assert commits_of(picket(work.path)) == [[first]]


def test_a_secret_that_only_a_merge_introduces_is_found(picket: Picket, work: Work) -> None:
    work.commit({"a.py": "1\n", "b.py": "1\n"})
    work.git("checkout", "--quiet", "-b", "side")
    work.commit({"a.py": "side\n"})
    work.git("checkout", "--quiet", "main")
    work.commit({"b.py": "main\n"})
    work.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    merge = work.commit({"a.py": line(1)})

    assert commits_of(picket(work.path)) == [[merge]]


def test_many_blobs_are_shared_out_and_nothing_is_lost(picket: Picket, work: Work) -> None:
    for number in range(3):
        work.commit({f"{name}.py": f"# {number}\n{line(1000 * number + name)}" for name in range(250)})
    parallel, alone = picket(work.path, "--jobs", 3), picket(work.path, "--jobs", 1)
    assert len(parallel.findings) == 750
    assert parallel.findings == alone.findings


def test_a_range_is_what_its_end_has_and_its_start_has_not(picket: Picket, work: Work) -> None:
    before = work.commit({"a.py": line(1)})
    inside = work.commit({"b.py": line(2)})
    assert commits_of(picket(work.path, "--range", f"{before}..{inside}")) == [[inside]]
    assert commits_of(picket(work.path, "--range", f"{before}..")) == [[inside]]
    assert picket(work.path, "--range", f"{inside}..{before}").status == 0


@pytest.mark.parametrize(
    "text", ["nonsense", "..", "..HEAD", "HEAD", "--all..HEAD", "HEAD...HEAD", "HEAD..nowhere", "0" * 40 + "..HEAD"]
)
def test_a_bad_range_is_an_error(picket: Picket, work: Work, text: str) -> None:
    work.commit({"a.py": line(1)})
    done = picket(work.path, f"--range={text}")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("picket: ")


def test_a_range_that_a_shallow_clone_cuts_off_is_an_error(picket: Picket, work: Work, tmp_path: Path) -> None:
    start = work.commit({"a.py": "1\n"})
    for number in range(4):
        work.commit({"a.py": line(number)})
    shallow = tmp_path / "shallow"
    work.git("clone", "--quiet", "--depth=2", f"file://{work.path}", str(shallow))
    subprocess.run(["git", "-C", shallow, "fetch", "-q", "--depth=1", "origin", start], check=True)

    assert picket(shallow, "--range", f"{start}..HEAD").status == 2
    whole = picket(shallow)
    assert whole.status == 2
    assert "shallow" in whole.json["errors"][0]["reason"]


def test_a_branch_is_its_own_history(picket: Picket, work: Work) -> None:
    work.commit({"a.py": "1\n"})
    work.git("checkout", "--quiet", "-b", "side")
    side = work.commit({"b.py": line(2)})
    work.git("checkout", "--quiet", "main")
    work.commit({"a.py": line(1)})

    assert commits_of(picket(work.path, "--branch", "side")) == [[side]]
    assert picket(work.path, "--branch", "nowhere").status == 2
    assert picket(work.path, "--branch=--all").status == 2


def test_since_looks_at_each_commits_own_date(picket: Picket, work: Work) -> None:
    work.commit({"a.py": line(1)})
    late = work.commit({"b.py": line(2)})
    # One that claims to be older stands on top: it must not hide what is beneath it.
    work._clock -= 100_000
    work.commit({"c.py": line(3)})

    assert commits_of(picket(work.path, "--since", "2023-11-14T22:15:00+00:00")) == [[late]]
    assert picket(work.path, "--since", "1 day").status == 0
    assert picket(work.path, "--since", "some day").status == 2


def test_staged_is_what_the_index_adds(picket: Picket, work: Work) -> None:
    (work.path / "first.py").write_text(line(1))
    work.git("add", "first.py")
    assert [finding["path"] for finding in picket(work.path, "--staged").findings] == ["first.py"]

    work.commit({})
    (work.path / "first.py").write_text("# moved\n" + line(1))
    (work.path / "second.py").write_text(line(2))
    (work.path / "not-added.py").write_text(line(3))
    work.git("add", "first.py", "second.py")
    [finding] = picket(work.path, "--staged").findings
    assert (finding["path"], finding["commit"], finding["author"]) == ("second.py", "", "")


def test_a_folder_and_a_file_are_read_as_they_are(picket: Picket, work: Work, tmp_path: Path) -> None:
    work.commit({"kept.py": "1\n"})
    (work.path / "sub").mkdir()
    (work.path / "sub" / "loose.py").write_text("\n" + line(1))
    (work.path / "link.py").symlink_to("sub/loose.py")
    (work.path / ".git" / "inside").write_text(line(2))
    os.mkfifo(work.path / "pipe")

    for arguments in ((work.path, "--no-git"), (work.path / "sub" / "loose.py",)):
        [finding] = picket(*arguments).findings
        assert (finding["path"].removeprefix("sub/"), finding["start_line"]) == ("loose.py", 2)
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.env").write_text(line(3))
    assert [finding["path"] for finding in picket(plain).findings] == ["a.env"]


def test_a_folder_in_a_repository_means_the_repository(picket: Picket, work: Work) -> None:
    sha = work.commit({"a.py": line(1), "sub/b.py": "1\n"})
    assert commits_of(picket(work.path / "sub")) == [[sha]]


def test_standard_input_is_read(picket: Picket) -> None:
    [finding] = picket("-", stdin="\n\n  " + line(1)).findings
    assert (finding["path"], finding["start_line"], finding["start_column"]) == ("stdin", 3, 12)


def test_a_linked_work_tree_and_a_bare_repository_are_repositories(picket: Picket, work: Work, tmp_path: Path) -> None:
    sha = work.commit({"a.py": line(1)})
    work.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "linked")
    work.git("clone", "-q", "--bare", str(work.path), str(tmp_path / "bare"))
    (tmp_path / "linked" / "b.py").write_text(line(2))
    subprocess.run(["git", "-C", tmp_path / "linked", "add", "b.py"], check=True)

    assert commits_of(picket(tmp_path / "linked")) == [[sha]]
    assert commits_of(picket(tmp_path / "bare")) == [[sha]]
    assert [finding["path"] for finding in picket(tmp_path / "linked", "--staged").findings] == ["b.py"]


def test_a_url_is_cloned_with_every_ref_and_nothing_is_left(
    picket: Picket, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    sha = work.commit({"a.py": line(1)})
    work.git("update-ref", "refs/pull/1/head", work.head())
    server = GitHttpServer(work.path.parent)
    try:
        assert commits_of(picket(f"{server.url}/work/.git")) == [[sha]]
        missing = picket(f"{server.url}/nothing.git")
    finally:
        server.close()
    assert missing.status == 2
    assert "cannot be cloned" in missing.err
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("target", ["nowhere", "--upload-pack=touch x", "ext::sh -c true", "https://127.0.0.1:1/x.git"])
def test_a_target_that_is_not_there_is_an_error(picket: Picket, target: str) -> None:
    assert picket("--", target).status == 2


def test_what_is_over_the_limit_is_told_not_passed_over(picket: Picket, work: Work) -> None:
    work.commit({"big.txt": "x" * 3000, "small.py": line(1)})
    done = picket(work.path, "--max-blob", "2k")
    assert [finding["path"] for finding in done.findings] == ["small.py"]
    assert [(each["path"], each["reason"]) for each in done.json["errors"]] == [
        ("big.txt", "larger than the limit of 2048 bytes")
    ]
    assert "big.txt" in done.err
    assert picket("-", "--max-blob", "10", stdin="x" * 11).json["errors"]
    assert picket(work.path, "--no-git", "--max-blob", "2k").json["errors"]


def test_archives_in_history_are_looked_into_when_asked(picket: Picket, work: Work) -> None:
    def packed(*names: str) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, name in enumerate(names):
                archive.writestr(name, "\n" * number + line(number))
        return out.getvalue()

    first = work.commit({"lib/a.jar": packed("in/one.py")})
    second = work.commit({"lib/a.jar": packed("in/one.py", "in/two.py"), "broken.zip": packed("x")[:-30]})

    assert picket(work.path).findings == []
    done = picket(work.path, "--archives")
    assert sorted((each["path"], each["start_line"], each["commit"]) for each in done.findings) == [
        ("lib/a.jar!in/one.py", 1, first),
        ("lib/a.jar!in/two.py", 2, second),
    ]
    assert [each["path"] for each in done.json["errors"]] == ["broken.zip"]


def test_what_is_missing_or_damaged_is_told_and_the_rest_scanned(picket: Picket, work: Work) -> None:
    work.commit({"a.py": "1\n", "b.py": line(1)})
    blob = work.git("rev-parse", "HEAD:a.py")
    loose = work.path / ".git" / "objects" / blob[:2] / blob[2:]
    loose.unlink()
    for damage in (b"", b"no object"):
        if damage:
            loose.write_bytes(damage)
        done = picket(work.path, "--fresh")
        assert (done.status, len(done.findings)) == (2, 1)
        assert [(each["path"], each["blob"]) for each in done.json["errors"]] == [("a.py", blob)]


def test_a_repositorys_own_configuration_runs_nothing(picket: Picket, work: Work, tmp_path: Path) -> None:
    sha = work.commit({"a.py": line(1), ".gitattributes": "*.py diff=evil filter=evil\n"})
    mark = tmp_path / "ran"
    for name in (
        "core.fsmonitor",
        "diff.external",
        "diff.evil.textconv",
        "filter.evil.clean",
        "gpg.program",
        "core.pager",
    ):
        work.git("config", name, f"touch {mark}; false")
    work.git("config", "log.showSignature", "true")
    (work.path / ".git" / "info" / "grafts").write_text(f"{sha}\n")
    (work.path / "b.py").write_text(line(2))
    subprocess.run(["git", "add", "b.py"], cwd=work.path, env={**os.environ, **IDENTITY}, check=False)
    mark.unlink(missing_ok=True)

    assert commits_of(picket(work.path)) == [[sha]]
    assert picket(work.path, "--staged").status in {0, 1}
    assert not mark.exists()

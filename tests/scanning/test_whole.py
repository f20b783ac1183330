"""`picket scan` says what it looked at and what it could not, and is no all-clear for what it did not look at."""

import json
from pathlib import Path

import pytest
from tests.scanning.conftest import Picket
from tests.support.odd import odd_names, partial, shallow
from tests.support.repositories import Work
from tests.support.secrets import slack_token


@pytest.fixture
def history(work: Work) -> Work:
    """A repository with eight versions of one file."""
    for number in range(8):
        work.commit({"a.py": f"x = {number}\n"})
    return work


def test_what_is_missing_ends_with_2_unless_that_is_allowed(picket: Picket, history: Work, tmp_path: Path) -> None:
    partial(history, tmp_path / "partial.git")

    missing, allowed = picket(tmp_path / "partial.git"), picket(tmp_path / "partial.git", "--allow-missing")

    assert (missing.status, allowed.status) == (2, 0)
    assert missing.err.count("a.py") == 1
    assert "a.py (8 versions): not in this repository" in missing.err
    assert "--allow-missing" in missing.err


def test_sarif_says_that_a_scan_was_not_whole(picket: Picket, history: Work, tmp_path: Path) -> None:
    partial(history, tmp_path / "partial.git")

    def invocation(*arguments: str) -> tuple[bool, set[str]]:
        done = picket("--format", "sarif", tmp_path / "partial.git", *arguments, as_json=False)
        [told] = json.loads(done.out)["runs"][0]["invocations"]
        return told["executionSuccessful"], {note["level"] for note in told["toolExecutionNotifications"]}

    assert invocation() == (False, {"error"})
    assert invocation("--allow-missing") == (True, {"warning"})


def test_missing_beats_found(picket: Picket, history: Work, tmp_path: Path) -> None:
    history.commit({"s.py": f"t = '{slack_token(1)}'\n"})
    path = shallow(history, tmp_path / "cut")

    done = picket(path)

    assert (done.status, len(done.findings)) == (2, 1)
    assert picket(path, "--allow-missing").status == 1


def test_a_limit_that_somebody_set_is_told_and_no_failure(picket: Picket, work: Work) -> None:
    work.commit({"big": "x" * 3_000})

    done = picket(work.path, "--max-blob", "1k")

    assert (done.status, done.json["errors"][0]["is_limit"]) == (0, True)


def test_many_paths_are_summed_up(picket: Picket, work: Work, tmp_path: Path) -> None:
    work.commit({f"d/{number}": f"{number}\n" for number in range(50)})
    partial(work, tmp_path / "partial.git")

    done = picket(tmp_path / "partial.git")

    assert done.err.count("not in this repository") == 21
    assert "30 more paths" in done.err


def test_refs_of_pull_requests_are_looked_at_where_asked_and_left_out_aloud(picket: Picket, work: Work) -> None:
    work.commit({"a.py": "x\n"})
    work.git("checkout", "--quiet", "--detach")
    pull = work.commit({"s.py": f"t = '{slack_token(1)}'\n"})
    work.git("update-ref", "refs/pull/7/head", pull)
    trial = work.commit({"t.py": f"t = '{slack_token(2)}'\n"})
    work.git("update-ref", "refs/pull/7/merge", trial)
    work.git("checkout", "--quiet", "main")

    without, with_them, again = picket(work.path), picket(work.path, "--pull-requests"), picket(work.path)

    assert (without.status, with_them.status, again.status) == (0, 1, 0)
    assert [finding["commit"] for finding in with_them.findings] == [pull]
    assert (without.json["stats"]["refs"], with_them.json["stats"]["refs"]) == (1, 2)
    assert "1 commits of 1 ref," in without.err
    assert "2 refs of pull requests (--pull-requests)" in without.err


def test_a_repository_without_commits_is_no_clean_one(picket: Picket, work: Work) -> None:
    done = picket(work.path)

    assert done.status == 0
    assert "the repository has no commits: nothing was looked at" in done.err


def test_a_ref_that_git_passes_over_is_an_error(picket: Picket, work: Work) -> None:
    work.commit({"a.py": "x\n"})
    odd_names(work, "refs/heads/a..b")

    assert picket(work.path).status == 2


def test_what_was_missing_and_is_there_now_is_looked_at_though_no_ref_has_moved(picket: Picket, work: Work) -> None:
    work.commit({"s.py": f"t = '{slack_token(1)}'\n"})
    blob = work.git("rev-parse", "HEAD:s.py")
    loose = work.path / ".git" / "objects" / blob[:2] / blob[2:]
    content = loose.read_bytes()
    loose.unlink()
    assert [picket(work.path).status for _ in range(2)] == [2, 2]

    loose.write_bytes(content)

    assert picket(work.path).status == 1


def test_branches_are_told_apart_by_gits_lines_alone(picket: Picket, work: Work) -> None:
    work.commit({"s.py": f"t = '{slack_token(1)}'\n"})
    work.git("branch", "a\u2028b")

    first, again = picket(work.path), picket(work.path)

    assert (first.status, again.status, first.json["stats"]["refs"]) == (1, 1, 2)


def test_refs_that_a_clone_passes_over_end_with_2(picket: Picket, history: Work) -> None:
    odd_names(history, "refs/heads/a..b")

    done = picket(history.path.as_uri())

    assert (done.status, "refs/heads/a..b" in done.err) == (2, True)
    assert picket(history.path.as_uri(), "--allow-missing").status == 0


def test_a_url_of_a_shallow_repository_ends_with_2(picket: Picket, history: Work, tmp_path: Path) -> None:
    assert picket(shallow(history, tmp_path / "cut").as_uri()).status == 2

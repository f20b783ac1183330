"""`--unreachable` looks at what no ref leads to; without it, that is not looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.scanning.conftest import Picket
from tests.support.odd import borrowing, partial
from tests.support.repositories import Work
from tests.support.secrets import slack_token


def line(seed: int) -> str:
    return f"token = '{slack_token(seed)}'\n"


def amended(work: Work) -> str:
    lost = work.commit({"a.py": line(1)})
    (work.path / "a.py").write_text("token = ''\n")
    work.git("add", "--all")
    work.git("commit", "--quiet", "--amend", "--no-edit")
    return lost


def pushed_over(work: Work) -> str:
    lost = work.commit({"a.py": line(1)})
    bare = work.path.with_name("bare.git")
    work.git("init", "--quiet", "--bare", str(bare))
    work.git("push", "--quiet", str(bare), "main")
    work.git("reset", "--quiet", "--hard", "HEAD~1")
    work.git("push", "--quiet", "--force", str(bare), "main")
    work.path = bare
    return lost


def stashed(work: Work) -> str:
    (work.path / "README").write_text(line(1))
    work.git("stash", "--quiet")
    lost = work.git("rev-parse", "stash")
    work.git("stash", "drop", "--quiet")
    return lost


def stashed_before(work: Work) -> str:
    """An older stash, which a reflog alone leads to."""
    (work.path / "README").write_text(line(1))
    work.git("stash", "--quiet")
    lost = work.git("rev-parse", "stash")
    (work.path / "README").write_text("2\n")
    work.git("stash", "--quiet")
    return lost


def branch_deleted(work: Work) -> str:
    work.git("checkout", "--quiet", "-b", "side")
    lost = work.commit({"a.py": line(1)})
    work.git("checkout", "--quiet", "main")
    work.git("branch", "--quiet", "-D", "side")
    work.git("reflog", "expire", "--expire=now", "--all")
    return lost


def tag_deleted(work: Work) -> str:
    work.git("checkout", "--quiet", "--detach")
    lost = work.commit({"a.py": line(1)})
    work.git("tag", "--annotate", "-m", "v1", "v1")
    work.git("checkout", "--quiet", "main")
    work.git("tag", "--delete", "v1")
    return lost


@pytest.mark.parametrize("lose", [amended, pushed_over, stashed, stashed_before, branch_deleted, tag_deleted])
@pytest.mark.parametrize("packed", [False, True])
def test_a_commit_that_no_ref_leads_to_is_looked_at(
    picket: Picket, work: Work, lose: Callable[[Work], str], *, packed: bool
) -> None:
    work.commit({"README": "1\n"})
    lost = lose(work)
    if packed:
        work.git("repack", "-q", "-a", "-d", "--keep-unreachable")

    without, done, again = picket(work.path), picket(work.path, "--unreachable"), picket(work.path)

    assert (without.status, again.status) == (0, 0)
    [finding] = done.findings
    assert (done.status, finding["commit"], finding["author"], finding["unreachable"]) == (1, lost, "A", True)
    assert finding["path"] in {"a.py", "README"}
    assert done.json["errors"] == []


def test_the_message_of_a_deleted_tag_and_of_an_amended_commit_are_looked_at(picket: Picket, work: Work) -> None:
    work.commit({"README": "1\n"})
    work.git("tag", "--annotate", "-m", line(1), "v1")
    work.git("tag", "--delete", "v1")
    work.commit({"a": "1\n"}, message=line(2))
    work.git("commit", "--quiet", "--amend", "-m", "clean")

    found = picket(work.path, "--unreachable").findings

    assert [(each["path"], each["unreachable"]) for each in found] == [("", True), ("", True)]
    assert picket(work.path).findings == []


def test_a_blob_that_no_commit_holds_is_told_by_its_id(picket: Picket, work: Work) -> None:
    work.commit({"README": "1\n"})
    blob = work.git("hash-object", "-w", "--stdin", stdin=line(1).encode())

    [finding] = picket(work.path, "--unreachable").findings

    assert (finding["path"], finding["commit"], finding["blob"], finding["unreachable"]) == ("", "", blob, True)
    assert picket(work.path).status == 0
    table = picket(work.path, "--unreachable", as_json=False)
    assert f"(blob {blob[:12]}):1" in table.out
    assert "(unreachable)" in table.out


def test_what_a_ref_leads_to_as_well_is_not_unreachable(picket: Picket, work: Work) -> None:
    kept = work.commit({"a.py": line(1)})
    (work.path / "b.py").write_text(line(1))
    work.git("stash", "--quiet", "--include-untracked")
    work.git("stash", "drop", "--quiet")
    work.git("hash-object", "-w", "--stdin", stdin=f"# {line(1)}".encode())

    [finding] = picket(work.path, "--unreachable").findings

    assert (finding["commit"], finding["unreachable"]) == (kept, False)
    assert [each["unreachable"] for each in finding["occurrences"]] == [False, True, True]
    assert "unreachable" not in picket(work.path).findings[0]


def test_every_format_says_that_a_finding_is_unreachable(picket: Picket, work: Work) -> None:
    work.commit({"README": "1\n"})
    amended(work)
    blob = work.git("hash-object", "-w", "--stdin", stdin=line(2).encode())

    told = {
        name: picket(work.path, "--unreachable", "--format", name, as_json=False).out
        for name in ("table", "jsonl", "csv", "sarif", "junit")
    }

    assert all("unreachable" in text for text in told.values())
    assert all(blob[:12] in text for text in told.values())
    results = json.loads(told["sarif"])["runs"][0]["results"]
    assert [each["properties"]["unreachable"] for each in results] == [True, True]
    assert picket(work.path, "--unreachable", "--format", "gitleaks", as_json=False).status == 1


@pytest.mark.parametrize(
    "options",
    [("--range", "HEAD~1..HEAD"), ("--branch", "main"), ("--staged",), ("--no-git",), ("--since", "2 weeks")],
)
def test_it_goes_with_all_history_only(picket: Picket, work: Work, options: tuple[str, ...]) -> None:
    work.commit({"README": "1\n"})
    work.commit({"README": "2\n"})
    assert picket(work.path, "--unreachable", *options).status == 2


def test_where_nothing_can_be_unreachable_it_is_refused(picket: Picket, work: Work, tmp_path: Path) -> None:
    work.commit({"README": "1\n"})
    (tmp_path / "plain").mkdir()
    for target in (work.path.as_uri(), "-", tmp_path / "plain"):
        assert picket(target, "--unreachable").status == 2


def test_what_is_borrowed_is_the_lenders(picket: Picket, work: Work, tmp_path: Path) -> None:
    work.commit({"README": "1\n"})
    clone = borrowing(work, tmp_path / "clone")
    work.commit({"theirs.py": line(1)})
    work.git("reset", "--quiet", "--hard", "HEAD~1")
    clone.git("reset", "--quiet", "--hard", "HEAD~1")

    found = picket(clone.path, "--unreachable").findings

    assert [each["path"] for each in found] == ["own.py"]


def test_a_partial_clone_says_what_is_missing_and_is_looked_at(picket: Picket, work: Work, tmp_path: Path) -> None:
    for number in range(3):
        work.commit({"a.py": f"x = {number}\n"})
    partial(work, tmp_path / "partial.git")
    clone = Work.at(tmp_path / "partial.git")
    blob = clone.git("hash-object", "-w", "--stdin", stdin=line(1).encode())

    done = picket(clone.path, "--unreachable")

    assert done.status == 2
    assert [each["blob"] for each in done.findings] == [blob]
    assert "not in this repository" in done.err


def test_a_commit_whose_objects_are_gone_is_named_and_its_blobs_are_looked_at(picket: Picket, work: Work) -> None:
    work.commit({"README": "1\n"})
    lost = amended(work)
    tree = work.git("rev-parse", f"{lost}^{{tree}}")
    (work.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()

    done = picket(work.path, "--unreachable")

    assert done.status == 2
    assert [each["blob"] for each in done.json["errors"]] == [lost]
    assert [(each["path"], each["commit"], each["unreachable"]) for each in done.findings] == [("", "", True)]
    assert picket(work.path, "--unreachable", "--allow-missing").status == 1


def test_a_work_trees_head_leads_to_what_it_has(picket: Picket, work: Work, tmp_path: Path) -> None:
    work.commit({"README": "1\n"})
    work.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    Work.at(tmp_path / "tree").commit({"a.py": line(1)})

    [finding] = picket(work.path, "--unreachable").findings

    assert finding["unreachable"] is False

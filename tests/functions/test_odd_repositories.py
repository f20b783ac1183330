"""Repositories that are not whole, not usual or not there: what was not looked at is said, and is no all-clear."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.orchestration.asking import ask, batches_of
from tests.support.deployment import Deployment
from tests.support.odd import (
    alternates_gone,
    corrupt_pack,
    odd_names,
    partial,
    sha256,
    shallow,
    without_blob,
    without_commit,
    without_tree,
)
from tests.support.repositories import GitHttpServer, Work

from picket.effects.mongo.client import collection


def scanned(deployed: Deployment, where: Path | str, name: str = "s", **more: Any) -> dict[str, Any]:
    """Scan a repository to its end, and return the scan as the API shows it."""
    ask(deployed, where, name, repository="h/o/r", **more)
    deployed.drain()
    return dict(deployed.api.get(f"/scans/{name}").json)


def standing(deployed: Deployment) -> tuple[float | None, str, str]:
    """Return score and grade of the repository, and what its checks say of its history."""
    score = deployed.api.get("/scores/h/o/r").json
    history = next(check for check in score["checks"] if check["id"] == "history-scanned")
    return score["score"], score["grade"], history["reason"]


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    """A repository with three commits and two branches."""
    made = Work(forge.root / "o" / "r")
    for number in range(3):
        made.commit({"a": f"{number}\n", "d/b": f"{number}\n"})
    made.git("branch", "side", "HEAD~1")
    return made


@pytest.mark.parametrize("way", ["folder", "http"])
def test_a_shallow_repository_fails_and_has_neither_score_nor_grade(
    deployed: Deployment, forge: GitHttpServer, work: Work, way: str
) -> None:
    path = shallow(work, forge.root / "o" / "cut")

    scan = scanned(deployed, path if way == "folder" else f"{forge.url}/o/cut/.git")

    assert scan["state"] == "Failed"
    assert "shallow" in scan["history"][-1]["reason"]
    score, grade, reason = standing(deployed)
    assert (score, grade) == (None, "unknown")
    assert "in full" not in reason.replace("never scanned in full", "")


def test_a_repository_says_whether_its_history_was_looked_at_whole(deployed: Deployment, work: Work) -> None:
    odd_names(work, "refs/heads/a..b")
    scanned(deployed, work.path)

    assert "refs/heads/a..b" in deployed.api.get("/repositories/h/o/r").json["missing_refs"]


def test_refs_that_git_does_not_store_make_a_scan_partial_and_are_named(deployed: Deployment, work: Work) -> None:
    odd_names(work, "refs/heads/a..b")

    scan = scanned(deployed, work.path)

    assert scan["state"] == "Partial"
    assert scan["refs"] == {
        "looked_at": 2,
        "missing": 1,
        "missing_names": ["refs/heads/a..b"],
        "reason": "git does not store them",
    }
    assert "refs/heads/a..b" in scan["history"][-1]["reason"]
    assert standing(deployed)[:2] == (None, "unknown")


def test_what_was_scanned_in_full_once_is_no_evidence_after_a_scan_that_was_not_whole(
    deployed: Deployment, work: Work, tmp_path: Path
) -> None:
    assert scanned(deployed, work.path)["state"] == "Done"
    before = standing(deployed)
    shutil.move(work.path, tmp_path / "whole")
    for number in range(3):
        Work.at(tmp_path / "whole").commit({"new": f"{number}\n"})
    shallow(Work.at(tmp_path / "whole"), work.path)

    scan = scanned(deployed, work.path, "later")

    assert scan["state"] == "Partial"
    assert "refs/heads/main" in scan["refs"]["missing_names"]
    _, grade, reason = standing(deployed)
    assert (before[2][:15], grade, "not whole" in reason) == ("scanned in full", "unknown", True)
    shutil.rmtree(work.path)
    shutil.move(tmp_path / "whole", work.path)
    assert scanned(deployed, work.path, "whole again")["state"] == "Done"
    assert standing(deployed)[2].startswith("scanned in full")


@pytest.mark.parametrize("way", ["folder", "http"])
def test_a_detached_head_counts_like_a_branch(deployed: Deployment, forge: GitHttpServer, work: Work, way: str) -> None:
    head = work.head()
    work.git("checkout", "--quiet", "--detach")
    work.git("branch", "--quiet", "-D", "main", "side")

    scan = scanned(deployed, work.path if way == "folder" else f"{forge.url}/o/r/.git")

    assert (scan["state"], scan["commits"]) == ("Done", 3)
    assert head in {sha for batch in batches_of("s") for sha in batch["commits"]}


def test_the_head_of_a_linked_work_tree_counts(deployed: Deployment, work: Work, tmp_path: Path) -> None:
    work.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    linked = Work.at(tmp_path / "linked").commit({"c": "1\n"})

    scan = scanned(deployed, work.path)

    assert (scan["state"], scan["commits"]) == ("Done", 4)
    assert linked in {sha for batch in batches_of("s") for sha in batch["commits"]}


@pytest.mark.parametrize("way", ["folder", "http"])
def test_a_repository_without_commits_is_done_with_nothing_proven(
    deployed: Deployment, forge: GitHttpServer, way: str
) -> None:
    empty = Work(forge.root / "o" / "empty")

    scan = scanned(deployed, empty.path if way == "folder" else f"{forge.url}/o/empty/.git")

    assert (scan["state"], scan["history"][-1]["reason"]) == ("Done", "the repository has no commits")
    assert standing(deployed)[:2] == (None, "unknown")


def test_a_repository_that_could_never_be_fetched_has_no_score(deployed: Deployment, forge: GitHttpServer) -> None:
    assert scanned(deployed, f"{forge.url}/o/nosuch/.git")["state"] == "Failed"

    assert standing(deployed) == (None, "unknown", "its history was never scanned in full")


@pytest.mark.parametrize("way", ["folder", "http"])
def test_a_repository_of_sha256_ids_is_scanned_like_any_other(
    deployed: Deployment, forge: GitHttpServer, way: str
) -> None:
    made = sha256(forge.root / "o" / "new")

    scan = scanned(deployed, made.path if way == "folder" else f"{forge.url}/o/new/.git")

    assert (scan["state"], scan["commits"]) == ("Done", 2)
    assert len(batches_of("s")[0]["commits"][0]) == 64


def test_a_name_that_has_a_repository_of_another_format_now_is_mirrored_anew(deployed: Deployment, work: Work) -> None:
    assert scanned(deployed, work.path)["state"] == "Done"
    shutil.rmtree(work.path)
    sha256(work.path)

    scan = scanned(deployed, work.path, "later")

    assert (scan["state"], scan["commits"]) == ("Done", 2)


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param(partial, id="partial clone"),
        pytest.param(without_blob, id="missing blob"),
        pytest.param(without_tree, id="missing tree"),
        pytest.param(without_commit, id="missing commit"),
        pytest.param(corrupt_pack, id="corrupt pack"),
        pytest.param(alternates_gone, id="alternates that are gone"),
    ],
)
@pytest.mark.parametrize("way", ["folder", "http"])
def test_a_repository_that_lacks_objects_fails_at_once_and_names_one(
    deployed: Deployment, forge: GitHttpServer, work: Work, way: str, spoiled: Callable[[Work, Path], str]
) -> None:
    path = forge.root / "o" / "spoiled"
    lacking = spoiled(work, path)

    git_dir = ".git" if (path / ".git").exists() else ""
    scan = scanned(deployed, path if way == "folder" else f"{forge.url}/o/spoiled/{git_dir}")

    assert scan["state"] == "Failed"
    assert lacking in scan["history"][-1]["reason"]
    assert "due" not in (collection("scans").find_one({"_id": "s"}) or {})
    assert standing(deployed)[:2] == (None, "unknown")


def test_replaced_objects_are_looked_at_as_they_are(deployed: Deployment, work: Work) -> None:
    work.git("replace", "HEAD~1", "HEAD~2")

    scan = scanned(deployed, work.path)

    assert (scan["state"], scan["commits"]) == ("Done", 3)


def test_ten_thousand_branches_are_all_compared(deployed: Deployment, work: Work) -> None:
    head = work.head()
    listed = "".join(f"create refs/heads/b{number} {head}\n" for number in range(10_000))
    work.git("update-ref", "--stdin", stdin=listed.encode())

    scan = scanned(deployed, work.path)

    assert (scan["state"], scan["refs"]["looked_at"], scan["refs"]["missing"]) == ("Done", 10_002, 0)


def test_a_ref_that_is_broken_there_makes_the_scan_partial(deployed: Deployment, work: Work) -> None:
    (work.path / ".git" / "refs" / "heads" / "broken").write_text("1" * 40 + "\n")

    scan = scanned(deployed, work.path)

    assert (scan["state"], scan["refs"]["missing_names"]) == ("Partial", ["refs/heads/broken"])


def test_a_push_names_the_history_that_a_shallow_repository_lacks(
    deployed: Deployment, work: Work, tmp_path: Path
) -> None:
    path = shallow(work, tmp_path / "cut")
    sha = Work.at(path).commit({"new": "1\n"})

    scan = scanned(deployed, path, kind="push", ref="refs/heads/main", before="0" * 40, after=sha)

    assert (scan["state"], "shallow" in scan["history"][-1]["reason"]) == ("Failed", True)


def test_the_mirror_does_not_take_a_folder_in_a_repository_for_one(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch
) -> None:
    environment.chdir(work.path)
    (work.path / "plain").mkdir()

    assert scanned(deployed, work.path / "plain")["state"] == "Failed"
    assert subprocess.run(["git", "status", "--short"], cwd=work.path, capture_output=True, check=True).stdout == b""

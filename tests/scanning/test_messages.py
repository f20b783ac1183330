"""The messages of commits and of annotated tags are looked at like files, and stand at no path."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.orchestration.asking import ask, push
from tests.scanning.conftest import Picket
from tests.support.deployment import Deployment, forget
from tests.support.repositories import Work
from tests.support.secrets import slack_token

from picket.detection import Engine, default_ruleset
from picket.detection.messages import look_at_texts
from picket.effects.mongo.client import collection

ENGINE = Engine(default_ruleset())


def told(seed: int) -> str:
    return f"rotate it\n\nthe old token was '{slack_token(seed)}'\n"


@pytest.fixture
def leaky(work: Work) -> tuple[Work, dict[str, str]]:
    """A repository with a token in the message of a commit, of a merge, of a tag and of a tag of that tag."""
    found = {"commit": work.commit({"a": "1\n"}, told(1))}
    work.git("checkout", "--quiet", "-b", "side")
    work.commit({"b": "1\n"})
    work.git("checkout", "--quiet", "main")
    work.git("merge", "--quiet", "--no-ff", "-m", told(2), "side")
    found["merge"] = work.head()
    work.git("tag", "-a", "v1", "-m", told(3))
    found["tag"] = work.git("rev-parse", "v1")
    work.git("tag", "-a", "outer", "-m", told(4), "v1")
    work.git("tag", "-d", "v1")
    found["outer"] = work.git("rev-parse", "outer")
    work.commit({"a": "2\n"}, "nothing here")
    return work, found


def test_each_message_is_an_occurrence_of_its_own(picket: Picket, leaky: tuple[Work, dict[str, str]]) -> None:
    work, found = leaky

    done = picket(work.path)

    assert done.status == 1
    assert {(one["commit"], one["path"], one["start_line"]) for one in done.findings} == {
        (sha, "", 3) for sha in found.values()
    }
    tag = next(one for one in done.findings if one["commit"] == found["outer"])
    assert (tag["author"], tag["date"][:4]) == ("C", "2023")


@pytest.fixture(params=["mirror", "bucket"])
def pipeline(
    request: pytest.FixtureRequest, deployed: Deployment, environment: pytest.MonkeyPatch, tmp_path: Path
) -> Deployment:
    """The functions, whose scanners read the mirror or an artifact store."""
    if request.param == "bucket":
        (tmp_path / "bucket").mkdir()
        environment.setenv("PICKET_ARTIFACTS", (tmp_path / "bucket").as_uri())
        forget()
    return deployed


def test_the_pipeline_finds_the_same(pipeline: Deployment, leaky: tuple[Work, dict[str, str]]) -> None:
    work, found = leaky
    ask(pipeline, work.path, "s")
    pipeline.drain()

    occurrences = {(one["commit"], one["path"], one["start_line"]) for one in collection("occurrences").find({})}
    assert occurrences == {(sha, "", 3) for sha in found.values()}
    ask(pipeline, work.path, "again")
    pipeline.drain()
    assert collection("batches").count_documents({"scan": "again"}) == 0


def test_a_tag_that_is_pushed_later_is_looked_at(deployed: Deployment, work: Work) -> None:
    work.commit({"a": "1\n"})
    ask(deployed, work.path, "s")
    deployed.drain()
    work.git("tag", "-a", "v1", "-m", told(1))
    sha = work.git("rev-parse", "v1")

    ask(deployed, work.path, "p", **push("0" * 40, sha, "refs/tags/v1"))
    deployed.drain()

    assert [one["commit"] for one in collection("occurrences").find({})] == [sha]


def test_only_what_is_new_is_looked_at_and_what_is_gone_is_gone(picket: Picket, work: Work) -> None:
    work.commit({"a": "1\n"}, told(1))
    assert len(picket(work.path).findings) == 1
    work.git("tag", "-a", "v1", "-m", told(2))
    assert len(picket(work.path).findings) == 2

    work.git("tag", "-d", "v1")

    assert len(picket(work.path).findings) == 1


def test_a_hook_looks_at_the_messages_that_are_pushed(picket: Picket, work: Work) -> None:
    before = work.commit({"a": "1\n"})
    after = work.commit({"a": "2\n"}, told(1))
    work.git("tag", "-a", "v1", "-m", told(2))
    tag = work.git("rev-parse", "v1")
    work.git("update-ref", "refs/remotes/origin/main", before)

    for line in (
        f"refs/heads/main {after} refs/heads/main {before}\n",
        f"refs/tags/v1 {tag} refs/tags/v1 {'0' * 40}\n",
    ):
        assert picket(work.path, "--pre-push", stdin=line).status == 1


@pytest.mark.parametrize("form", ["table", "sarif", "junit", "csv", "jsonl", "gitleaks"])
def test_every_format_can_show_one(picket: Picket, work: Work, form: str) -> None:
    work.commit({"a": "1\n"}, told(1))

    done = picket("--format", form, work.path, as_json=False)

    assert done.status == 1
    if form in {"table", "junit"}:
        assert "(message):3" in done.out
    if form == "sarif":
        [result] = json.loads(done.out)["runs"][0]["results"]
        assert result["locations"][0]["logicalLocations"][0]["name"] == "(message)"


@pytest.fixture
def tagged(work: Work) -> tuple[Work, set[str]]:
    """A repository in which a file and a folder have tags of their own, plain and annotated, and no commit has them."""
    work.commit({"a": "1\n"})
    blob, other = (work.git("hash-object", "-w", "--stdin", stdin=f"t = '{slack_token(n)}'\n".encode()) for n in (1, 2))
    tree = work.git("mktree", stdin=f"100644 blob {other}\tin.py\n".encode())
    work.git("tag", "file", blob)
    work.git("tag", "-a", "-m", "a folder", "folder", tree)
    return work, {"refs/tags/file", "refs/tags/folder/in.py"}


def test_tagged_files_and_folders_are_looked_at(picket: Picket, tagged: tuple[Work, set[str]]) -> None:
    work, places = tagged

    done = picket(work.path)

    assert (done.status, {one["path"] for one in done.findings}) == (1, places)
    assert {one["path"] for one in picket(work.path).findings} == places


def test_the_pipeline_looks_at_tagged_files_and_folders(pipeline: Deployment, tagged: tuple[Work, set[str]]) -> None:
    work, places = tagged

    ask(pipeline, work.path, "s")
    pipeline.drain()

    assert {one["path"] for one in collection("occurrences").find({})} == places


def test_a_message_of_odd_bytes_is_read(picket: Picket, work: Work) -> None:
    stream = (
        b"commit refs/heads/main\nauthor A <a@example.com> 1700000000 +0000\n"
        b"committer C <c@example.com> 1700000000 +0000\ndata %d\n%b\nM 100644 inline f\ndata 1\nx\n"
    )
    message = b"\xff\x01\n:100644 \x02 " + told(1).encode()
    work.git("fast-import", "--quiet", stdin=stream % (len(message), message))

    assert [one["path"] for one in picket(work.path).findings] == [""]


TEXTS = st.lists(st.one_of(st.text(max_size=60), st.integers(0, 5).map(told)), max_size=12)


@settings(deadline=None)
@given(TEXTS)
def test_texts_looked_at_together_have_what_each_has_alone(texts: list[str]) -> None:
    together = {
        index: [each.hit.secret for each in found]
        for index, found in look_at_texts(
            ENGINE, list(enumerate(text.encode("utf-8", "replace") for text in texts)), lambda _: ""
        )
    }
    alone = {
        index: [hit.secret for hit in hits]
        for index, text in enumerate(texts)
        if (hits := ENGINE.scan(text.encode("utf-8", "replace")))
    }

    assert together == alone

"""Which refs a scan of everything looks at."""

import pytest
from tests.orchestration.asking import ask, batches_of, push
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects.forge.tokens import token_for


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    """A repository with commits that only odd refs lead to."""
    made = Work(forge.root / "o" / "r")
    made.commit({"a": "1\n"})
    return made


def lonely(work: Work, ref: str) -> str:
    """Commit something that only *ref* leads to."""
    work.git("checkout", "--quiet", "--detach", "main")
    sha = work.commit({ref.replace("/", "_"): "x\n"})
    work.git("update-ref", ref, sha)
    work.git("checkout", "--quiet", "main")
    return sha


def planned(deployed: Deployment, forge: GitHttpServer, scan: str, **more: object) -> set[str]:
    ask(deployed, f"{forge.url}/o/r/.git", scan, **more)
    deployed.drain()
    return {sha for batch in batches_of(scan) for sha in batch["commits"]}


def test_every_ref_is_looked_at_but_those_of_pull_requests(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    notes, replaced = lonely(work, "refs/notes/x"), lonely(work, "refs/odd/place")
    pull, merge = lonely(work, "refs/pull/7/head"), lonely(work, "refs/merge-requests/9/head")

    found = planned(deployed, forge, "s")

    assert {notes, replaced, work.head()} == found
    assert not found & {pull, merge}


def test_pull_requests_are_looked_at_where_asked_but_not_what_the_forge_merges_to_try_them(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    planned(deployed, forge, "s1")
    pull, merge = lonely(work, "refs/pull/7/head"), lonely(work, "refs/merge-requests/9/head")
    tried = lonely(work, "refs/pull/7/merge")

    found = planned(deployed, forge, "s2", pull_requests=True)

    assert found == {pull, merge}
    assert tried not in found


def test_what_a_pull_request_proposes_is_no_commit_that_nobody_announced(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    planned(deployed, forge, "s1")
    pull = lonely(work, "refs/pull/7/head")
    assert planned(deployed, forge, "s2", kind="scheduled", pull_requests=True) == {pull}
    assert deployed.of_type("commit.unknown") == []

    quiet = work.commit({"b": "1\n"})
    assert planned(deployed, forge, "s3", kind="scheduled", pull_requests=True) == {quiet}

    [alarm] = deployed.of_type("commit.unknown")
    assert (alarm.data["commits"], alarm.data["total"]) == ([quiet], 1)


def test_only_the_commits_of_a_push_under_way_are_announced(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    planned(deployed, forge, "s1")
    before = work.head()
    pushed = work.commit({"b": "1\n"})
    work.git("checkout", "--quiet", "-b", "quiet", before)
    quiet = work.commit({"c": "1\n"})
    ask(deployed, f"{forge.url}/o/r/.git", "push", **push(before, pushed))
    deployed.queue.clear()

    assert planned(deployed, forge, "s2", kind="scheduled") == {pushed, quiet}

    [alarm] = deployed.of_type("commit.unknown")
    assert alarm.data["commits"] == [quiet]


def test_the_token_of_the_longest_part_of_a_name_counts(environment: pytest.MonkeyPatch) -> None:
    tokens = '{"h.example": "host", "h.example/o": "owner", "h.example/o/r": "repository"}'
    environment.setenv("PICKET_GIT_TOKENS", tokens)
    forget()

    names = ("h.example/x/y", "h.example/o/y", "h.example/o/r", "h.example:8443/x/y", "other.example/o/r")
    found = [token_for(name) for name in names]

    assert [token.get_secret_value() if token else None for token in found] == [
        "host",
        "owner",
        "repository",
        "host",
        None,
    ]

"""Which refs a scan of everything looks at."""

import pytest
from tests.orchestration.asking import ask, batches_of
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects.git.address import token_for


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

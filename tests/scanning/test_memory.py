"""A second scan looks only at what is new, and says what a first one would."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.scanning.conftest import Picket
from tests.support import secrets
from tests.support.repositories import Work


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of this test alone."""
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def rules(picket: Picket, tmp_path: Path) -> None:
    """Few rules, which need no compiling."""
    del picket
    (tmp_path / "rules.toml").write_text(
        "[[rules]]\nid = 'slack'\nregex = 'xox[b]-[0-9]{12}-[0-9]{12}-[A-Za-z0-9]{24}'\nkeywords = ['xox']\n"
    )


def line(seed: int) -> str:
    return f"token = '{secrets.slack_token(seed)}'\n"


def test_only_what_is_new_is_looked_at(picket: Picket, work: Work, tmp_path: Path) -> None:
    rules = ("--rules", tmp_path / "rules.toml")
    first = work.commit({"a.py": line(1), "b.py": "1\n"})
    assert picket(work.path, *rules).json["stats"]["new_blobs"] == 2
    again = picket(work.path, *rules)
    assert (again.status, again.json["stats"]["new_blobs"], again.json["stats"]["blobs"]) == (1, 0, 2)

    second = work.commit({"c.py": line(1)})
    done = picket(work.path, *rules)
    [finding] = done.findings
    assert [each["commit"] for each in finding["occurrences"]] == [first, second]
    assert (done.json["stats"]["new_blobs"], done.json["stats"]["commits"]) == (1, 2)


class Restless:
    """A history that grows, forks, merges, is rewritten and loses branches."""

    def __init__(self, work: Work) -> None:
        self.work, self.pick, self.count = work, random.Random(3), 0
        self.commit()

    def step(self) -> str:
        self.count += 1
        moves = (self.commit, self.commit, self.fork, self.amend, self.merge, self.delete)
        move = self.pick.choice(moves)
        move()
        return move.__name__

    def commit(self) -> None:
        text = "".join(line(self.pick.randrange(5)) for _ in range(2))
        self.work.commit({f"{self.pick.randrange(3)}.py": text})

    def fork(self) -> None:
        self.work.git("checkout", "-q", "-b", f"b{self.count}")
        self.commit()

    def amend(self) -> None:
        (self.work.path / "amended.py").write_text(line(self.pick.randrange(5)))
        self.work.git("add", "--all")
        self.work.git("commit", "-q", "--amend", "-m", "amended")

    def merge(self) -> None:
        self.work.git("merge", "-q", "-s", "ours", "-m", "merge", self.pick.choice(self.branches))

    def delete(self) -> None:
        self.work.git("checkout", "-q", "--detach")
        if len(self.branches) > 1:
            self.work.git("branch", "-q", "-D", self.pick.choice(self.branches))

    @property
    def branches(self) -> list[str]:
        return self.work.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()


def test_every_history_comes_to_the_same_in_steps_as_at_once(picket: Picket, work: Work, tmp_path: Path) -> None:
    rules = ("--rules", tmp_path / "rules.toml")
    restless = Restless(work)
    for _ in range(30):
        step = restless.step()
        stepwise, at_once = picket(work.path, *rules), picket(work.path, *rules, "--fresh")
        assert by_secret(stepwise.findings) == by_secret(at_once.findings), step
        assert stepwise.json["stats"]["commits"] == at_once.json["stats"]["commits"], step


def by_secret(findings: list[dict[str, object]]) -> dict[object, list[tuple[object, ...]]]:
    """Take what must be the same; places of commits made in one second may stand in any order."""
    return {
        each["id"]: sorted((at["commit"], at["path"], at["start_line"]) for at in each["occurrences"])  # type: ignore[attr-defined]
        for each in findings
    }


def test_what_is_kept_holds_no_secret_and_only_its_user_reads_it(
    picket: Picket, work: Work, tmp_path: Path, cache: Path
) -> None:
    work.commit({"a.py": line(1)})
    picket(work.path, "--rules", tmp_path / "rules.toml", "--no-redact")
    assert not list(cache.glob("picket/scans/*"))
    picket(work.path, "--rules", tmp_path / "rules.toml")
    [kept] = cache.glob("picket/scans/*.json")
    assert secrets.slack_token(1) not in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_other_rules_options_or_accepted_secrets_are_another_scan(picket: Picket, work: Work, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    work.commit({"a.py": line(1)})
    assert picket(work.path, "--rules", rules).status == 1
    picket(work.path, "--rules", rules, "--write-baseline", work.path / ".picketignore")
    assert picket(work.path, "--rules", rules).status == 0
    (work.path / ".picketignore").unlink()
    assert picket(work.path, "--rules", rules).status == 1
    assert picket(work.path, "--rules", rules, "--min-confidence", "1").status == 0
    rules.write_text(rules.read_text() + "[[allowlists]]\npaths = ['a[.]py']\n")
    assert picket(work.path, "--rules", rules).status == 0


def test_what_is_damaged_or_pruned_is_done_again(picket: Picket, work: Work, tmp_path: Path, cache: Path) -> None:
    rules = ("--rules", tmp_path / "rules.toml")
    work.commit({"a.py": line(1)})
    lost = work.commit({"b.py": line(2)})
    assert len(picket(work.path, *rules).findings) == 2
    work.git("reset", "-q", "--hard", "HEAD~1")
    work.git("reflog", "expire", "--expire=now", "--all")
    work.git("gc", "-q", "--prune=now")
    assert lost not in work.git("rev-list", "--all")
    assert len(picket(work.path, *rules).findings) == 1

    for text in ("", "[]", "{}", "not JSON", '{"tips": 1}'):
        for kept in cache.glob("picket/scans/*.json"):
            kept.write_text(text)
        assert len(picket(work.path, *rules).findings) == 1

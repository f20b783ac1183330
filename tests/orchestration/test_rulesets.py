"""Functions of several revisions run side by side, each with its own rules: one of them is in force for all."""

import pytest
from tests.orchestration.asking import ask, batches_of
from tests.support.deployment import Deployment, forget
from tests.support.repositories import Work
from tests.support.there import there

from picket.effects import ruleset
from picket.effects.mongo import commits, in_force, repositories
from picket.effects.mongo.client import collection

OLD, NEW = "a" * 64, "b" * 64


def runs(environment: pytest.MonkeyPatch, digest: str) -> None:
    """Let a revision with other rules run from now on."""
    environment.setattr(ruleset, "digest", lambda: digest)
    forget()


@pytest.fixture
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    made = Work(tmp_path_factory.mktemp("o") / "r")
    made.commit({"a": "1\n"})
    return made


@pytest.mark.usefixtures("deployed")
def test_the_newest_rules_that_something_plans_for_are_in_force(environment: pytest.MonkeyPatch) -> None:
    for digest in (OLD, NEW, OLD):
        runs(environment, digest)
        ruleset.plans()

    assert ruleset.in_force() == NEW
    collection("rulesets").update_one({"_id": NEW}, {"$set": {"planned_at": "2020"}})
    forget()
    assert ruleset.in_force() == OLD  # rolled back: nothing plans for the newer ones any more


@pytest.mark.usefixtures("deployed")
def test_a_scanner_of_newer_rules_puts_nothing_in_force(environment: pytest.MonkeyPatch) -> None:
    runs(environment, OLD)
    ruleset.plans()
    runs(environment, NEW)

    assert ruleset.also_for(OLD) == {OLD, NEW}
    assert ruleset.in_force() == OLD


def test_evidence_is_noted_where_a_newer_scanner_did_the_work(
    deployed: Deployment, environment: pytest.MonkeyPatch, work: Work
) -> None:
    runs(environment, OLD)
    ask(deployed, work.path, "s", repository="h/o/r")
    deployed.deliver(deployed.queue.pop(0))
    runs(environment, NEW)
    deployed.drain()

    assert batches_of("s")[0]["counts_for"] == [OLD, NEW]
    assert there(repositories.get("h/o/r"))["history_ruleset"] == OLD
    assert commits.unscanned("h/o/r", OLD, [work.head()]) == commits.unscanned("h/o/r", NEW, [work.head()]) == []


def test_an_older_scanner_does_not_do_for_newer_rules(
    deployed: Deployment, environment: pytest.MonkeyPatch, work: Work
) -> None:
    in_force.see("rulesets", OLD, used=True)
    runs(environment, NEW)
    ask(deployed, work.path, "s", repository="h/o/r")
    deployed.deliver(deployed.queue.pop(0))
    runs(environment, OLD)
    deployed.drain()

    assert batches_of("s")[0]["counts_for"] == [OLD]
    assert "history_ruleset" not in there(repositories.get("h/o/r"))
    assert commits.unscanned("h/o/r", NEW, [work.head()]) == [work.head()]


def test_ticks_of_two_revisions_do_not_ask_for_each_others_rescans(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    from tests.orchestration.test_schedule import end_all, scanned, tick  # noqa: PLC0415 - as that one asks

    for digest in (OLD, NEW):
        runs(environment, digest)
        ruleset.plans()
    runs(environment, NEW)
    scanned("h/o/r", OLD, days=1)
    asked = []
    for digest in (OLD, NEW, OLD, NEW):
        runs(environment, digest)
        asked += tick(deployed)
        end_all()

    assert [one["repository"] for one in asked] == ["h/o/r"]

"""The tick asks for the scans that are due: each once, the oldest first, and no more than the forges can bear."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.orchestration import asking
from tests.support.deployment import Deployment, forget
from tests.support.there import there

from picket.commits.schedule import Schedule
from picket.effects.mongo import repositories, scans, schedules
from picket.effects.mongo.client import collection
from picket.events import ago
from picket.orchestration import duties
from picket.orchestration import schedule as orchestration

TICKS = itertools.count()


def tick(deployed: Deployment, event: str = "") -> list[dict[str, Any]]:
    """Let the clock tick; the scans that were asked for."""
    before = len(deployed.of_type("scan.requested"))
    assert asking.tick(deployed, event or f"tick-{next(TICKS)}") == 204
    return [message.data for message in deployed.of_type("scan.requested")[before:]]


def known(name: str = "h/o/r", **more: Any) -> str:
    return str(repositories.register(name, f"https://{name}", **more)["_id"])


def overdue(name: str, by: timedelta) -> None:
    """Let a repository with schedules of its own have been due for some time."""
    collection("repositories").update_one({"_id": name}, {"$set": {"due": f"at {ago(by)}"}})


def end_all() -> None:
    for scan in scans.running():
        scans.move(scan, "Failed", "test")


def daily(**more: Any) -> Schedule:
    return Schedule(**{"name": "main", "cron": "0 3 * * *", **more})


@pytest.mark.usefixtures("deployed")
def test_a_repository_follows_its_own_schedules_and_without_any_that_of_all() -> None:
    repository = known()
    found = there(repositories.get(repository))
    created = datetime.fromisoformat(found["created_at"])
    assert datetime.fromisoformat(str(schedules.due_at(found, 24.0))) - created < timedelta(hours=24, minutes=1)

    given = there(schedules.put(repository, daily(timezone="Europe/Berlin")))
    assert str(schedules.due_at(given, 24.0)).endswith(":00:00.000000Z")
    assert "waits_since" not in given
    taken = there(schedules.remove(repository, "main"))
    assert "due" not in taken
    assert "waits_since" in taken
    assert schedules.remove(repository, "main") is None
    assert schedules.put("h/o/none", daily()) is None


def test_what_is_due_is_asked_for_once_however_often_the_clock_ticks(deployed: Deployment) -> None:
    repository = known()
    schedules.put(repository, daily(pull_requests=True))
    assert tick(deployed) == []
    overdue(repository, timedelta(hours=1))

    [asked] = tick(deployed, "t")
    assert tick(deployed, "t") == tick(deployed) == []

    assert (asked["repository"], asked["kind"], asked["reason"]) == (repository, "scheduled", "schedule")
    assert asked["url"] == "https://h/o/r"
    assert asked["pull_requests"] is True
    assert scans.get(asked["scan"])["state"] == "New"
    stored = there(repositories.get(repository))
    assert stored["due"] > f"at {ago(timedelta())}"


def test_two_ticks_at_once_ask_once(deployed: Deployment) -> None:
    for number in range(12):
        known(f"h/o/r{number}", at_once=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: tick(deployed), range(4)))

    asked = [message.data["repository"] for message in deployed.of_type("scan.requested")]
    assert sorted(asked) == sorted(f"h/o/r{number}" for number in range(12))
    assert len(scans.running()) == 12


def test_times_missed_while_nothing_ran_are_one_scan(deployed: Deployment) -> None:
    repository = known()
    schedules.put(repository, daily(cron="*/5 * * * *"))
    overdue(repository, timedelta(days=3))

    assert len(tick(deployed)) == 1
    end_all()
    assert tick(deployed) == []


def test_schedules_of_one_kind_that_are_due_together_are_one_scan_and_each_kind_is_its_own(
    deployed: Deployment,
) -> None:
    repository = known()
    for name, kind, wide in [("a", "scheduled", False), ("b", "scheduled", True), ("c", "full", False)]:
        schedules.put(repository, daily(name=name, kind=kind, pull_requests=wide, cron="*/5 * * * *"))
    schedules.put(repository, daily(name="off", kind="full", pull_requests=True, enabled=False, cron="* * * * *"))
    schedules.put(repository, daily(name="yearly", kind="full", pull_requests=True, cron="@yearly"))
    overdue(repository, timedelta(minutes=30))

    asked = tick(deployed)

    assert {(one["kind"], one["pull_requests"]) for one in asked} == {("scheduled", True), ("integral", False)}


def test_a_scan_of_the_kind_that_is_under_way_is_not_asked_for_again(deployed: Deployment) -> None:
    repository = known()
    schedules.put(repository, daily())
    overdue(repository, timedelta(hours=1))
    [first] = tick(deployed)
    overdue(repository, timedelta(minutes=5))

    assert tick(deployed) == []

    assert [scan["_id"] for scan in scans.running(repository)] == [first["scan"]]
    end_all()
    overdue(repository, timedelta(minutes=4))
    assert len(tick(deployed)) == 1


def test_a_tick_that_dies_half_way_loses_nothing(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    repository = known(at_once=True)

    def die(*_: object) -> bool:
        raise KeyboardInterrupt

    with environment.context() as patch:
        patch.setattr(schedules, "claim", die)
        with pytest.raises(KeyboardInterrupt):
            tick(deployed)

    [asked] = tick(deployed)
    assert [scan["_id"] for scan in scans.running(repository)] == [asked["scan"]]


def test_a_broker_that_is_away_leaves_the_scan_to_the_sweep(deployed: Deployment) -> None:
    repository = known(at_once=True)
    deployed.is_down = True
    with pytest.raises(AssertionError):
        tick(deployed, "t")
    deployed.is_down = False
    collection("scans").update_many({"repository": repository}, {"$set": {"due": scans.in_time(timedelta(hours=-1))}})

    [asked] = tick(deployed, "t")

    assert [scan["_id"] for scan in scans.running(repository)] == [asked["scan"]]


def test_the_longest_due_come_first_and_the_rest_with_the_next_tick(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(orchestration, "AT_ONCE", 3)
    environment.setattr(duties, "MOST_PIECES", 1)
    for number in range(5):
        schedules.put(known(f"h/o/r{number}"), daily())
        overdue(f"h/o/r{number}", timedelta(hours=number + 1))
    for number in range(2):
        known(f"h/o/all{number}")
        waits = f"at {ago(timedelta(days=9 + number))}"
        collection("repositories").update_one({"_id": f"h/o/all{number}"}, {"$set": {"waits_since": waits}})

    asked = [[one["repository"] for one in tick(deployed)] for _ in range(4)]

    assert asked == [["h/o/r4", "h/o/r3", "h/o/r2"], ["h/o/r1", "h/o/r0", "h/o/all1"], ["h/o/all0"], []]


@pytest.mark.parametrize("flag", ["archived", "deleted"])
def test_a_repository_that_rests_is_left_out_until_it_is_back(deployed: Deployment, flag: str) -> None:
    one, two = known("h/o/one", at_once=True), known("h/o/two")
    schedules.put(two, daily())
    overdue(two, timedelta(hours=1))
    for repository in (one, two):
        repositories.update(repository, **{flag: True})

    assert tick(deployed) == []
    for repository in (one, two):
        found = there(repositories.get(repository))
        assert "due" not in found
        assert "waits_since" not in found
        assert schedules.due_at(found, 24.0) is None
        repositories.update(repository, **{flag: False})

    assert "waits_since" in there(repositories.get(one))
    assert "due" in there(repositories.get(two))


@pytest.mark.usefixtures("deployed")
def test_schedules_set_at_once_are_all_kept() -> None:
    repository = known()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: schedules.put(repository, daily(name=f"s{n}")), range(3)))

    found = there(repositories.get(repository))
    assert [schedule.name for schedule in schedules.of(found)] == ["s0", "s1", "s2"]


def scanned(name: str, ruleset: str, days: float, **more: Any) -> None:
    """Let a repository have been looked at in full, for *ruleset*, some days ago."""
    known(name, **more)
    repositories.update(name, history_ruleset=ruleset, history_scanned_at=ago(timedelta(days=days)))


def test_a_change_of_rules_scans_again_the_oldest_evidence_first_so_many_an_hour(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    from picket.effects import ruleset  # noqa: PLC0415 - reads the settings

    environment.setenv("PICKET_RESCANS_PER_HOUR", "3")
    forget()
    for number, former in enumerate(["x", "y", "x", "y", "x"]):
        scanned(f"h/o/r{number}", former * 64, days=number + 1)
    scanned("h/o/current", ruleset.digest(), days=30)
    scanned("h/o/archived", "x" * 64, days=40, archived=True)
    known("h/o/never")

    first = tick(deployed)

    assert [one["repository"] for one in first] == ["h/o/r4", "h/o/r3", "h/o/r2"]
    assert {(one["kind"], one["reason"]) for one in first} == {("integral", "ruleset changed")}
    assert tick(deployed) == []
    collection("repositories").update_many(
        {"rescan_asked": {"$gt": ""}}, {"$set": {"rescan_asked": f"at {ago(timedelta(minutes=61))}"}}
    )
    assert [one["repository"] for one in tick(deployed)] == ["h/o/r1", "h/o/r0"]
    end_all()
    assert tick(deployed) == []


def test_ticks_at_once_keep_the_hourly_limit_of_rescans(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_RESCANS_PER_HOUR", "5")
    forget()
    for number in range(20):
        scanned(f"h/o/r{number:02}", "x" * 64, days=number + 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: tick(deployed), range(4)))

    asked = {message.data["repository"] for message in deployed.of_type("scan.requested")}
    assert asked == {f"h/o/r{number:02}" for number in range(15, 20)}


def test_no_rescan_is_asked_for_beside_a_full_scan_that_runs(deployed: Deployment) -> None:
    from picket.events import ScanRequested  # noqa: PLC0415 - only here

    scanned("h/o/r", "x" * 64, days=1)
    scans.open_scan(ScanRequested(scan="s", repository="h/o/r", url="https://h/o/r"), "test")

    assert tick(deployed) == []
    end_all()
    assert [one["repository"] for one in tick(deployed)] == ["h/o/r"]


def test_no_rescans_are_asked_for_where_none_are_allowed(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_RESCANS_PER_HOUR", "0")
    forget()
    scanned("h/o/r", "x" * 64, days=1)

    assert tick(deployed) == []


def test_rules_that_come_back_scan_again_what_was_scanned_with_others(deployed: Deployment) -> None:
    from picket.effects import ruleset  # noqa: PLC0415 - reads the settings

    scanned("h/o/r", "x" * 64, days=2)
    [first] = tick(deployed)
    end_all()
    repositories.update("h/o/r", history_ruleset="y" * 64, history_scanned_at=ago(timedelta(days=1)))
    [second] = tick(deployed)
    end_all()

    assert first["scan"] != second["scan"]
    repositories.update("h/o/r", history_ruleset=ruleset.digest(), history_scanned_at=ago(timedelta()))
    assert tick(deployed) == []

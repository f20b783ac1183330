"""Pushes that nobody announced are found by comparing refs, and scanned."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.orchestration import asking
from tests.support import secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Mood, Work

from picket.effects.mongo import repositories, scans
from picket.effects.mongo.client import collection

TICKS = itertools.count()


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    found = Work(forge.root / "acme" / "shop")
    found.commit({"a.py": "x = 1\n"})
    return found


def scan_whole(deployed: Deployment, forge: GitHttpServer) -> str:
    """Scan all of it, as if it had been registered long ago; its id."""
    answer = deployed.api.post("/scans", json={"repository": f"{forge.url}/acme/shop"})
    assert answer.status_code == 202, answer.json
    deployed.drain()
    return str(scans.get(answer.json["id"])["repository"])


def compare(deployed: Deployment) -> list[dict[str, Any]]:
    """Let the clock compare what is there, and return the scans that it asks for, done."""
    before = {one["_id"] for one in collection("scans").find({})}
    collection("repositories").update_many({}, {"$set": {"refs_due": asking.LONG_AGO}})
    assert asking.tick(deployed, f"tick-{next(TICKS)}") == 204
    deployed.drain()
    return [one for one in collection("scans").find({}) if one["_id"] not in before]


def test_a_push_that_nobody_announced_is_scanned_and_said_to_be_unannounced(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    repository = scan_whole(deployed, forge)
    assert compare(deployed) == []
    sha = work.commit({"a.py": f"key = '{secrets.slack_token(1)}'\n"})

    assert compare(deployed) == [], "an announcement may be under way"
    [scan] = compare(deployed)

    assert (scan["kind"], scan["reason"], scan["state"]) == ("scheduled", "refs have moved", "Done")
    [finding] = deployed.api.get("/findings").json["findings"]
    assert finding["commit"] == sha
    [alarm] = deployed.of_type("commit.unknown")
    assert alarm.data["commits"] == [sha]
    assert repositories.known(repository)["unannounced_at"]
    assert compare(deployed) == []


def test_what_was_announced_meanwhile_is_left_alone(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    repository, before = scan_whole(deployed, forge), work.head()
    compare(deployed)
    after = work.commit({"b.py": "y = 1\n"})
    compare(deployed)
    asking.ask(deployed, f"{forge.url}/acme/shop", "scan-push", repository=repository, **asking.push(before, after))
    deployed.drain()

    assert compare(deployed) == []
    assert deployed.of_type("commit.unknown") == []
    assert repositories.known(repository)["refs_known"]


def test_a_tag_and_a_new_branch_count_and_one_that_goes_does_not(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    scan_whole(deployed, forge)
    compare(deployed)
    work.git("tag", "-a", "v1", "-m", "first")
    work.git("branch", "same")

    assert compare(deployed) == []
    [scan] = compare(deployed)
    assert scan["state"] == "Done"
    work.git("branch", "-D", "same")
    assert compare(deployed) == []


def test_one_that_was_never_scanned_whole_and_one_that_rests_are_left_to_their_schedules(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    repositories.register("h/acme/shop", f"{forge.url}/acme/shop")
    assert compare(deployed) == []
    assert compare(deployed) == []
    scan_whole(deployed, forge)
    collection("repositories").update_many({}, {"$set": {"archived": True}})
    work.commit({"a.py": "x = 2\n"})

    assert compare(deployed) == []
    assert compare(deployed) == []


def test_a_forge_that_is_away_keeps_nobody_else_from_being_compared(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    other = Work(forge.root / "acme" / "site")
    other.commit({"a.py": "x = 1\n"})
    scan_whole(deployed, forge)
    deployed.api.post("/scans", json={"repository": f"{forge.url}/acme/site"})
    deployed.drain()
    compare(deployed)
    for each in (work, other):
        each.commit({"a.py": "x = 3\n"})
    forge.moods["acme/shop"] = Mood(status=503)

    compare(deployed)
    [scan] = compare(deployed)

    assert scan["url"].endswith("site")


def test_it_can_be_switched_off(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    scan_whole(deployed, forge)
    environment.setenv("PICKET_REFS_MINUTES", "0")
    forget()
    work.commit({"a.py": "x = 2\n"})

    assert compare(deployed) == []
    assert compare(deployed) == []


def test_where_something_always_moves_a_push_is_still_seen(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    scan_whole(deployed, forge)
    compare(deployed)
    work.commit({"a.py": f"key = '{secrets.slack_token(1)}'\n"})
    compare(deployed)
    collection("repositories").update_many({}, {"$set": {"refs_moved_at": "2020-01-01T00:00:00.000000Z"}})
    work.commit({"b.py": "x = 1\n"})

    [scan] = compare(deployed)

    assert scan["state"] == "Done"
    assert len(deployed.api.get("/findings").json["findings"]) == 1


def test_one_whose_scan_failed_is_looked_at_again(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    scan_whole(deployed, forge)
    compare(deployed)
    work.commit({"a.py": f"key = '{secrets.slack_token(1)}'\n"})
    compare(deployed)
    [scan] = compare(deployed)
    collection("scans").update_one({"_id": scan["_id"]}, {"$set": {"state": "Failed"}})
    collection("commits").delete_many({})
    collection("repositories").update_many({}, {"$set": {"refs_known": "", "refs_moved": ""}})
    compare(deployed)

    [again] = compare(deployed)

    assert again["_id"] != scan["_id"]
    assert again["state"] == "Done"

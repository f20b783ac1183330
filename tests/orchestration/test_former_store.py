"""A store that the former version filled (`former_store.json`) is upgraded in place, by the clock, while it is used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from tests.orchestration.asking import ask, tick
from tests.support import secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import Work

from picket.effects.mongo.client import collection
from picket.events import now

FORMER = Path(__file__).with_name("former_store.json").read_text()
TOLD: dict[str, Any] = json.loads(FORMER)
"""When it was filled, the collections, and the score and the states of findings as the former version told them."""

RULES = """\
version: 1
rules:
  - id: fixtures
    match: {finding.path: {glob: "test/*"}}
    actions: [{exempt: {reason: test-data, approver: security, days: 300}}]
"""


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """The repository that the former version scanned."""
    made = Work(tmp_path / "former" / "o" / "r")
    made.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n", "test/b.py": f"t = '{secrets.slack_token(2)}'\n"})
    made.commit({"c.py": f"t = '{secrets.slack_token(3)}'\n"})
    return made


@pytest.fixture
def upgraded(deployed: Deployment, work: Work, tmp_path: Path, environment: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """All functions on the former version's store as it was left, with its policy under the former name."""
    (tmp_path / "rules.yaml").write_text(RULES)
    environment.setenv("PICKET_FEEDBACK_RULES", str(tmp_path / "rules.yaml"))
    forget()
    text = FORMER.replace("/former/", f"{tmp_path}/former/")
    for name, documents in json.loads(text)["collections"].items():
        collection(name).insert_many(documents)
    assert work.path.exists()
    with time_machine.travel(TOLD["at"], tick=True):
        yield deployed


def upgrade(deployed: Deployment) -> None:
    """Let the clock do its work, twice: what it has done it does not do again."""
    for turn in ("first", "second"):
        assert tick(deployed, turn) == 204
        deployed.drain()


def listed(deployed: Deployment, query: str = "") -> dict[str, dict[str, Any]]:
    found = deployed.api.get(f"/findings?min_confidence=0{query}").json["findings"]
    return {one["id"]: one for one in found}


def test_it_reads_the_same_before_the_clock_has_upgraded_it(upgraded: Deployment) -> None:
    states = {name: "accepted" if state == "exempt" else state for name, state in TOLD["findings"].items()}

    assert {name: one["state"] for name, one in listed(upgraded).items()} == states
    assert len(listed(upgraded, "&state=accepted")) == 1
    assert upgraded.api.get("/scores/h/o/r").json["score"] == TOLD["score"]
    assert len(upgraded.api.get("/scans?state=all").json["scans"]) == 2


def test_findings_keep_their_ids_and_are_found_by_every_filter(upgraded: Deployment) -> None:
    upgrade(upgraded)

    found = listed(upgraded)
    assert set(found) == set(TOLD["findings"])
    for name, one in found.items():
        for query in ("repository", "severity", "rule", "kind", "state"):
            assert name in listed(upgraded, f"&{query}={one[query]}"), query
        assert one["due"] or one["state"] == "accepted"
    stored = list(collection("findings").find({}))
    assert {one["state"] for one in stored} == {"open", "accepted"}
    assert all(one["listed"] and one["in_repository"] for one in stored)
    assert upgraded.api.get("/scores/h/o/r").json["score"] == TOLD["score"]
    assert [one["state"] for one in collection("rejections").find({})] == ["open"]


def test_a_scan_of_the_same_finds_nothing_twice_and_what_is_new_is_found(upgraded: Deployment, work: Work) -> None:
    upgrade(upgraded)
    for number in range(2):
        ask(upgraded, work.path, f"again-{number}", repository="h/o/r")
        upgraded.drain()
        assert len(listed(upgraded)) == len(TOLD["findings"]) + number
        work.commit({"d.py": f"t = '{secrets.slack_token(4)}'\n"})


def test_its_findings_can_be_decided_on(upgraded: Deployment) -> None:
    upgrade(upgraded)
    [accepted] = listed(upgraded, "&state=accepted").values()

    changed = upgraded.api.patch(f"/findings/{accepted['id']}", json={"state": "open", "comment": "not a fixture"})

    assert changed.status_code == 200
    assert (changed.json["state"], changed.json["history"][-1]["comment"]) == ("open", "not a fixture")
    upgraded.drain()
    assert upgraded.api.get("/scores/h/o/r").json["score"] < TOLD["score"]


def test_an_upgrade_that_was_broken_off_goes_on(upgraded: Deployment) -> None:
    names = sorted(TOLD["findings"])
    upgrade(upgraded)
    whole = {one["_id"]: one for one in collection("findings").find({})}
    for name in names[:2]:
        former = next(one for one in TOLD["collections"]["findings"] if one["_id"] == name)
        collection("findings").replace_one({"_id": name}, former)

    assert tick(upgraded, "third") == 204

    again = {one["_id"]: one for one in collection("findings").find({})}
    for name in names:
        assert again[name]["listed"] == whole[name]["listed"]
        assert again[name]["state"] == whole[name]["state"]


def test_what_a_former_version_left_to_its_sweep_is_looked_after(upgraded: Deployment, work: Work) -> None:
    """Former versions kept in other fields when a scan is looked at next; so do their revisions beside new ones."""
    left = {
        "idle": {"idle_since": "at 2020-01-01T00:00:00.000000Z"},
        "retry": {"idle_since": "at 2020-01-01T00:00:00.000000Z", "retry_at": "at 2020-01-01T00:00:00.000000Z"},
        "untold": {"untold": "one event", "state": "Failed"},
    }
    for name, fields in left.items():
        ask(upgraded, work.path, name, repository="h/o/r")
        collection("scans").update_one({"_id": name}, {"$unset": {"due": ""}, "$set": fields})
    upgraded.queue.clear()

    upgrade(upgraded)

    assert {message.data["scan"] for message in upgraded.of_type("scan.completed")} == set(left)
    ask(upgraded, work.path, "moving", repository="h/o/r")
    just_now = {"$unset": {"due": ""}, "$set": {"idle_since": f"at {now()}"}}
    collection("scans").update_one({"_id": "moving"}, just_now)
    upgraded.queue.clear()
    assert [tick(upgraded, name) for name in ("third", "fourth")] == [204, 204]
    assert "moving" not in {message.data["scan"] for message in upgraded.queue}  # a former revision is at it
    collection("scans").delete_one({"_id": "moving"})
    assert not [scan for scan in collection("scans").find({}) if {"due", "idle_since", "retry_at"} & scan.keys()]

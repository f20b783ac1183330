"""Lists are read page by page by an index, whatever recorded what they list, and never keep the store from others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.orchestration.asking import tick
from tests.support import pushes
from tests.support.commands import Keeping, keeping
from tests.support.deployment import Deployment

from picket.api import turns
from picket.api.events import Position, news
from picket.effects.mongo import findings, repositories, scans
from picket.effects.mongo.client import collection

COUNT = 7


@pytest.fixture
def asked(deployed: Deployment, environment: pytest.MonkeyPatch) -> Keeping:
    """What is asked of the store."""
    assert deployed
    return keeping(environment)


def found(number: int, occurrences: int = 1) -> str:
    """Record a finding; its id."""
    identity = f"finding-{number:03}"
    evidence = {"rule": f"rule-{number % 2}", "confidence": 0.9, "severity": "high"}
    places: list[Any] = [
        {"rank": f"{index:04}", "commit": f"c{index}", "path": "p", "start_line": 1, "start_column": 1}
        for index in reversed(range(occurrences))
    ]
    fixed = {"repository": "h/o/r", "kind": "secret", "identity": identity, "scored_in": "h/o/r", "scan": "s"}
    ranks = {"first": places[-1], "first_rank": "0000", "evidence": evidence, "evidence_rank": "0"}
    made: Any = {"_id": identity, **fixed, **ranks, "severity": "high", "confidence": 0.9}
    shown: list[Any] = [{"finding": identity, "repository": "h/o/r", **place} for place in places]
    findings.record([made], shown)
    return identity


def pages(deployed: Deployment, query: str) -> Iterator[list[str]]:
    """Read a list two at a time; the ids of each page."""
    after = ""
    while True:
        answer = deployed.api.get(f"{query}limit=2&after={after}").json
        yield [one["id"] for one in answer[query[1:].partition("?")[0]]]
        if not answer["next"]:
            return
        after = answer["next"]


@pytest.mark.parametrize("query", ["/findings?", "/findings?severity=high&", "/repositories?"])
def test_no_page_asks_for_a_range_of_ids(deployed: Deployment, asked: Keeping, query: str) -> None:
    """The one-machine store evaluates such a range in Python, for the whole collection."""
    made = [found(number) if "findings" in query else registered(number) for number in range(COUNT)]
    asked.filters.clear()

    assert [one for page in pages(deployed, query) for one in page] == made

    assert [(name, which) for name, which in asked.filters if isinstance(which.get("_id"), dict)] == []


def registered(number: int) -> str:
    name = f"h/o/r{number}"
    repositories.ensure(name, f"https://{name}")
    return name


def test_occurrences_are_not_asked_for_by_a_list_of_findings(deployed: Deployment, asked: Keeping) -> None:
    """The one-machine store reads all occurrences for such a list."""
    for number in range(3):
        found(number)

    for query in ("", "?occurrences=true"):
        assert [one["occurrence_count"] for one in deployed.api.get(f"/findings{query}").json["findings"]] == [1, 1, 1]

    assert [which["finding"] for name, which in asked.filters if name == "occurrences"] == [
        f"finding-{number:03}" for number in range(3)
    ]


def test_of_many_occurrences_the_oldest_are_shown_and_all_are_counted(deployed: Deployment) -> None:
    identity = found(1, occurrences=130)

    shown = deployed.api.get(f"/findings/{identity}").json

    assert shown["occurrence_count"] == 130
    assert [place["commit"] for place in shown["occurrences"]] == [f"c{index}" for index in range(100)]


@pytest.mark.parametrize("name", ["findings", "repositories"])
def test_what_a_former_version_recorded_is_listed_in_its_place_and_entered_by_the_clock(
    deployed: Deployment, asked: Keeping, name: str
) -> None:
    made = [found(number) if name == "findings" else registered(number) for number in range(COUNT)]
    collection(name).update_many({"_id": {"$in": made[1::2]}}, {"$unset": {"list_key": ""}})
    reading = pages(deployed, f"/{name}?")
    begun = [next(reading), next(reading)]

    assert tick(deployed, "t") == 204
    asked.filters.clear()

    assert [one for page in (*begun, *reading) for one in page] == made
    assert [which for _, which in asked.filters if isinstance(which.get("_id"), dict)] == []


def test_who_finds_no_turn_to_read_is_asked_to_come_again_and_webhooks_are_taken(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    source = deployed.api.post("/webhooks", json={"sender": "github", "name": "ci"}).json
    environment.setattr(turns, "LONGEST_WAIT", 0.01)
    for _ in range(turns.AT_ONCE):
        turns._turns.acquire()
    try:
        refused = deployed.api.get("/findings")
        body = pushes.encode({"zen": "x"})
        headers = pushes.signed(source["secret"], body, event="ping")
        taken = deployed.clients["ingest"].post(
            source["url"].partition("/in/")[1] + source["url"].partition("/in/")[2], data=body, headers=headers
        )
        others = deployed.api.get("/webhooks")
    finally:
        for _ in range(turns.AT_ONCE):
            turns._turns.release()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert (taken.status_code, others.status_code) == (202, 200)
    assert deployed.api.get("/findings").status_code == 200


def test_a_turn_is_given_back_however_the_request_ends(deployed: Deployment) -> None:
    statuses = [
        deployed.api.get(path).status_code
        for path in ("/findings", "/findings/nosuch", "/scans/nosuch") * turns.AT_ONCE
    ]
    assert set(statuses) == {200, 404}

    taken = [turns._turns.acquire(blocking=False) for _ in range(turns.AT_ONCE)]
    for _ in filter(None, taken):
        turns._turns.release()

    assert all(taken)


def test_nothing_is_counted_by_reading_a_whole_collection(deployed: Deployment, asked: Keeping, tmp_path: Path) -> None:
    """The one-machine store counts from an index by a field, and reads every document to count by a constant."""
    orders = [{"repository": str(tmp_path / f"nosuch{number}")} for number in range(3)]
    scan = deployed.api.post("/scans", json=orders).json["id"]
    deployed.drain()
    found(1, occurrences=130)

    [progress] = [text for _, text in news(scans.get(scan), Position()) if "event: progress" in text]
    shown = deployed.api.get(f"/scans/{scan}").json
    letters = deployed.api.get("/dead-letters/counts").json

    assert '"by_state": {"Failed": 3}' in progress
    assert (shown["children_total"], shown["children_open"]) == (3, 0)
    assert sum(one["rejections"] for one in letters["functions"].values()) == 3
    assert deployed.api.get("/findings").json["findings"][0]["occurrence_count"] == 130
    grouped = [step["$group"]["_id"] for pipeline in asked.pipelines for step in pipeline if "$group" in step]
    assert grouped
    assert all(str(by).startswith("$") for by in grouped)

"""Listing scans, and what is told of one."""

import json
from typing import Any

import pytest
from tests.support.deployment import Deployment

from picket.effects.mongo import repositories, scans
from picket.effects.mongo.client import collection
from picket.effects.mongo.schedules import MARK
from picket.events import ScanRequested


def opened(count: int, **more: Any) -> list[str]:
    """Record scans; their ids, the newest first."""
    made = [scans.open_scan(ScanRequested(scan=f"s{n:03}", url="u", **more), "test") for n in range(count)]
    return [scan["_id"] for scan in made][::-1]


def test_more_scans_than_a_page_holds_are_all_listed(deployed: Deployment) -> None:
    newest_first = opened(120, repository="r")

    seen: list[str] = []
    after = ""
    while True:
        page = deployed.api.get("/scans", query_string={"limit": 50, "after": after}).json
        seen += [scan["id"] for scan in page["scans"]]
        after = page["next"]
        if not after:
            break

    assert seen == newest_first


def test_scans_that_have_ended_are_listed_by_state_and_repository(deployed: Deployment) -> None:
    repositories.register("h/o/r", "https://h/o/r")
    repositories.register("h/o/other", "https://h/o/other")
    opened(3, repository="h/o/r")
    scans.move(scans.get("s001"), "Failed", "test", "because")

    for query, found in [
        ("", ["s002", "s000"]),
        ("?state=all", ["s002", "s001", "s000"]),
        ("?state=ended", ["s001"]),
        ("?state=Failed&repository=https://h/o/r", ["s001"]),
        ("?state=Done", []),
        ("?state=all&repository=h/o/other", []),
    ]:
        assert [scan["id"] for scan in deployed.api.get(f"/scans{query}").json["scans"]] == found, query
    [failed] = deployed.api.get("/scans?state=Failed").json["scans"]
    assert failed["completed_at"]


@pytest.mark.parametrize(("query", "parameter"), [("state=Bogus", "state"), ("repository=nosuch/repo", "repository")])
def test_what_no_scan_can_be_of_is_refused(deployed: Deployment, query: str, parameter: str) -> None:
    answer = deployed.api.get(f"/scans?{query}")

    assert (answer.status_code, answer.json["parameter"]) == (422, parameter)


def test_no_time_is_told_with_the_mark_that_it_is_looked_up_by(deployed: Deployment) -> None:
    opened(1, repository="r")
    fields = {"due": f"{MARK}2026-01-01T00:00:00.000000Z", "state": "Queued", "failures": 4}
    collection("scans").update_one({"_id": "s000"}, {"$set": fields})
    shown = [deployed.api.get(path).text for path in ("/scans", "/scans/s000", "/", "/repositories")]
    shown.append(deployed.api.delete("/scans/s000").text)

    assert json.loads(shown[1])["retry_at"] == "2026-01-01T00:00:00.000000Z"
    assert json.loads(shown[-1])["retry_at"] is None
    assert not any(f'"{MARK}2' in text for text in shown)
    assert {"place", "open"}.isdisjoint(json.loads(shown[1]))


def test_the_start_page_says_where_it_ends(deployed: Deployment) -> None:
    opened(51, repository="r")

    page = deployed.api.get("/").text

    assert page.count('<a href="/scans/') == 50
    assert "picket scans --state open" in page

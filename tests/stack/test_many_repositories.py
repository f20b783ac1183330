"""Many long lists at once: all are taken, one of them is cancelled at once, and everything comes to an end."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support.repositories import Work
from tests.support.stack import Running, eventually, picket_up

from picket.commits import lifecycle

pytestmark = [pytest.mark.stack, pytest.mark.slow]

LISTS, REPOSITORIES = 20, 25


def test_lists_sent_at_once_are_all_taken_and_end_with_all_their_children(tmp_path: Path) -> None:
    works = [Work(tmp_path / "o" / f"r{number}") for number in range(LISTS)]
    for work in works:
        work.commit({"a": f"{work.path.name}\n"})
    with picket_up(tmp_path / "data") as running:
        with ThreadPoolExecutor(LISTS) as pool:
            sent = list(pool.map(lambda work: submit(running, work), works))
        cancelled = sent.pop()["id"]
        answer = running.http.request("DELETE", f"{running.url}/scans/{cancelled}")
        assert (answer.status, answer.json()["state"]) == (202, "Cancelled")

        with running.store() as store:
            eventually(lambda: not store.scans.find_one({"completed_at": None}) and not store.orders.find_one())
            assert not store.dead_letters.find_one()

        for scan in (running.get(f"/scans/{one['id']}") for one in sent):
            states = Counter(child["state"] for child in scan["children"])
            assert (scan["state"], states) == ("Partial", {"Done": 1, "Failed": REPOSITORIES - 1})
        ended = running.get(f"/scans/{cancelled}")
        assert (ended["state"], ended["is_ending"], ended["children_open"]) == ("Cancelled", False, 0)
        assert {child["state"] for child in ended["children"]} <= lifecycle.FINAL


def submit(running: Running, work: Work) -> dict[str, Any]:
    """Ask for a repository that is there, and for others that are not."""
    missing = [work.path.with_name(f"missing-{work.path.name}-{number}") for number in range(REPOSITORIES - 1)]
    return running.post("/scans", [{"repository": str(path)} for path in (work.path, *missing)])

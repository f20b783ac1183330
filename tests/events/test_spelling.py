"""Kinds of scans are read in both spellings, and sent and stored in the former one."""

import json

import pytest

from picket.api.schedules import ScheduleOrder
from picket.effects.mongo import scans, schedules
from picket.effects.mongo.client import collection
from picket.events import ScanCompleted, ScanRequested
from picket.policy.match import matches
from picket.policy.rules import Rule, Scan

FORMER = {"full": "integral", "push": "reactive", "group": "bulk", "scheduled": "scheduled"}


@pytest.mark.parametrize(("kind", "former"), FORMER.items())
def test_an_event_is_read_in_both_spellings_and_sent_in_the_former(kind: str, former: str) -> None:
    for spelled in (kind, former):
        request = ScanRequested.model_validate({"scan": "s", "url": "u", "kind": spelled})
        assert request.kind == kind
        assert json.loads(request.model_dump_json())["kind"] == former
        done = ScanCompleted.model_validate({"scan": "s", "kind": spelled, "state": "Done"})
        assert (done.kind, done.model_dump()["kind"]) == (kind, former)
        assert Scan.model_validate({"kind": spelled}).kind == kind


@pytest.mark.parametrize("kind", ["Full", "", "all", 1, None, ["full"]])
def test_what_is_no_kind_is_refused(kind: object) -> None:
    with pytest.raises(ValueError, match="kind"):
        ScanRequested.model_validate({"scan": "s", "url": "u", "kind": kind})


@pytest.mark.parametrize("stored", ["push", "reactive"])
@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("push", True),
        ("reactive", True),
        ("full", False),
        (["integral", "reactive"], True),
        ({"not": "reactive"}, False),
        ({"not": ["integral", "bulk"]}, True),
        ({"exists": True}, True),
    ],
)
def test_a_rule_may_ask_in_either(stored: str, condition: object, *, holds: bool) -> None:
    rule = Rule.model_validate(
        {"id": "r", "match": {"scan.kind": condition}, "actions": [{"notify": {"message": "m"}}]}
    )

    assert matches(rule, {"scan": {"kind": stored}}) is holds


def test_what_is_stored_can_be_read_by_a_former_revision(store: str) -> None:
    assert store
    scan = scans.open_scan(ScanRequested(scan="s", url="u", repository="r", kind="push"), "test")
    collection("repositories").insert_one({"_id": "r"})
    for kind in ("full", "integral"):
        order = ScheduleOrder.model_validate({"cron": "0 3 * * *", "kind": kind})
        repository = schedules.put("r", order.schedule("nightly"))
        assert repository is not None
        assert repository["schedules"][0]["kind"] == "integral"
        assert schedules.of(repository)[0].kind == "full"

    assert (scan["kind"], scans.kind(scan), scans.request_of(scan).kind) == ("reactive", "push", "push")

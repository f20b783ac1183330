"""The store, on every implementation that can be had here: what we rely on holds with each."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.fernet import Fernet
from tests.support.deployment import forget
from tests.support.there import there

from picket.commits.plan import Plan
from picket.commits.schedule import Schedule
from picket.detection.age import rank
from picket.effects.mongo import (
    batches,
    commits,
    costs,
    deliveries,
    finding_lists,
    findings,
    idempotency,
    leases,
    organizations,
    rejections,
    repositories,
    scans,
    schedules,
    scores,
    webhooks,
)
from picket.effects.mongo.client import client, collection, insert_new
from picket.effects.mongo.documents import Batch, Scan
from picket.effects.mongo.records import Replay
from picket.errors import Busy, Gone, Misconfigured, Unsupported
from picket.events import Envelope, ScanRequested
from picket.findings.stored import Cost
from picket.scoring.stored import Evaluated
from picket.settings import settings

MONGODB_URI = os.environ.get("PICKET_TEST_MONGODB_URI", "")
ATOMIC_STORES = ["nx_uri", *(["mongodb_uri"] if MONGODB_URI else [])]
# FerretDB 1.x finds and then modifies, so two at once can both win: it is here for what it rejects, not to run on.
STORES = [*ATOMIC_STORES, pytest.param("ferretdb_uri", marks=pytest.mark.real("ferretdb"))]


@pytest.fixture(scope="session")
def mongodb_uri() -> str:
    """URI of a MongoDB that is somebody else's; tests use databases of their own in it."""
    return MONGODB_URI


@pytest.fixture(params=STORES, autouse=True)
def any_store(request: pytest.FixtureRequest, environment: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty database in each store."""
    environment.setenv("MONGODB_URI", request.getfixturevalue(request.param))
    forget()
    yield
    client().drop_database(settings().mongodb_database)


def scan(name: str = "s1", **more: Any) -> Scan:
    return scans.open_scan(ScanRequested(**{"scan": name, "repository": "r", "url": "u", **more}), "test")


def finding(name: str = "f1", commit: str = "c1", **more: Any) -> tuple[Any, Any]:
    place = {"rank": f"2026|{commit}", "commit": commit, "path": "a", "start_line": 1, "start_column": 1}
    document = {
        "_id": name,
        "repository": "r",
        "kind": "secret",
        "identity": f"i-{name}",
        "scored_in": "r",
        "scan": "s1",
        "severity": "high",
        "confidence": 0.5,
        "first": place,
        "first_rank": place["rank"],
        "evidence": {"rule": "generic"},
        "evidence_rank": "0.500|1|generic",
        **more,
    }
    return document, {"finding": name, "repository": "r", "scan": "s1", **place}


@pytest.mark.parametrize("any_store", ATOMIC_STORES, indirect=True)
def test_only_one_of_many_workers_gets_a_lease_and_it_is_the_one_asked_for() -> None:
    for name in ("s1", "s2", "s3"):
        scan(name)

    all_have_tried = Barrier(6, timeout=300)

    def take(name: str) -> int:
        try:
            with leases.held("scans", Scan, name) as lease:
                all_have_tried.wait()
                return lease.fence
        except Busy:
            all_have_tried.wait()
            return 0

    with ThreadPoolExecutor(6) as pool:
        fences = list(pool.map(take, ["s2"] * 6))

    assert sorted(fences) == [0] * 5 + [1]
    assert [scans.get(name)["fence"] for name in ("s1", "s2", "s3")] == [0, 1, 0]
    with leases.held("scans", Scan, "s2") as lease:
        assert lease.fence == 2


def test_a_lease_that_is_not_renewed_runs_out_and_its_fence_no_longer_counts(
    environment: pytest.MonkeyPatch,
) -> None:
    parent = scan()
    batches.create(parent, 1, "digest", [Plan(("c",), 1)])
    [batch] = batches.all_of(parent["_id"], 9)
    old = leases.take("batches", Batch, batch["_id"])
    begun = batches.move(old.document, "InProgress", "scan", fence=old.fence)
    assert begun
    with pytest.raises(Busy):
        leases.take("batches", Batch, batch["_id"])

    environment.setattr(leases, "time", SimpleNamespace(time=lambda: time.time() + 60))
    new = leases.take("batches", Batch, batch["_id"])

    taken = batches.move(new.document, "InProgress", "scan", fence=new.fence)
    assert taken
    assert new.document["takeovers"] == 1
    assert batches.move(begun, "Scanned", "scan", fence=old.fence) is None
    assert batches.move(taken, "Scanned", "scan", fence=old.fence) is None
    assert batches.move(taken, "Scanned", "scan", fence=new.fence)


def test_a_lease_that_somebody_took_meanwhile_is_not_ended_for_its_former_holder() -> None:
    scan()
    collection("scans").update_one({"_id": "s1"}, {"$set": {"lease_until": 1.0, "fence": 1}})
    [dead] = leases.expired("scans", Scan, 10)

    lease = leases.take("scans", Scan, "s1")
    assert leases.expired("scans", Scan, 10) == []
    assert not leases.end("scans", dead)
    assert scans.get("s1")["fence"] == lease.fence == 2


def test_a_lease_is_renewed_while_the_work_goes_on(environment: pytest.MonkeyPatch) -> None:
    scan()
    environment.setenv("PICKET_LEASE_SECONDS", "0.3")
    forget()

    with leases.held("scans", Scan, "s1"):
        first = scans.get("s1")["lease_until"]
        while scans.get("s1")["lease_until"] == first:
            pass


def test_a_scan_moves_by_compare_and_set_and_keeps_its_history() -> None:
    fresh = scan()
    scan("other")
    moved = scans.move(fresh, "Validating", "a", "because")

    assert moved
    assert scans.move(fresh, "Failed", "b") is None
    assert scans.move(moved, "InProgress", "c") is None
    stored = scans.get("s1")
    assert [(s["state"], s["actor"], s["reason"]) for s in stored["history"]] == [
        ("New", "test", ""),
        ("Validating", "a", "because"),
    ]
    assert stored["revision"] == 1
    assert scans.get("other")["state"] == "New"


def test_a_scan_opened_again_is_as_it_was() -> None:
    scans.move(scan(), "Validating", "a")

    assert scan(reason="again")["state"] == "Validating"
    assert [running["_id"] for running in scans.running("r")] == ["s1"]
    scans.move(scans.get("s1"), "Failed", "a")
    assert scans.running() == []
    assert scans.get("s1")["completed_at"]
    with pytest.raises(Gone):
        scans.get("none")


def listed(**which: str) -> list[str]:
    """Read the list of scans, two at a time."""
    found: list[str] = []
    after = ""
    while page := scans.page(after, 2, **which):
        found += [one["_id"] for one in page]
        after = page[-1]["place"]
    return found


def test_scans_are_listed_newest_first_and_by_state_and_repository() -> None:
    for number in range(5):
        opened = scan(f"s{number}", **({"repository": "other"} if number == 4 else {}))
        if number in {1, 2}:
            scans.move(opened, "Failed" if number == 1 else "Cancelled", "a")
    scan("bulk", repository="", kind="bulk")

    assert listed(state="all") == ["bulk", "s4", "s3", "s2", "s1", "s0"]
    assert listed() == ["bulk", "s4", "s3", "s0"]
    assert listed(state="ended") == ["s2", "s1"]
    assert listed(state="Failed") == ["s1"]
    assert listed(state="all", repository="r") == ["s3", "s2", "s1", "s0"]
    assert listed(repository="other") == ["s4"]


def test_scans_of_an_earlier_version_are_listed_after_all_others() -> None:
    for name in ("a", "b", "c", "new"):
        scan(name)
    scans.move(scans.get("b"), "Failed", "a")
    for name in ("a", "b", "c"):
        collection("scans").update_one({"_id": name}, {"$unset": {"place": "", "open": ""}})

    assert listed(state="all") == ["new", "a", "b", "c"]
    assert listed() == ["new", "a", "c"]
    assert listed(state="Failed") == ["b"]


def test_children_and_roots_are_found() -> None:
    scan("child", parent="s1")
    scans.open_scan(ScanRequested(scan="x", url="u"), "test", root="root")

    assert [child["_id"] for child in scans.children("s1")] == ["child"]
    assert (scans.count_for_root("root"), scans.count_for_root("other")) == (1, 0)


def test_batches_count_for_the_attempt_that_the_scan_took() -> None:
    parent = scan()
    batches.create(parent, 1, "digest", [Plan(("a",), 1)])
    batches.create(parent, 2, "digest", [Plan(("a",), 1), Plan(("b",), 2)])
    batches.create(parent, 2, "digest", [Plan(("a",), 1), Plan(("b",), 2)])

    taken: Scan = {**parent, "attempt": 2}
    assert batches.count_by_state(taken) == {"Queued": 2}
    assert batches.count_by_state(parent) == {}


def test_commits_are_scanned_for_a_digest_only() -> None:
    commits.mark_scanned("r", "d1", ["a", "b"])
    commits.mark_scanned("r", "d1", ["b", "c"])

    assert commits.unscanned("r", "d1", ["x", "c", "a", "y"]) == ["x", "y"]
    assert commits.unscanned("r", "d2", ["a"]) == ["a"]
    assert commits.unscanned("other", "d1", ["a"]) == ["a"]
    assert commits.unscanned("r", "d1", []) == []


def test_covered_tips_belong_to_repository_and_digest() -> None:
    commits.set_covered_tips("r", "d1", ["t1", "t2"], "s")

    assert commits.covered_tips("r", "d1") == ["t1", "t2"]
    assert commits.covered_tips("r", "d2") == []


@pytest.mark.parametrize("reverse", [False, True])
def test_a_finding_shows_its_oldest_occurrence_and_best_evidence_whatever_came_first(*, reverse: bool) -> None:
    found = [
        finding(commit="c2"),
        finding(commit="c1"),
        finding(commit="c3", evidence={"rule": "aws"}, evidence_rank="0.100|0|aws", severity="critical"),
    ]
    other = finding("f2", commit="c0")
    for document, occurrence in [other, *(found[::-1] if reverse else found)] * 2:
        findings.record([document], [occurrence])

    [first, second] = finding_lists.with_occurrences(finding_lists.page({}, "", 10))
    assert (first["first"]["commit"], first["evidence"]["rule"], first["severity"]) == ("c1", "aws", "critical")
    assert [item["commit"] for item in first["occurrences"]] == ["c1", "c2", "c3"]
    assert (second["first"]["commit"], second["evidence"]["rule"], second["occurrence_count"]) == ("c0", "generic", 1)


@pytest.mark.parametrize("backwards", [False, True])
def test_of_occurrences_in_the_same_second_the_same_one_is_shown_whatever_came_first(*, backwards: bool) -> None:
    ranks = [rank("2020-01-01T20:00:00-05:00", sha, path, 1, 1) for sha in "ab" for path in ("a", "a.b")]
    for first_rank in reversed(ranks) if backwards else ranks:
        place: Any = {"first_rank": first_rank, "first": {"rank": first_rank, "path": "a"}}
        findings.record([finding()[0] | place], [])

    assert findings.get_many(["f1"])[0]["first_rank"] == ranks[0]


def test_a_finding_changes_only_from_the_revision_read() -> None:
    for name in ("f1", "f2"):
        findings.record([finding(name)[0]], [finding(name)[1]])
    read = findings.get("f1")
    assert read

    assert findings.change(read, {"severity": "low"})
    assert not findings.change(read, {"severity": "critical"})
    assert [found["severity"] for found in findings.get_many(["f2", "f1"])] == ["low", "high"]
    assert len(costs.scored_in("r")) == 2


def costing(penalty: float) -> Cost:
    """Return what a finding costs."""
    told: Any = {
        "label": "x",
        "severity": "high",
        "standing": "open",
        "cap": "",
        "bare_penalty": penalty,
        "bare_cap": "",
    }
    return cast("Cost", {**told, "penalty": penalty, "bare_penalty": penalty})


def scoring(score: float) -> Evaluated:
    """Return what an evaluation gives."""
    return {"score": score, "exact": score, "grade": "A"}


def test_what_findings_cost_is_replaced_by_newer_revisions_only() -> None:
    for name in ("f1", "f2"):
        findings.record([finding(name)[0]], [finding(name)[1]])

    costs.set_costs("r", "day 1", {"f1": costing(2.0), "f2": costing(2.0)}, 2)
    costs.set_costs("r", "day 2", {"f1": costing(1.0)}, 1)
    costs.set_costs("r", "day 2", {"f2": costing(3.0)}, 3)

    assert [found["cost"]["penalty"] for found in findings.get_many(["f1", "f2"])] == [2.0, 3.0]


def test_findings_rated_under_another_key_are_found_and_no_others() -> None:
    for name in ("f1", "f2", "f3", "f4"):
        findings.record([finding(name)[0]], [finding(name)[1]])
    findings.record([finding("other", repository="r2", scored_in="r2")[0]], [])
    costs.set_costs("r", "day 1", {"f1": costing(1.0)}, 1)
    costs.set_costs("r", "day 2", {"f2": costing(1.0)}, 1)
    costs.mark_rated("r", "day 2", ["f3"])

    assert {one["_id"] for one in costs.rated_otherwise("r", "day 2", 10)} == {"f1", "f4"}
    assert len(costs.rated_otherwise("r", "day 2", 1)) == 1


def test_pages_follow_each_other_and_filters_combine() -> None:
    for number in range(7):
        severity = "low" if number % 2 else "high"
        document, occurrence = finding(f"f{number}", severity=severity, repository="r" if number < 6 else "q")
        findings.record([document], [occurrence])

    first = finding_lists.page({"repository": "r"}, "", 4)
    rest = finding_lists.page({"repository": "r"}, first[-1]["_id"], 4)
    assert [found["_id"] for found in [*first, *rest]] == [f"f{n}" for n in range(6)]
    both = finding_lists.page({"repository": "r", "severity": "low", "rule": "generic", "state": "open"}, "", 9)
    assert [found["_id"] for found in both] == ["f1", "f3", "f5"]
    assert [found["_id"] for found in finding_lists.page({"ids": ["f5", "f1", "f9"]}, "f1", 9)] == ["f5"]
    assert finding_lists.page({"ids": ["f1", "f2"], "severity": "high"}, "", 1)[0]["_id"] == "f2"


def test_a_renamed_repository_keeps_its_id_and_a_new_one_of_the_old_name_gets_its_own() -> None:
    assert repositories.register("h/o/old", "u1", forge_key="h:7")["_id"] == "h/o/old"
    assert repositories.register("h/o/new", "u2", forge_key="h:7")["_id"] == "h/o/old"
    taken = repositories.register("h/o/old", "u3", forge_key="h:8")["_id"]

    assert taken == "h/o/old~8"
    assert [repositories.resolve(name) for name in ("h/o/new", "h/o/old", "h/o/x")] == ["h/o/old", taken, None]
    stored = repositories.get("h/o/old")
    assert stored
    assert (stored["name"], stored["url"]) == ("h/o/new", "u2")


def test_a_rename_without_a_forge_id_is_followed_by_name() -> None:
    repositories.register("h/o/old", "u")
    repositories.link("h/o/new", "h/o/old")
    repositories.link("h/o/new", "h/o/other")

    assert repositories.register("h/o/new", "u")["_id"] == "h/o/old"


def test_a_score_is_replaced_only_from_the_revision_read() -> None:
    change: Any = {"cause": "e1", "at": "t", "score": 1.0, "previous": 2.0}
    scores.replace("r", None, scoring(1.0), {}, change)
    with pytest.raises(Busy):
        scores.replace("r", None, scoring(2.0), {}, change)
    read = scores.get("r")
    scores.replace("r", read, scoring(3.0), {}, change)
    with pytest.raises(Busy):
        scores.replace("r", read, scoring(4.0), {}, change)

    for _ in range(2):
        scores.keep_change("r", change)
    scores.keep_change("r", change | {"cause": "e3", "at": "u"})
    scores.keep_change("r", change | {"cause": "e4", "at": "v", "previous": 1.0})
    assert [kept["cause"] for kept in scores.history("r", 10)] == ["e3", "e1"]
    assert scores.change_of("r", "e2") is None


def test_an_idempotency_key_means_one_request() -> None:
    idempotency.check("k", "request")
    idempotency.check("k", "request")
    with pytest.raises(Unsupported):
        idempotency.check("k", "another")


def test_a_delivery_is_new_once() -> None:
    assert deliveries.record("d", "s", "push")
    assert not deliveries.record("d", "s", "push")
    assert deliveries.record("d2", "s", "push")


def test_inserting_what_is_partly_there_inserts_the_rest() -> None:
    insert_new("commits", [{"_id": "a"}, {"_id": "b"}])
    insert_new("commits", [{"_id": "b"}, {"_id": "c"}])

    assert {document["_id"] for document in collection("commits").find({})} == {"a", "b", "c"}


def letter(number: int, function: str) -> str:
    """Keep a dead letter; its id."""
    rejections.keep_dead_letter(function, Envelope(f"e{number}", "t", "/s"), "{}", "", {})
    return next(str(one["_id"]) for one in rejections.page("", 100) if one["event"]["id"] == f"e{number}")


def test_letters_come_by_function_and_age_and_are_counted_while_they_are_open() -> None:
    ids = [letter(number, ("scan", "score")[number % 2]) for number in range(5)]
    rejections.keep(Envelope("r", "t", "/s"), "{}", "", kind="Gone", reason="gone")

    first = rejections.page("", 2)
    rest = rejections.page(first[-1]["place"], 10)
    assert [one["_id"] for one in (*first, *rest)][:5] == [*ids[::2], *ids[1::2]]
    assert "data" not in first[0]
    assert rejections.counts()["scan"]["dead_letters"] == 3
    closed = rejections.drop(there(rejections.get(ids[0])), "me")
    assert closed["state"] == "dropped"
    assert rejections.counts()["scan"]["dead_letters"] == 2
    assert len(rejections.page("", 10)) == 5
    assert len(rejections.page("", 10, closed=True)) == 6
    assert [one["_id"] for one in rejections.page("", 10, function="scan", kind="dead-letter")] == [ids[2], ids[4]]


def test_a_replay_is_begun_only_from_the_letter_as_it_was_read() -> None:
    read = there(rejections.get(letter(1, "scan")))

    replay: Replay = {"number": 1, "event": "e", "scan": "", "at": "t", "by": "me"}
    begun = rejections.begin_replay(read, replay)
    assert begun
    assert rejections.begin_replay(read, replay) is None
    assert rejections.end_replay(begun, 1)["state"] == "replayed"
    assert rejections.page("", 10) == []


def test_a_repository_is_claimed_only_for_the_time_it_was_read_with() -> None:
    repositories.register("h/o/r", "u", at_once=True)
    repositories.register("h/o/later", "u")

    [found] = schedules.due(24.0, 10)
    at = datetime.now(UTC)
    assert schedules.claim(found, at)
    assert not schedules.claim(found, at)
    assert schedules.due(24.0, 10) == []
    assert [one["_id"] for one in schedules.due(0.0, 10)] == ["h/o/later", "h/o/r"]
    given = there(schedules.put("h/o/r", Schedule("s", "0 3 * * *", enabled=False, pull_requests=True)))
    assert schedules.of(given) == [Schedule("s", "0 3 * * *", enabled=False, pull_requests=True)]
    assert schedules.due_at(given, 24.0) is None
    assert "due" in there(schedules.put("h/o/r", Schedule("t", "0 3 * * *")))


def test_evidence_for_other_rules_comes_oldest_first_and_is_claimed_once() -> None:
    for number, digest in enumerate(["b", "a", "new", "b"]):
        repositories.register(f"h/o/{number}", "u")
        at = f"2026-01-0{9 - number}T00:00:00.000000Z"
        repositories.update(f"h/o/{number}", history_ruleset=digest, history_scanned_at=at)

    found = schedules.stale("new", 10)
    assert [one["_id"] for one in found] == ["h/o/3", "h/o/1", "h/o/0"]
    assert [one["_id"] for one in schedules.stale("new", 1)] == ["h/o/3"]
    assert schedules.claim_rescan(found[0], "new")
    assert not schedules.claim_rescan(found[0], "new")
    assert [one["_id"] for one in schedules.stale("new", 10)] == ["h/o/1", "h/o/0"]
    assert schedules.rescans_since(timedelta(hours=1), 10) == 1


def test_a_listing_moves_on_only_from_where_it_was_read_and_tells_what_has_vanished() -> None:
    patience = timedelta(minutes=10)
    names = [repositories.register(f"h/o/{name}", "u")["_id"] for name in "abc"]
    first = organizations.register("h/o", {"forge": "github"}, patience)
    organizations.see(first, names)
    moved = organizations.advance(first, {"page": 1, "state": "Listing"}, patience)
    assert moved
    assert organizations.advance(first, {"page": 1}, patience) is None
    assert organizations.end(moved, {"state": "Done"}, datetime.now(UTC) - patience)
    assert organizations.to_resume(10) == []
    [due] = organizations.due(10)
    again = organizations.begin(due, patience)
    assert again
    assert organizations.begin(due, patience) is None
    organizations.see(again, names[:2])

    assert organizations.mark_vanished(again) == 1
    assert organizations.mark_vanished(again) == 0
    assert [bool(there(repositories.get(name)).get("vanished_at")) for name in names] == [False, False, True]
    assert organizations.due(10) == []
    assert organizations.remove("h/o")


def test_what_is_encrypted_under_an_old_key_is_read_while_that_is_named(environment: pytest.MonkeyPatch) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    environment.setenv("PICKET_ENCRYPTION_KEY", old)
    forget()
    _, token, secret = webhooks.add("github", "t", "")

    environment.setenv("PICKET_ENCRYPTION_KEY", f"{new},{old}")
    forget()

    found = webhooks.by_token("github", token)
    assert found is not None
    assert found.secrets == (secret,)
    _, later, _ = webhooks.add("github", "t", "")
    environment.setenv("PICKET_ENCRYPTION_KEY", new)
    forget()
    assert webhooks.by_token("github", later) is not None
    with pytest.raises(Misconfigured, match="PICKET_ENCRYPTION_KEY"):
        webhooks.by_token("github", token)

"""A finding's whole life: accepted, fixed, a false positive, back again, by people, policy, scans and time."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.orchestration.asking import tick
from tests.support import secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects.mongo.client import collection
from picket.effects.mongo.records import Wanted

CALM = "{id: calm, match: {finding.kind: secret}, actions: [{set: {severity: low}}]}"
TOMORROW = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    return made


@pytest.fixture
def finding(deployed: Deployment, forge: GitHttpServer, work: Work) -> dict[str, Any]:
    """A leaked credential."""
    assert work
    return scanned(deployed, f"{forge.url}/o/r/.git")[0]


def scanned(deployed: Deployment, url: str) -> list[dict[str, Any]]:
    deployed.api.post("/scans", json={"repository": url})
    deployed.drain()
    return list(deployed.api.get("/findings?min_confidence=0").json["findings"])


def change(deployed: Deployment, finding: dict[str, Any], status: int = 200, **order: Any) -> dict[str, Any]:
    answer = deployed.api.patch(f"/findings/{finding['id']}", json=order)
    assert answer.status_code == status, answer.text
    deployed.drain()
    return dict(answer.json)


def score(deployed: Deployment, finding: dict[str, Any]) -> dict[str, Any]:
    return dict(deployed.api.get(f"/scores/{finding['repository']}").json)


def policy(environment: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"version: 1\n{text}")
    environment.setenv("PICKET_POLICY", str(path))
    forget()


def test_a_finding_goes_through_its_whole_life(deployed: Deployment, finding: dict[str, Any]) -> None:
    leaked = score(deployed, finding)
    assert (finding["state"], finding["assignee"], finding["reporters"]) == ("open", "", ["picket"])
    assert date.fromisoformat(finding["due"][:10]) - date.fromisoformat(finding["opened_at"][:10]) == timedelta(
        days={"critical": 7, "high": 30}[finding["severity"]]
    )

    assert change(deployed, finding, assignee="ada", comment="looking at it")["assignee"] == "ada"
    accepted = change(deployed, finding, state="accepted", reason="risk-accepted", until=TOMORROW)
    assert (accepted["state"], accepted["exemption"]["approver"]) == ("accepted", "loopback")
    at_ease = score(deployed, finding)
    assert at_ease["score"] > leaked["score"] == at_ease["score_without_exemptions"]
    assert at_ease["items"][0]["standing"] == "accepted"

    fixed = change(deployed, finding, state="fixed", comment="rotated")
    assert (fixed["state"], fixed["exemption"], fixed["due"]) == ("fixed", None, None)
    assert fixed["fixed_at"]
    after = score(deployed, finding)["items"][0]
    assert (after["standing"], after["penalty"]) == ("fixed", pytest.approx(leaked["items"][0]["penalty"] / 4))

    opened = change(deployed, finding, state="open", comment="it still works")
    assert (opened["state"], opened["episode"], opened["fixed_at"]) == ("open", 2, None)
    assert opened["opened_at"] > finding["opened_at"]
    assert change(deployed, finding, state="false-positive")["state"] == "false-positive"
    assert score(deployed, finding)["items"][0]["penalty"] == 0
    steps = [(line["by"], line.get("to"), line.get("reason")) for line in fixed["history"]]
    assert steps == [
        ("loopback", None, None),
        ("loopback", "accepted", "risk-accepted"),
        ("loopback", "fixed", "remediated"),
    ]
    assert (fixed["history"][0]["assignee"], fixed["history"][0]["comment"]) == ("ada", "looking at it")


@pytest.mark.parametrize(
    ("order", "status", "detail"),
    [
        ({}, 400, "nothing to change"),
        ({"state": "accepted", "until": TOMORROW}, 400, "reason"),
        ({"state": "accepted", "reason": "risk-accepted"}, 400, "until"),
        ({"state": "accepted", "reason": "x", "until": "2020-01-01"}, 400, "next 366 days"),
        ({"state": "accepted", "reason": "x", "until": "9999-12-31"}, 400, "next 366 days"),
        ({"state": "accepted", "reason": "x", "until": "soon"}, 400, "RFC 3339"),
        ({"state": "fixed", "until": TOMORROW}, 400, "only what is accepted"),
        ({"state": "resolved"}, 400, "state"),
        ({"state": "open", "extra": 1}, 400, "extra"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(
    deployed: Deployment, finding: dict[str, Any], order: dict[str, Any], status: int, detail: str
) -> None:
    assert detail in change(deployed, finding, status, **order)["detail"]
    assert deployed.api.get(f"/findings/{finding['id']}").json["history"] == []


def test_a_move_that_there_is_not_is_a_conflict_and_the_same_state_again_is_none(
    deployed: Deployment, finding: dict[str, Any]
) -> None:
    change(deployed, finding, state="fixed")
    assert len(change(deployed, finding, state="fixed")["history"]) == 1
    told = change(deployed, finding, 409, state="accepted", reason="x", until=TOMORROW)
    assert told["detail"] == "a finding that is fixed can become open or false-positive, not accepted"
    assert deployed.api.patch("/findings/nosuch", json={"state": "fixed"}).status_code == 404


def test_an_acceptance_ends_by_itself(deployed: Deployment, finding: dict[str, Any]) -> None:
    change(deployed, finding, state="accepted", reason="risk-accepted", until=TOMORROW)
    ended = {"exemption.until": "2020-01-01T00:00:00.000000Z", "accepted_until": "at 2020-01-01T00:00:00.000000Z"}
    collection("findings").update_one({"_id": finding["id"]}, {"$set": ended})

    assert deployed.api.get("/findings?state=open").json["findings"][0]["state"] == "open"
    assert deployed.api.get("/findings?state=accepted").json["findings"] == []
    deployed.sent.clear()
    tick(deployed, "acceptances")
    deployed.drain()

    stored = collection("findings").find_one({"_id": finding["id"]}) or {}
    assert (stored["state"], stored["history"][-1]["actor"]) == ("open", "clock")
    assert stored.get("episode", 1) == 1
    assert len(deployed.of_type("finding.changed")) == 1


def test_a_secret_that_is_committed_again_after_it_was_fixed_is_open_again(
    deployed: Deployment, forge: GitHttpServer, finding: dict[str, Any], work: Work
) -> None:
    change(deployed, finding, state="fixed")
    [same] = scanned(deployed, f"{forge.url}/o/r/.git")
    assert same["state"] == "fixed", "what was there before is no news"
    work._clock = int(datetime.now(UTC).timestamp()) + 60
    work.commit({"b.py": f"again = '{secrets.slack_token(1)}'\n"})

    [back] = scanned(deployed, f"{forge.url}/o/r/.git")

    assert (back["id"], back["state"], back["episode"]) == (finding["id"], "open", 2)
    assert back["history"][-1]["reason"] == "it was committed again"


def test_the_same_secret_elsewhere_is_told_and_fixed_at_once(
    deployed: Deployment, forge: GitHttpServer, finding: dict[str, Any]
) -> None:
    other = Work(forge.root / "o" / "other")
    other.commit({"x.py": f"u = '{secrets.slack_token(1)}'\n"})
    both = scanned(deployed, f"{forge.url}/o/other/.git")
    assert len({one["value_id"] for one in both}) == 1 < len({one["id"] for one in both})
    shown = deployed.api.get(f"/findings/{finding['id']}").json
    [elsewhere] = shown["elsewhere"]
    assert elsewhere["repository"] != finding["repository"]
    assert elsewhere["state"] == "open"

    order = {"change": {"state": "fixed"}, "filter": {"value_id": finding["value_id"]}}
    tried = deployed.api.post("/findings/actions", json={**order, "dry_run": True}).json
    assert (len(tried["changed"]), tried["matched"], tried["is_more"], tried["dry_run"]) == (2, 2, False, True)
    assert deployed.api.get("/findings?state=fixed").json["findings"] == []
    assert len(deployed.api.post("/findings/actions", json=order).json["changed"]) == 2
    deployed.drain()
    assert len(deployed.api.get(f"/findings?state=fixed&value_id={finding['value_id']}").json["findings"]) == 2
    assert {one.data["repository"] for one in deployed.of_type("finding.changed")[-2:]} == {
        one["repository"] for one in both
    }


def test_many_findings_are_decided_on_at_once_and_refusals_stop_none(
    deployed: Deployment, forge: GitHttpServer, work: Work, finding: dict[str, Any]
) -> None:
    work.commit({f"f{n}.py": f"t = '{secrets.slack_token(n)}'\n" for n in range(10, 15)})
    names = [one["id"] for one in scanned(deployed, f"{forge.url}/o/r/.git")]
    change(deployed, finding, state="fixed")
    order = {"change": {"state": "accepted", "reason": "test-data", "until": TOMORROW}, "ids": [*names, "nosuch"]}

    told = deployed.api.post("/findings/actions", json=order).json

    assert len(told["changed"]) == 5
    assert {one["id"] for one in told["refused"]} == {finding["id"], "nosuch"}
    wrong: dict[str, Any]
    for wrong in ({"ids": names, "filter": {"rule": "r"}}, {}, {"filter": {}}, {"ids": []}, {"ids": ["x"] * 1_001}):
        answer = deployed.api.post("/findings/actions", json={"change": {"state": "open"}, **wrong})
        assert answer.status_code == 400, wrong


def test_what_people_decide_stays_when_the_policy_judges_again(  # noqa: PLR0917 - fixtures
    deployed: Deployment,
    forge: GitHttpServer,
    finding: dict[str, Any],
    work: Work,
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    rule = "rules:\n- {id: all, match: {finding.kind: secret}, actions: [{exempt: {reason: test-data, days: 9}}]}"
    policy(environment, tmp_path, rule)
    work.commit({"b.py": f"again = '{secrets.slack_token(1)}'\n"})
    [accepted] = scanned(deployed, f"{forge.url}/o/r/.git")
    assert (accepted["state"], accepted["exemption"]["rule"], accepted["history"][-1]["by"]) == (
        "accepted",
        "all",
        "rule:all",
    )
    change(deployed, finding, state="open", comment="no test data at all")
    work.commit({"c.py": f"again = '{secrets.slack_token(1)}'\n"})

    [still] = scanned(deployed, f"{forge.url}/o/r/.git")

    assert (still["state"], len(still["history"])) == ("open", 2)


def test_a_new_policy_reaches_what_is_stored_and_says_how_far_it_is(
    deployed: Deployment, finding: dict[str, Any], environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert deployed.api.get("/policy").json["reevaluation"]["is_applied"]
    policy(
        environment, tmp_path, "rules:\n- {id: calm, match: {finding.kind: secret}, actions: [{set: {severity: low}}]}"
    )
    told = deployed.api.get("/policy").json
    assert (told["reevaluation"]["left"], told["rules"][-1]["id"]) == (1, "calm")
    before = score(deployed, finding)

    tick(deployed, "policy")
    deployed.drain()

    judged = deployed.api.get(f"/findings/{finding['id']}").json
    assert (judged["severity"], judged["rules_applied"], judged["policy"]) == (
        "low",
        ["tell-of-grave-finds", "calm"],
        told["digest"],
    )
    assert score(deployed, finding)["score"] > before["score"]
    assert deployed.api.get("/policy").json["reevaluation"] == {
        "in_force": told["digest"],
        "is_applied": True,
        "left": 0,
    }
    deployed.sent.clear()
    tick(deployed, "policy")
    deployed.drain()
    assert deployed.of_type("policy.changed") == deployed.of_type("finding.changed") == []


def test_a_policy_is_applied_so_many_a_minute(
    deployed: Deployment, finding: dict[str, Any], environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stored = collection("findings").find_one({"_id": finding["id"]}) or {}
    copies = [{**stored, "_id": f"f{n:04}", "judged": f"p:old|{n:04}", "policy": "old"} for n in range(250)]
    collection("findings").insert_many(copies)
    environment.setenv("PICKET_REEVALUATIONS_PER_MINUTE", "100")
    policy(environment, tmp_path, "rules: []")

    tick(deployed, "policy")
    deployed.drain()

    judged = [one["_id"] for one in collection("findings").find({}) if not one["judged"].startswith("p:old|")]
    judged.remove(finding["id"])
    assert sorted(judged) == [f"f{n:04}" for n in range(100)], "those that were judged the longest ago come first"
    assert deployed.api.get("/policy").json["reevaluation"]["left"] == 150


def test_a_policy_can_be_tried_on_what_is_stored_before_it_is_in_force(
    deployed: Deployment, finding: dict[str, Any]
) -> None:
    text = f"version: 1\nrules:\n- {CALM}"
    before = collection("findings").find_one({"_id": finding["id"]})

    told = deployed.api.post("/policy/test", data=text, headers={"Content-Type": "application/yaml"}).json

    assert (told["looked_at"], told["changed"], told["next"]) == (1, 1, None)
    assert told["counts"] == {f"severity: {finding['severity']} to low": 1}
    assert told["examples"][0]["severity"] == [finding["severity"], "low"]
    assert collection("findings").find_one({"_id": finding["id"]}) == before
    wrong = deployed.api.post("/policy/test", data="rules: 1", headers={"Content-Type": "application/yaml"})
    assert (wrong.status_code, "version" in wrong.json["detail"]) == (400, True)


def test_the_policy_asks_for_a_second_person(
    deployed: Deployment, finding: dict[str, Any], environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    policy(environment, tmp_path, "approvals:\n- {states: [accepted], severities: [critical, high]}")
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - a token is needed then
    environment.setenv("PICKET_API_TOKEN", "a-token-to-begin-with")
    forget()
    bootstrap = {"Authorization": "Bearer a-token-to-begin-with"}
    tokens = {
        name: deployed.api.post("/tokens", json={"name": name, "scope": "triage"}, headers=bootstrap).json["token"]
        for name in ("ada", "bob")
    }
    asks, other = ({"Authorization": f"Bearer {tokens[name]}"} for name in ("ada", "bob"))
    order = {"state": "accepted", "reason": "risk-accepted", "until": TOMORROW, "comment": "next month"}

    answer = deployed.api.patch(f"/findings/{finding['id']}", json=order, headers=asks)

    assert (answer.status_code, answer.json["state"], answer.json["asked_by"]) == (202, "waiting", "ada")
    where = answer.headers["Location"]
    assert deployed.api.get(f"/findings/{finding['id']}", headers=asks).json["state"] == "open"
    [listed] = deployed.api.get("/approvals", headers=other).json["approvals"]
    assert (listed["id"], listed["wanted"]["reason"]) == (answer.json["id"], "risk-accepted")
    again = deployed.api.patch(f"/findings/{finding['id']}", json=order, headers=asks)
    assert again.json["id"] == listed["id"], "asking twice is one approval"
    own = deployed.api.post(where, json={"approve": True}, headers=asks)
    assert (own.status_code, "cannot approve" in own.json["detail"]) == (409, True)

    given = deployed.api.post(where, json={"approve": True, "comment": "fine"}, headers=other)
    assert (given.status_code, given.json["state"]) == (200, "approved")
    deployed.drain()
    after = deployed.api.get(f"/findings/{finding['id']}", headers=asks).json
    assert (after["state"], after["history"][-1]["by"]) == ("accepted", "ada")
    assert after["history"][-1]["comment"] == "next month (approved by bob: fine)"
    assert deployed.api.get("/approvals", headers=asks).json["approvals"] == []
    assert len(deployed.api.get("/approvals?all=true", headers=asks).json["approvals"]) == 1
    denied = deployed.api.post(where, json={"approve": False}, headers=other)
    assert denied.status_code == 409
    assert deployed.api.patch(f"/findings/{finding['id']}", json={"state": "fixed"}, headers=asks).status_code == 200


def test_what_was_approved_is_done_by_the_clock_if_the_request_died_before(
    deployed: Deployment, finding: dict[str, Any]
) -> None:
    from picket.effects.mongo import approvals  # noqa: PLC0415 - as loaded by the functions

    wanted: Wanted = {"state": "accepted", "reason": "risk-accepted", "comment": "", "until": TOMORROW}
    asked = approvals.ask([finding["id"]], wanted, "ada")
    approvals.decide(asked, "approved", "bob", "fine")  # and then the process was killed

    assert tick(deployed, "soon") == 204
    assert deployed.api.get(f"/findings/{finding['id']}").json["state"] == "open", "the request may be at it"
    collection("approvals").update_one({}, {"$set": {"unapplied": "at 2020-01-01T00:00:00.000000Z"}})
    deployed.drain()
    deployed.sent.clear()
    for turn in ("later", "once more"):
        assert tick(deployed, turn) == 204

        after = deployed.api.get(f"/findings/{finding['id']}").json
        assert (after["state"], after["history"][-1]["by"]) == ("accepted", "ada")
        assert len(after["history"]) == 1
        assert len(deployed.of_type("finding.changed")) == 1
    deployed.drain()


def test_a_token_that_is_limited_to_assets_touches_no_others(
    deployed: Deployment, forge: GitHttpServer, finding: dict[str, Any], environment: pytest.MonkeyPatch
) -> None:
    Work(forge.root / "p" / "other").commit({"x.py": f"u = '{secrets.slack_token(1)}'\n"})
    theirs = next(
        one for one in scanned(deployed, f"{forge.url}/p/other/.git") if one["repository"] != finding["repository"]
    )
    scan = next(message.data["scan"] for message in deployed.of_type("scan.requested"))
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - a token is needed then
    environment.setenv("PICKET_API_TOKEN", "a-token-to-begin-with")
    forget()
    bootstrap = {"Authorization": "Bearer a-token-to-begin-with"}
    owner = finding["repository"].rpartition("/")[0]
    order = {"name": "ci", "scope": "admin", "assets": [f"{owner}/*"]}
    made = deployed.api.post("/tokens", json=order, headers=bootstrap)
    assert (made.status_code, made.json["assets"]) == (201, [f"{owner}/*"])
    limited = {"Authorization": f"Bearer {made.json['token']}"}
    own, other = finding["repository"], theirs["repository"]

    for method, path, body, status in [
        ("get", f"/findings?repository={own}", None, 200),
        ("get", f"/findings?repository={other}", None, 403),
        ("get", "/findings", None, 403),
        ("get", f"/findings/{finding['id']}", None, 200),
        ("get", f"/findings/{theirs['id']}", None, 403),
        ("get", "/findings/nosuch", None, 403),
        ("patch", f"/findings/{finding['id']}", {"comment": "mine"}, 200),
        ("patch", f"/findings/{theirs['id']}", {"state": "fixed"}, 403),
        ("post", "/findings/actions", {"change": {"state": "fixed"}, "ids": [theirs["id"]]}, 403),
        ("post", "/findings/actions", {"change": {"state": "fixed"}, "ids": [finding["id"], theirs["id"]]}, 403),
        ("post", "/findings/actions", {"change": {"state": "fixed"}, "filter": {"kind": "secret"}}, 403),
        ("post", "/findings/actions", {"change": {"comment": "x"}, "filter": {"repository": own}}, 200),
        ("post", "/scans", {"repository": f"{forge.url}/p/other/.git"}, 403),
        ("post", "/scans", [{"repository": f"{forge.url}/o/r/.git"}, {"repository": f"{forge.url}/p/other/.git"}], 403),
        ("get", f"/scans/{scan}", None, 200),
        ("post", f"/reports?tool=t&asset={other}", {}, 403),
        ("post", f"/reports?tool=t&asset={own}&asset_type=image", {}, 403),
        ("post", "/scans", {"asset_type": "host", "asset_value": owner.partition(":")[0]}, 403),
        ("get", f"/scores/{own}", None, 200),
        ("get", f"/scores/{other}", None, 403),
        ("get", f"/repositories/{other}", None, 403),
        ("get", "/tokens", None, 403),
        ("get", "/repositories", None, 403),
        ("post", "/tokens", {"name": "x", "scope": "admin"}, 403),
        ("delete", f"/repositories/{own}?confirm={own}", None, 403),
    ]:
        answer = getattr(deployed.api, method)(path, json=body, headers=limited)
        assert answer.status_code == status, (method, path, answer.text)
    assert deployed.api.get(f"/findings/{finding['id']}", headers=limited).json["elsewhere"] == []


@pytest.mark.parametrize(
    ("text", "status", "detail"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nversion: 1\nrules: *b\n", 400, "aliases"),
        (f"version: 1\n#{'x' * 300_000}", 413, "256 KiB"),
        ("[" * 10_000, 400, "nested more than 50 deep"),
        ("[", 400, "not YAML"),
        ("version: 1\nrules: [{id: x}]", 400, "rules.0.match"),
    ],
)
def test_a_policy_that_could_do_harm_is_not_tried(deployed: Deployment, text: str, status: int, detail: str) -> None:
    answer = deployed.api.post("/policy/test", data=text, headers={"Content-Type": "application/yaml"})

    assert (answer.status_code, detail in answer.json["detail"]) == (status, True), answer.text

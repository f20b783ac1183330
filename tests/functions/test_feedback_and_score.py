"""feedback and score: rules react, the score follows, and doing it again changes nothing."""

from pathlib import Path
from typing import Any

import pytest
from tests.support import pushes, secrets
from tests.support.deployment import Deployment, Message, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Batch
from picket.events import CommitBatchScanned, FindingReported, FindingVerified
from picket.findings.stored import Finding, Verification
from picket.policy.fields import FIELDS
from picket.policy.match import explain
from picket.policy.rules import Rule
from picket.scoring.score import tally

JUDGED = (CommitBatchScanned, FindingReported, FindingVerified)
"""Events on which findings are judged."""
SOMETIMES = {
    *("repository.organization", "repository.vanished_at", "repository.unannounced_at"),
    *("repository.archived", "repository.deleted"),
    *(f"finding.{where}{name}" for where in ("", "evidence.") for name in ("component", "advisory", "resource", "cwe")),
    *("finding.verification", *(f"finding.verification.{name}" for name in Verification.__annotations__)),
}
"""Fields that are there once something has happened, or that tools tell."""


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"README": "x\n"})
    return made


def with_rules(environment: pytest.MonkeyPatch, tmp_path: Path, rules: str) -> None:
    """Let a team's rules be in force, and none of the shipped ones."""
    shipped = "faint-hits-are-info, public-secrets-are-critical, grave-find-in-a-push-scans-history"
    path = tmp_path / "rules.yaml"
    path.write_text(f"version: 1\ndisabled: [{shipped}, tell-of-grave-finds]\nrules:\n{rules}")
    environment.setenv("PICKET_POLICY", str(path))
    forget()


def test_feedback_waits_for_rules_that_cannot_work_to_be_mended(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_rules(environment, tmp_path, "- {id: x, match: {finding.nosuch: 1}, actions: [{scan: {}}]}")
    with pytest.raises(AssertionError, match="feedback answered 500"):
        push(deployed, forge, work, 1)


def test_every_field_that_a_rule_may_name_is_there(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    exempt = "{reason: test-data, days: 1, approver: me}"
    with_rules(environment, tmp_path, f"- {{id: x, match: {{finding.kind: secret}}, actions: [{{exempt: {exempt}}}]}}")
    push(deployed, forge, work, 1)
    [repository] = collection("repositories").find({})
    deployed.api.put(f"/repositories/{repository['_id']}/team", json={"team": "red"})
    deployed.api.put(f"/repositories/{repository['_id']}/builds", json={"ref": "refs/heads/main"})
    deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
    push(deployed, forge, work, 2)

    for finding in collection("findings").find({}):
        context = {
            "finding": {**finding["evidence"], **finding["first"], **finding},
            "event": {name: None for kind in JUDGED for name in kind.model_fields},
            "repository": collection("repositories").find_one({}),
            "scan": collection("scans").find_one({"_id": finding["scan"]}),
        }
        rule = {"id": "x", "match": dict.fromkeys(FIELDS, 1), "actions": [{"scan": {}}]}
        verdicts = explain(Rule.model_validate(rule), context)
        assert {verdict.field for verdict in verdicts if verdict.found == "(absent)"} <= SOMETIMES


def push(deployed: Deployment, forge: GitHttpServer, work: Work, number: int, path: str = "a.py") -> dict[str, Any]:
    """Commit a secret, announce it, run everything; the finding."""
    before = work.head()
    after = work.commit({path: f"t = '{secrets.slack_token(number)}'\n"})
    source = deployed.api.post("/webhooks", json={"sender": "github", "name": "t"}).json
    body = pushes.encode(pushes.push(f"{forge.url}/o/r/.git", before, after))
    headers = pushes.signed(source["secret"], body, delivery=f"d{number}")
    where = source["url"].removeprefix("http://127.0.0.1:8080")
    assert deployed.clients["ingest"].post(where, data=body, headers=headers).status_code == 202
    deployed.drain()
    found = deployed.api.get("/findings?min_confidence=0").json["findings"]
    return dict(next(finding for finding in found if finding["commit"] == after))


def score(deployed: Deployment, finding: dict[str, Any]) -> dict[str, Any]:
    return dict(deployed.api.get(f"/scores/{finding['repository']}").json)


def test_a_rule_sets_severity_and_the_score_follows(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plain = push(deployed, forge, work, 1)
    before = score(deployed, plain)
    rule = "- {id: low, match: {finding.path: {glob: '*.md'}}, actions: [{set: {severity: low, confidence: 0.6}}]}"
    with_rules(environment, tmp_path, rule)

    changed = push(deployed, forge, work, 2, "notes.md")

    assert plain["severity"] != "low"
    assert (changed["severity"], changed["confidence"], changed["rules_applied"]) == ("low", 0.6, ["low"])
    after = score(deployed, changed)
    moved = sum(delta["delta"] for delta in after["history"][0]["deltas"])
    assert moved == pytest.approx(after["history"][0]["score"] - after["history"][0]["previous"], abs=1e-4)
    assert after["score"] <= before["score"]


def test_an_exemption_has_an_end_and_the_score_is_shown_with_and_without_it(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rule = (
        "- {id: fixtures, match: {finding.path: {glob: 'fixtures/**'}}, "
        "actions: [{exempt: {reason: test-data, days: 30, approver: sec}}]}"
    )
    with_rules(environment, tmp_path, rule)

    finding = push(deployed, forge, work, 3, "fixtures/a.py")

    assert (finding["state"], finding["exemption"]["reason"], finding["exemption"]["approver"]) == (
        "accepted",
        "test-data",
        "sec",
    )
    found = score(deployed, finding)
    assert found["score"] > found["score_without_exemptions"]
    collection("findings").update_one(
        {"_id": finding["id"]}, {"$set": {"exemption.until": "2020-01-01T00:00:00+00:00"}}
    )
    assert deployed.api.get(f"/findings/{finding['id']}").json["state"] == "open"


def test_a_rule_asks_for_one_scan_as_a_child_and_the_parent_waits_for_it(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    earlier = work.commit({"old.py": f"t = '{secrets.slack_token(40)}'\n"})
    rule = "- {id: look, match: {finding.kind: secret}, actions: [{scan: {kind: integral}}]}"
    with_rules(environment, tmp_path, rule)

    push(deployed, forge, work, 4)

    assert len(deployed.of_type("scan.requested")) == 2
    child = deployed.of_type("scan.requested")[1].data
    assert (child["chain"], child["kind"], child["reason"]) == (["look"], "integral", "rule look")
    parent = deployed.api.get(f"/scans/{child['parent']}").json
    assert [(entry["id"], entry["state"]) for entry in parent["children"]] == [(child["scan"], "Done")]
    assert parent["state"] == "Done"
    done = [message.data["scan"] for message in deployed.of_type("scan.completed")]
    assert done == [child["scan"], parent["id"]]
    commits = {finding["commit"] for finding in deployed.api.get("/findings").json["findings"]}
    assert earlier in commits


def test_a_notice_is_one_log_line_at_a_findings_first_sight(  # noqa: PLR0917 - fixtures
    deployed: Deployment,
    forge: GitHttpServer,
    work: Work,
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with_rules(
        environment, tmp_path, "- {id: tell, match: {finding.kind: secret}, actions: [{notify: {message: look here}}]}"
    )
    import logging  # noqa: PLC0415 - only here

    logger = logging.getLogger("picket")
    logger.addHandler(caplog.handler)
    try:
        push(deployed, forge, work, 5)
        for message in deployed.of_type("commitbatch.scanned"):
            deployed.deliver(message)
    finally:
        logger.removeHandler(caplog.handler)

    assert [record.message for record in caplog.records].count("look here") == 1


def test_what_a_tool_reports_is_one_finding_and_weighs_on_the_score(deployed: Deployment) -> None:
    from picket.effects.mongo import repositories  # noqa: PLC0415 - connects

    repositories.register("h/o/r", "https://h/o/r")
    event = FindingReported(
        repository="h/o/r", kind="vulnerability", identity="CVE-1|pkg", rule="CVE-1", severity="critical", tool="trivy"
    )
    for number in range(2):
        headers = {"ce-id": f"e{number}", "ce-type": event.TYPE, "ce-source": "/t", "ce-specversion": "1.0"}
        headers["content-type"] = "application/json"
        assert deployed.deliver(Message(headers, event.model_dump_json().encode())) == {"feedback": 204}
    deployed.drain()

    [finding] = deployed.api.get("/findings").json["findings"]
    assert (finding["rule"], finding["severity"], finding["kind"]) == ("CVE-1", "critical", "vulnerability")
    assert score(deployed, finding)["items"][0]["cap"] == "critical"


def test_a_score_that_died_before_it_said_so_says_it_when_the_event_comes_again(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    push(deployed, forge, work, 6)
    [changed] = deployed.of_type("finding.changed")
    [told] = [m for m in deployed.of_type("score.changed") if m.headers["ce-causationid"] == changed.id]
    collection("score_history").delete_many({})
    deployed.sent.clear()

    for _ in range(2):
        assert deployed.deliver(changed) == {"score": 204}

    assert {message.id for message in deployed.of_type("score.changed")} <= {told.id}


def test_a_scan_whose_end_could_not_be_told_is_told_once_by_whoever_meets_it_next(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    deployed.refuses = "dev.picket.scan.completed.v1"
    scan = deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"}).json
    assert work.head()
    deployed.deliver(deployed.queue.pop(0))
    deployed.deliver(deployed.queue.pop(0))
    [scanned] = deployed.queue
    assert deployed.deliver(scanned) == {"feedback": 503}
    assert deployed.api.get(f"/scans/{scan['id']}").json["state"] == "Done"
    deployed.refuses = ""

    other = Message({**scanned.headers, "ce-id": "another"}, scanned.body)
    for message in (other, scanned, scanned):
        assert deployed.deliver(message) == {"feedback": 204}
    [told] = deployed.of_type("scan.completed")
    assert told.data["scan"] == scan["id"]
    assert told.headers["ce-causationid"] == scanned.id


def test_an_evaluation_that_took_long_does_not_replace_a_newer_score(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    from picket.effects.mongo import findings  # noqa: PLC0415 - connects

    finding = push(deployed, forge, work, 12)
    [changed] = deployed.of_type("finding.changed")
    read, turns = findings.get_many, []

    def slow(ids: Any) -> list[Finding]:
        """Read nothing, and let another event be scored meanwhile."""
        turns.append(ids)
        if len(turns) == 1:
            collection("scores").update_one({"_id": finding["repository"]}, {"$inc": {"revision": 1}})
            return []
        return list(read(ids))

    before = tallied(finding)
    environment.setattr(findings, "get_many", slow)
    collection("findings").update_one({"_id": finding["id"]}, {"$set": {"severity": "low"}})
    late = Message({**changed.headers, "ce-id": "late"}, changed.body)

    assert deployed.deliver(late) == {"score": 204}
    assert len(turns) == 2
    assert tallied(finding)["caps"] != before["caps"]
    assert score(deployed, finding)["items"][0]["severity"] == "low"


def tallied(finding: dict[str, Any]) -> dict[str, Any]:
    """Return the tally in the store, having seen that it is that of all findings."""
    document = collection("scores").find_one({"_id": finding["repository"]})
    assert document
    kept = collection("findings").find({"scored_in": finding["repository"]})
    costs = {one["_id"]: one["cost"] for one in kept if "cost" in one} | document["costs"]
    assert tally(costs.values()) == document["tally"]
    return dict(document["tally"])


def test_an_event_costs_as_much_as_the_findings_that_it_names(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    from picket.effects.mongo import costs  # noqa: PLC0415 - connects

    first = push(deployed, forge, work, 30)
    with environment.context() as patch:
        patch.setattr(costs, "scored_in", lambda _: pytest.fail("reads every finding of the repository"))
        for number in range(31, 34):
            before = work.head()
            after = work.commit({f"f{number}.py": f"t = '{secrets.slack_token(number)}'\n"})
            deployed.clients["normalize"].post("/", **pushed(f"{forge.url}/o/r/.git", before, after))
            deployed.drain()

    assert len(score(deployed, first)["items"]) == 4
    assert tallied(first)["total"] > 0


def pushed(url: str, before: str, after: str) -> dict[str, Any]:
    """Return the event of a delivery, as the broker hands it over."""
    data = {"delivery": after, "source": "s", "provider": "github", "event": "push"}
    body = pushes.encode({**data, "payload": pushes.push(url, before, after)})
    headers = {"ce-id": after, "ce-type": "dev.picket.webhook.received.v1", "ce-source": "/t", "ce-specversion": "1.0"}
    return {"data": body, "headers": {**headers, "content-type": "application/json"}}


def test_everything_is_rated_anew_on_the_first_event_of_a_day(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    finding = push(deployed, forge, work, 40)
    yesterday = {"opened_at": "2020-01-01T00:00:00+00:00", "rated": f"{finding['repository']}|2020-01-01 v1 private"}
    collection("findings").update_one({"_id": finding["id"]}, {"$set": yesterday})
    before = tallied(finding)["total"]
    [completed] = deployed.of_type("scan.completed")

    deployed.deliver(Message({**completed.headers, "ce-id": "tomorrow"}, completed.body))

    assert tallied(finding)["total"] == 2 * before


def test_a_repository_that_becomes_public_makes_every_finding_cost_more(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    finding = push(deployed, forge, work, 45)
    before = tallied(finding)["total"]
    collection("repositories").update_one({"_id": finding["repository"]}, {"$set": {"visibility": "public"}})
    data = {"repository": finding["repository"], "change": "publicized", "name": finding["repository"]}
    headers = {"ce-id": "x", "ce-type": "dev.picket.repository.changed.v1", "ce-source": "/t", "ce-specversion": "1.0"}

    deployed.deliver(Message({**headers, "content-type": "application/json"}, pushes.encode(data)))

    assert tallied(finding)["total"] == 1.25 * before


def test_costs_that_a_dead_instance_did_not_get_to_are_put_into_the_findings_by_the_next(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    from picket.effects.mongo import costs  # noqa: PLC0415 - connects

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with environment.context() as patch:
        patch.setattr(costs, "set_costs", die)
        with pytest.raises(KeyboardInterrupt):
            push(deployed, forge, work, 50)
    kept = collection("findings").find_one({})
    assert kept
    assert "cost" not in kept

    finding = push(deployed, forge, work, 51, "b.py")

    assert len(score(deployed, finding)["items"]) == 2
    assert tallied(finding)["total"] > 0


def test_a_dead_letter_of_work_that_somebody_is_at_leaves_it_to_them(deployed: Deployment, work: Work) -> None:
    from picket.effects.mongo import leases  # noqa: PLC0415 - connects

    scan = deployed.api.post("/scans", json={"repository": str(work.path)}).json
    deployed.deliver(deployed.queue.pop(0))
    lost = deployed.queue.pop(0)

    with leases.held("batches", Batch, lost.data["batch"]):
        assert deployed.api.post("/dead-letters/scan", data=lost.body, headers=lost.headers).status_code == 204
    assert deployed.api.get(f"/scans/{scan['id']}").json["state"] == "Scheduled"
    assert deployed.api.post("/dead-letters/scan", data=lost.body, headers=lost.headers).status_code == 204
    assert deployed.api.get(f"/scans/{scan['id']}").json["state"] == "Failed"


def test_two_events_of_a_repository_at_once_lose_nothing(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only here

    push(deployed, forge, work, 7)
    [changed] = deployed.of_type("finding.changed")
    copies = [Message({**changed.headers, "ce-id": f"copy-{n}"}, changed.body) for n in range(12)]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(deployed.deliver, copies))

    assert answers == [{"score": 204}] * 12
    causes = {change["cause"] for change in collection("score_history").find({})}
    assert {copy.id for copy in copies} <= causes


def test_a_teams_score_follows_its_repositories(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    finding = push(deployed, forge, work, 8)
    where = f"/repositories/{finding['repository']}/team"
    assert deployed.api.put(where, json={"team": "blue"}).json["team"] == "blue"
    deployed.drain()

    team = deployed.api.get("/teams/blue").json
    assert team["repositories"] == [finding["repository"]]
    assert team["score"] == pytest.approx(score(deployed, finding)["score"], abs=0.1)

    deployed.api.put(where, json={"team": "red"})
    deployed.drain()
    assert deployed.api.get("/teams/blue").json["score"] is None
    assert deployed.api.get("/teams/red").json["score"] is not None
    assert deployed.api.get("/teams/none").status_code == 404


def test_a_dead_letter_is_kept_and_ends_the_scan_that_waits_for_it(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    assert forge
    scan = deployed.api.post("/scans", json={"repository": str(work.path)}).json
    deployed.deliver(deployed.queue.pop(0))
    lost = deployed.queue.pop(0)
    error = {"ce-knativeerrorcode": "500", "ce-knativeerrordata": "Ym9vbQ=="}

    for _ in range(2):
        answer = deployed.api.post("/dead-letters/scan", data=lost.body, headers={**lost.headers, **error})
        assert answer.status_code == 204

    [kept] = collection("dead_letters").find({})
    assert (kept["trigger"], kept["event"]["id"], kept["error"]["knativeerrorcode"]) == ("scan", lost.id, "500")
    shown = deployed.api.get(f"/scans/{scan['id']}").json
    assert (shown["state"], shown["history"][-1]["actor"]) == ("Failed", "dead-letters")
    assert {message.id for message in deployed.of_type("scan.completed")} == {deployed.sent[-1].id}

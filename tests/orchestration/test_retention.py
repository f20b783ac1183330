"""What is old and not needed goes, in pieces; nothing goes by halves, and what is needed stays however old it is."""

import pytest
from tests.orchestration.asking import tick
from tests.support import secrets
from tests.support.deployment import ROOT, Deployment, forget
from tests.support.repositories import GitHttpServer, Work
from tests.support.sarif import document, result, rule

from picket.effects import artifacts
from picket.effects.mongo import batches, occurrences, retention
from picket.effects.mongo.client import collection
from picket.orchestration import retention as duty

LONG_AGO = "at 2020-01-01T00:00:00.000000Z"


@pytest.fixture
def used(deployed: Deployment, forge: GitHttpServer) -> Deployment:
    """A deployment that has seen a scan, a request with a key, a report of two, and a decision."""
    work = Work(forge.root / "o" / "r")
    work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n", "b.py": "run(x)\n"})
    url = f"{forge.url}/o/r/.git"
    deployed.api.post("/scans", json={"repository": url}, headers={"Idempotency-Key": "k"})
    deployed.drain()
    name = deployed.api.get("/repositories").json["repositories"][0]["name"]
    for content in (document(result("r", "b.py", 1), rules=(rule("r", "CWE-78"),)), document()):
        deployed.api.post(f"/reports?tool=t&asset={name}&complete=true", json=content)
        deployed.drain()
    return deployed


def age() -> None:
    """Let everything that is stored be old."""
    for each in retention.TABLE:
        if each.collection == "findings":  # see below
            continue
        for one in collection(each.collection).find({each.field: {"$gt": "at "}}):
            text = f"{LONG_AGO}|{one['_id']}" if each.field == "place" else LONG_AGO
            collection(each.collection).update_one({"_id": one["_id"]}, {"$set": {each.field: text}})


def counts() -> dict[str, int]:
    names = {each.collection for each in retention.TABLE} - {"findings"}
    return {name: len(list(collection(name).find({}))) for name in names}


def clean(deployed: Deployment, name: str) -> None:
    collection("duties").delete_many({})
    assert tick(deployed, name) == 204


def test_what_is_young_stays(used: Deployment) -> None:
    before = counts()
    clean(used, "a")

    assert counts() == before
    assert before["scans"] == 1 < before["reports"]


def test_what_is_old_goes_and_findings_and_scores_stay(used: Deployment) -> None:
    found = used.api.get("/findings?min_confidence=0").json["findings"]
    score = used.api.get(f"/scores/{found[0]['repository']}").json["score"]
    artifacts_before = {one["artifact"] for one in collection("reports").find({})}
    age()

    clean(used, "a")

    after = counts()
    assert after == dict.fromkeys(after, 0) | {"reports": 1}, "the newest report of a scope decides what is reported"
    assert list(collection("batches").find({})) == []
    assert used.api.get("/findings?min_confidence=0").json["findings"] == found
    assert used.api.get(f"/scores/{found[0]['repository']}").json["score"] == score
    [kept] = collection("reports").find({})
    for reference in artifacts_before:
        assert (artifacts.age(reference) is not None) == (reference == kept["artifact"])


@pytest.mark.usefixtures("used")
def test_a_scan_goes_only_once_all_of_its_batches_are_gone(environment: pytest.MonkeyPatch) -> None:
    [scan] = collection("scans").find({})
    [batch] = batches.all_of(scan["_id"], 10)
    collection("batches").insert_many([{**batch, "_id": f"b{number}"} for number in range(4)])
    environment.setattr(duty, "BATCHES_AT_ONCE", 3)
    rule_of_scans = next(number for number, each in enumerate(retention.TABLE) if each.collection == "scans")
    age()

    assert duty.run(str(rule_of_scans)) == f"{rule_of_scans}|"
    assert (len(batches.all_of(scan["_id"], 10)), counts()["scans"]) == (2, 1)
    duty.run(str(rule_of_scans))
    assert (len(batches.all_of(scan["_id"], 10)), counts()["scans"]) == (0, 0)


def test_commits_are_forgotten_with_the_scan_that_looked_at_them(used: Deployment, forge: GitHttpServer) -> None:
    assert len(list(collection("commits").find({}))) == 1
    age()
    clean(used, "a")
    assert list(collection("commits").find({})) == []

    used.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
    used.drain()

    [scan] = used.api.get("/scans?state=all").json["scans"]
    assert scan["state"] == "Done"
    assert len(used.api.get("/findings?min_confidence=0").json["findings"]) == 2, "none twice"


@pytest.fixture
def few(environment: pytest.MonkeyPatch) -> None:
    """Few occurrences are kept."""
    environment.setattr(occurrences, "SHOWN", 2)
    environment.setattr(occurrences, "KEPT", 5)


@pytest.mark.usefixtures("few")
def test_the_oldest_and_the_newest_occurrences_stay_and_the_rest_is_counted(
    deployed: Deployment, forge: GitHttpServer
) -> None:
    work, token = Work(forge.root / "o" / "r"), secrets.slack_token(1)
    commits = [work.commit({f"{number}.py": f"t = '{token}'\n"}) for number in range(9)]
    url = f"{forge.url}/o/r/.git"
    for turn in ("first", "again"):  # a second scan of everything brings the dropped ones back for a while
        for known in ("commits", "coverage"):
            collection(known).delete_many({})
        deployed.api.post("/scans", json={"repository": url})
        deployed.drain()
        assert tick(deployed, turn) == 204

        [finding] = deployed.api.get("/findings?occurrences=true").json["findings"]
        assert finding["occurrence_count"] == 9
        kept = {one["commit"] for one in collection("occurrences").find({})}
        assert kept == {*commits[:2], *commits[-3:]}
    more = [work.commit({f"more{number}.py": f"t = '{token}'\n"}) for number in range(2)]
    deployed.api.post("/scans", json={"repository": url})
    deployed.drain()
    assert tick(deployed, "later") == 204

    [finding] = deployed.api.get("/findings").json["findings"]
    assert finding["occurrence_count"] == 11
    assert {one["commit"] for one in collection("occurrences").find({})} == {*commits[:2], commits[-1], *more}


@pytest.mark.usefixtures("few")
def test_a_former_versions_findings_are_looked_at_once(deployed: Deployment, forge: GitHttpServer) -> None:
    work, token = Work(forge.root / "o" / "r"), secrets.slack_token(1)
    for number in range(7):
        work.commit({f"{number}.py": f"t = '{token}'\n"})
    deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
    deployed.drain()
    collection("findings").update_many({}, {"$unset": {"arrived": ""}})

    assert tick(deployed, "t") == 204

    assert [one["arrived"] for one in collection("findings").find({})] == [5]
    assert len(list(collection("occurrences").find({}))) == 5


def test_what_is_needed_does_not_keep_what_is_not_from_going(used: Deployment, environment: pytest.MonkeyPatch) -> None:
    name = used.api.get("/repositories").json["repositories"][0]["name"]
    for tool in ("u", "v"):
        used.api.post(f"/reports?tool={tool}&asset={name}&complete=true", json=document())
        used.drain()
    environment.setattr(duty, "AT_ONCE", 1)
    age()
    order = {"t": "0", "u": "1", "v": "2"}
    for one in collection("reports").find({}):
        place = f"{LONG_AGO}|{order[one['tool']]}|{one['_id']}"
        collection("reports").update_one({"_id": one["_id"]}, {"$set": {"place": place}})
    collection("report_scopes").delete_many({"report": one["_id"]})

    clean(used, "a")

    assert sorted(one["tool"] for one in collection("reports").find({})) == ["t", "u"]


def test_what_a_tool_no_longer_reports_goes_and_a_revoked_secret_stays(used: Deployment) -> None:
    [secret, weakness] = sorted(
        used.api.get("/findings?min_confidence=0").json["findings"], key=lambda one: str(one["kind"])
    )
    assert (weakness["kind"], weakness["state"]) == ("weakness", "fixed")
    used.api.patch(f"/findings/{secret['id']}", json={"state": "fixed", "reason": "remediated"})
    used.drain()
    for one in collection("findings").find({"closed": {"$gt": "at "}}):
        collection("findings").update_one({"_id": one["_id"]}, {"$set": {"closed": LONG_AGO}})

    clean(used, "a")

    assert [one["_id"] for one in collection("findings").find({})] == [secret["id"]]
    assert list(collection("reported").find({})) == []
    assert {one["finding"] for one in collection("occurrences").find({})} == {secret["id"]}


def test_what_is_open_stays_however_old_it_is(used: Deployment) -> None:
    collection("scans").update_many({}, {"$set": {"state": "InProgress"}})
    letter = {"_id": "l", "state": "open", "kept_from": LONG_AGO, "place": "f|t|l", "open": "f|t|l"}
    collection("dead_letters").insert_one(letter)
    collection("approvals").insert_one({"_id": "a", "place": f"{LONG_AGO} a", "open": f"{LONG_AGO} a"})
    age()

    clean(used, "a")

    assert {name: count for name, count in counts().items() if count} == {
        "approvals": 1,
        "reports": 1,
        "scans": 1,
        "dead_letters": 1,
    }


def test_days_can_be_set_and_what_a_former_version_stored_is_entered(
    used: Deployment, environment: pytest.MonkeyPatch
) -> None:
    collection("idempotency").update_many({}, {"$unset": {"kept_from": ""}, "$set": {"at": "2020-01-01T00:00:00Z"}})
    environment.setenv("PICKET_RETENTION_DAYS", '{"idempotency": 36500}')
    forget()
    clean(used, "a")
    assert counts()["idempotency"] == 1
    environment.delenv("PICKET_RETENTION_DAYS")
    forget()

    clean(used, "b")

    assert counts()["idempotency"] == 0


def test_the_runbook_has_the_table() -> None:
    text = (ROOT / "knative" / "README.md").read_text()

    for each in retention.TABLE:
        assert f"| `{each.collection}` | {each.days} | {each.why} | {'yes' if each.personal else 'no'} |" in text

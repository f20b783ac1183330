"""notify tells forges what was found in pushed commits: pending, then success or failure, corrected later on."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.orchestration import asking
from tests.support import secrets
from tests.support.deployment import Deployment
from tests.support.repositories import Work
from tests.support.statuses import Announce, Api

from picket.effects.mongo.client import collection

UNTIL = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()


WAYS = {
    "gitea": ("/api/v1/repos/o/r/statuses/{}", "authorization", "token t0ken", ["pending", "failure"]),
    "github": ("/api/v3/repos/o/r/statuses/{}", "authorization", "Bearer t0ken", ["pending", "failure"]),
    "gitlab": ("/api/v4/projects/o%2Fr/statuses/{}", "private-token", "t0ken", ["running", "failed"]),
    "bitbucket": (
        *("/2.0/repositories/o/r/commit/{}/statuses/build", "authorization", "Bearer t0ken"),
        ["INPROGRESS", "FAILED"],
    ),
}


@pytest.mark.parametrize("kind", WAYS)
def test_a_push_is_pending_and_then_fails_by_what_is_new_in_it(
    kind: str, api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure(kind, PICKET_WEB_URL="https://picket.corp.io/")

    after = push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})

    path, header, value, states = WAYS[kind]
    assert api.states() == states
    assert {taken[0] for taken in api.taken} == {path.format(after)}
    assert {taken[1][header] for taken in api.taken} == {value}
    [finding] = deployed.api.get("/findings").json["findings"]
    said = api.taken[-1][2]
    assert said["description"] == f"open findings: 1 {finding['severity']}"
    assert f"https://picket.corp.io/findings/{finding['id']}" in said.values()
    text = json.dumps([taken[2] for taken in api.taken])
    assert secrets.slack_token(1) not in text
    assert "a.py" not in text


def test_a_clean_push_succeeds_and_one_of_a_known_secret_mentions_it(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    push({"b.py": "x = 1\n"})
    push({"a.py": f"t = '{secrets.slack_token(1)}'\n"}, unannounced=True)
    deployed.api.post("/scans", json={"repository": deployed.of_type("scan.requested")[0].data["url"]})
    deployed.drain()
    push({"c.py": f"again = '{secrets.slack_token(1)}'\n"})

    assert api.states() == ["pending", "success", "pending", "success"]
    assert api.taken[-1][2]["description"] == "no new leaked credentials; 1 known before, here again"
    assert api.taken[-1][2]["target_url"] == ""


def test_what_a_push_brought_fails_those_after_it_until_somebody_decides(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    leaked = push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    clean = push({"b.py": "x = 1\n"})
    assert api.states() == ["pending", "failure", "pending", "failure"]

    [finding] = deployed.api.get("/findings").json["findings"]
    deployed.api.patch(f"/findings/{finding['id']}", json={"state": "fixed"})
    deployed.drain()

    assert {path.rpartition("/")[2]: body["state"] for path, _, body in api.taken[4:]} == {
        leaked: "success",
        clean: "success",
    }


@pytest.mark.parametrize("order", ["another branch", "back again", "a full scan first"])
def test_a_second_look_at_the_same_commit_takes_nothing_back(
    order: str, api: Api, announce: Announce, work: Work, configure: Callable[..., None]
) -> None:
    configure()
    before = work.head()
    after = work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    if order == "a full scan first":
        announce.scan()
        announce(before, after)
    else:
        announce(before, after)
        work.git("branch", "other")
    if order == "another branch":
        announce("0" * 40, after, "refs/heads/other")
    if order == "back again":
        announce(after, before)
        announce(before, after)

    assert [body["state"] for path, _, body in api.taken if path.endswith(after)][-1] == "failure"


def test_what_was_left_out_is_no_success(api: Api, push: Callable[..., str], configure: Callable[..., None]) -> None:
    configure(PICKET_MAX_BLOB_BYTES="100")
    push({"a.py": "x = 1\n" * 100})

    assert api.states() == ["pending", "error"]
    assert "1 file left out" in api.taken[-1][2]["description"]


def test_a_status_that_came_too_late_is_set_right(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    """A worker that died after it had sent what was so before."""
    configure()
    push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    collection("statuses").update_many({}, {"$unset": {"told": ""}})

    assert deployed.deliver(deployed.of_type("status.requested")[0]) == {"notify": 204}

    assert api.states() == ["pending", "failure", "failure"]


def test_a_finding_that_is_accepted_turns_its_commit_to_success_and_back(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    [finding] = deployed.api.get("/findings").json["findings"]

    accepted = {"state": "accepted", "reason": "test-data", "until": UNTIL}
    assert deployed.api.patch(f"/findings/{finding['id']}", json=accepted).status_code == 200
    deployed.drain()
    assert api.states() == ["pending", "failure", "success"]

    deployed.api.patch(f"/findings/{finding['id']}", json={"comment": "a word"})
    deployed.drain()
    assert api.states() == ["pending", "failure", "success"]

    deployed.api.patch(f"/findings/{finding['id']}", json={"state": "open"})
    deployed.drain()
    assert api.states() == ["pending", "failure", "success", "failure"]


def test_a_commit_that_is_refused_keeps_no_other_from_being_corrected(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    gone = push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    there = push({"b.py": "x = 1\n"})
    api.refused = gone

    [finding] = deployed.api.get("/findings").json["findings"]
    deployed.api.patch(f"/findings/{finding['id']}", json={"state": "false-positive"})
    deployed.drain()

    assert [body["state"] for path, _, body in api.taken if path.endswith(there)][-1] == "success"
    assert collection("rejections").count_documents({}) == 0


def test_what_was_said_is_said_once_however_often_its_events_come(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    push({"a.py": "x = 1\n"})
    for message in deployed.of_type("status.requested")[::-1]:
        assert deployed.deliver(message) == {"notify": 204}

    assert api.states() == ["pending", "success"]


@pytest.mark.parametrize(("status", "answer"), [(500, 503), (401, 204), (422, 204), (302, 204)])
@pytest.mark.usefixtures("configured")
def test_a_forge_that_refuses_is_asked_again_only_where_that_helps(
    status: int, answer: int, api: Api, push: Callable[..., str], deployed: Deployment
) -> None:
    push({"a.py": "x = 1\n"}, wait=True)
    api.say = lambda: (status, "no")
    while not deployed.of_type("status.requested"):
        deployed.deliver(deployed.queue.pop(0))

    assert deployed.deliver(deployed.of_type("status.requested")[0]) == {"notify": answer}
    assert collection("rejections").count_documents({}) == (answer == 204)
    assert len(api.taken) == 1


def test_gitlab_may_have_had_the_status_before(
    api: Api, push: Callable[..., str], configure: Callable[..., None]
) -> None:
    configure("gitlab")
    answers = iter([(400, "via :run from :running"), (400, "via :succeed from :failed")])

    def say() -> tuple[int, str]:
        status, text = next(answers)
        return status, json.dumps({"message": f"Cannot transition status {text}"})

    api.say = say
    push({"a.py": "x = 1\n"})

    assert api.states() == ["running", "success"]
    assert collection("rejections").count_documents({}) == 1  # it shows another than what was to be set


def test_the_policy_says_what_fails(api: Api, push: Callable[..., str], configure: Callable[..., None]) -> None:
    configure(policy="statuses: {severities: [critical], min_confidence: 1.0}\n")
    push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})

    assert api.states() == ["pending", "success"]


def test_a_scan_that_could_not_look_at_everything_is_no_success(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    push({"a.py": "x = 1\n"}, wait=True)
    while not deployed.of_type("scan.requested"):
        deployed.deliver(deployed.queue.pop(0))
    deployed.api.delete(f"/scans/{deployed.of_type('scan.requested')[0].data['scan']}")
    deployed.drain()

    assert api.states() == ["error"]


def test_by_default_no_forge_is_told_anything(api: Api, push: Callable[..., str], deployed: Deployment) -> None:
    push({"a.py": f"t = '{secrets.slack_token(1)}'\n"})

    assert api.taken == []
    assert deployed.of_type("status.requested") == []


def test_what_a_forge_takes_no_more_of_within_the_hour_is_told_later(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    api.say = lambda: (429, "slow down")
    sha = push({"a.py": "x = 1\n"})
    assert collection("rejections").count_documents({}) == 0
    asked = len(api.taken)
    asking.tick(deployed, "tick-1")
    deployed.drain()
    assert len(api.taken) == asked

    api.say = lambda: (201, "{}")
    collection("forge_budgets").delete_many({})
    collection("statuses").update_many({}, {"$set": {"due": asking.LONG_AGO}})
    asking.tick(deployed, "tick-2")
    deployed.drain()

    assert api.states()[-1] == "success"
    assert api.taken[-1][0].endswith(sha)
    assert collection("statuses").count_documents({"due": {"$gt": ""}}) == 0


def test_a_forge_that_is_away_for_longer_than_events_are_tried_again_is_told_later(
    api: Api, push: Callable[..., str], configure: Callable[..., None], deployed: Deployment
) -> None:
    configure()
    push({"a.py": "x = 1\n"}, wait=True)
    api.say = lambda: (503, "away")
    while deployed.queue:
        deployed.deliver(deployed.queue.pop(0))
    asked = len(api.taken)

    api.say = lambda: (201, "{}")
    collection("statuses").update_many({}, {"$set": {"due": asking.LONG_AGO}})
    asking.tick(deployed, "tick-1")
    deployed.drain()

    assert api.states()[asked:] == ["success"]


@pytest.mark.usefixtures("configured")
def test_a_status_that_could_not_be_set_for_two_days_is_given_up_and_bars_nobodys_way(
    api: Api, push: Callable[..., str], deployed: Deployment
) -> None:
    api.say = lambda: (429, "slow down")
    push({"a.py": "x = 1\n"})
    long_ago = "2020-01-01T00:00:00.000000Z"
    collection("statuses").update_many({}, {"$set": {"due": asking.LONG_AGO, "waits_since": long_ago}})
    collection("forge_budgets").delete_many({})

    asking.tick(deployed, "tick-1")
    deployed.drain()

    assert collection("statuses").count_documents({"due": {"$gt": ""}}) == 0

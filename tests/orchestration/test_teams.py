"""A team's score follows by differences: an event costs the same however many repositories the team has."""

import json
from typing import Any

import pytest
from tests.orchestration.asking import tick
from tests.support.commands import counting
from tests.support.deployment import Deployment, Message
from tests.support.there import there

from picket.effects.mongo import costs, findings, repositories, scores, teams
from picket.effects.mongo.client import collection
from picket.events import FindingReported, now
from picket.orchestration import rating, sweep
from picket.scoring.score import evaluate_team


def own(count: int, team: str = "blue") -> list[str]:
    """Let a team own repositories that were scanned in full."""
    names = [f"h/{team}/r{number:04}" for number in range(count)]
    for name in names:
        known = repositories.register(name, f"https://{name}", team=team, teams=[team])
        repositories.update(known["_id"], history_scanned_at=now(), history_ruleset="d", scanned_at=now())
    return names


def tell(deployed: Deployment, what: str, repository: str, event: str, /, **data: Any) -> int:
    body = {"repository": repository, **data}
    headers = {"ce-id": event, "ce-type": f"dev.picket.{what}.v1", "ce-source": "/t", "ce-specversion": "1.0"}
    message = Message({**headers, "content-type": "application/json"}, json.dumps(body).encode())
    return deployed.deliver(message)["score"]


def changed(deployed: Deployment, name: str, event: str) -> int:
    return tell(deployed, "repository.changed", name, event, change="teamed", name=name)


def is_exact(team: str) -> bool:
    """Return whether a team's score is that of an evaluation of all its repositories."""
    members = [(one["_id"], one["exact"], 1.0) for one in collection("scores").find({}) if f"/{team}/" in one["_id"]]
    found = there(scores.get(f"team:{team}"))
    return found.get("exact") == evaluate_team(sorted(members)).score


def test_an_event_costs_the_same_in_a_small_team_and_in_a_large_one(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    costs = []
    for team, size in (("small", 3), ("large", 60)):
        for number, name in enumerate(own(size, team)):
            assert changed(deployed, name, f"{team}-{number}") == 204
    listener = counting(environment)
    for team in ("small", "large"):
        changed(deployed, f"h/{team}/r0000", f"warm-{team}")
        listener.since()
        repositories.update(f"h/{team}/r0001", delivered_at=now())
        listener.since()
        assert changed(deployed, f"h/{team}/r0001", f"again-{team}") == 204
        costs.append(listener.since())

    assert costs[0] == costs[1] < 40
    assert is_exact("small")
    assert is_exact("large")


def test_an_event_that_moves_nothing_costs_the_team_nothing(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    [name] = own(1)
    changed(deployed, name, "first")
    tell(deployed, "scan.completed", name, "second", scan="s", kind="scheduled", state="Done")
    environment.setattr(rating, "rate_team", lambda _: pytest.fail("evaluates a team in which nothing moved"))

    assert tell(deployed, "scan.completed", name, "third", scan="s", kind="scheduled", state="Done") == 204


def test_what_many_events_noted_is_put_into_the_score_by_one(deployed: Deployment) -> None:
    names = own(12)
    for name in names:
        changed(deployed, name, f"first-{name}")
    for name in names:
        repositories.update(name, delivered_at=now())
        teams.note("blue", name, f"noted-{name}")

    headers = {"ce-id": "e", "ce-type": "dev.picket.team.changed.v1", "ce-source": "/t", "ce-specversion": "1.0"}
    message = Message({**headers, "content-type": "application/json"}, b'{"team":"blue"}')
    before = there(scores.get("team:blue"))["revision"]
    assert deployed.deliver(message) == {"score": 204}

    assert there(scores.get("team:blue"))["revision"] == before + 1
    assert collection("team_changes").count_documents({}) == 0
    assert deployed.deliver(message) == {"score": 204}
    assert there(scores.get("team:blue"))["revision"] == before + 1


def test_more_than_an_event_can_do_is_gone_on_with_by_the_next(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    names = own(7)
    for name in names:
        changed(deployed, name, f"first-{name}")
        teams.note("blue", name, "noted")
    environment.setattr(rating, "AT_ONCE", 3)

    assert tick(deployed, "t") == 204
    deployed.drain()

    assert collection("team_changes").count_documents({}) == 0
    assert is_exact("blue")


def test_a_note_that_nobody_got_to_is_found_by_the_clock(deployed: Deployment) -> None:
    names = own(2)
    for name in names:
        changed(deployed, name, f"first-{name}")
    collection("scores").update_one({"_id": names[0]}, {"$set": {"exact": 1.0}})
    teams.note("blue", names[0], "died")

    assert tick(deployed, "t") == 204
    deployed.drain()

    assert is_exact("blue")


def test_a_score_that_moved_is_noted_though_whoever_moved_it_died(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    [name] = own(1)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with environment.context() as patch:
        patch.setattr(teams, "note", die)
        with pytest.raises(KeyboardInterrupt):
            changed(deployed, name, "e")
    assert scores.get("team:blue") is None

    assert changed(deployed, name, "e") == 204

    assert is_exact("blue")


def test_findings_are_rated_some_hundreds_an_event(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    from tests.effects.test_store import finding  # noqa: PLC0415 - only here

    from picket.effects.mongo import findings  # noqa: PLC0415 - connects

    [name] = own(1)
    made = [
        finding(f"f{number}", repository=name, scored_in=name, confidence=0.9, evidence={"rule": "r"})
        for number in range(11)
    ]
    findings.record([one for one, _ in made], [place for _, place in made])
    environment.setattr(rating, "AT_ONCE", 4)

    assert changed(deployed, name, "e") == 204
    assert there(scores.get(name))["tally"]["items"] == 4
    deployed.drain()

    whole = there(scores.get(name))
    assert whole["tally"]["items"] == 11
    assert len(deployed.of_type("score.requested")) == 2
    total = sum(round(one["cost"]["penalty"] * 1_000_000) for one in costs.scored_in(name))
    assert whole["tally"]["total"] == total
    assert len(str(whole["costs"])) < 10_000


def test_findings_that_a_former_version_rated_are_rated_anew_once(deployed: Deployment) -> None:
    from tests.effects.test_store import finding  # noqa: PLC0415 - only here

    from picket.effects.mongo import findings  # noqa: PLC0415 - connects

    [name] = own(1)
    findings.record([finding("f", repository=name, scored_in=name, confidence=0.9)[0]], [])
    changed(deployed, name, "e")
    deployed.drain()
    before = there(scores.get(name))["tally"]
    collection("scores").update_one({"_id": name}, {"$unset": {"rating": ""}})
    collection("findings").update_one({"_id": "f"}, {"$unset": {"rated": ""}})

    for event in ("e1", "e2"):
        assert changed(deployed, name, event) == 204
        deployed.drain()

    assert there(scores.get(name))["tally"] == before
    assert "rated" in there(findings.get("f"))


def test_pieces_of_the_clocks_duty_ask_for_each_team_once(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(sweep, "AT_ONCE", 2)
    for number in range(5):
        teams.note(f"team{number}", "h/o/r", "cause")

    tick(deployed, "t")

    asked = [message.data["team"] for message in deployed.of_type("team.changed")]
    assert sorted(asked) == [f"team{number}" for number in range(5)]


def test_what_an_earlier_version_left_half_done_is_rated_anew(deployed: Deployment) -> None:
    own(1)
    [name] = [one["_id"] for one in collection("repositories").find({})]
    assert changed(deployed, name, "e1") == 204
    told = FindingReported(repository=name, tool="t", identity="i", kind="secret", severity="high", rule="r")
    finding = findings.report(told)
    tell(deployed, "finding.changed", name, "e2", findings=[finding["_id"]], cause="c")
    # It died after it had put the score in place and before it had noted the costs in the findings.
    costs = {finding["_id"]: there(findings.get(finding["_id"]))["cost"]}
    revision = there(scores.get(name))["revision"] + 1
    change = {"$set": {"costs": costs, "revision": revision}, "$unset": {"rating": ""}}
    collection("scores").update_one({"_id": name}, change)
    collection("findings").update_one({"_id": finding["_id"]}, {"$unset": {"rated": ""}})

    assert changed(deployed, name, "e3") == 204

    assert there(findings.get(finding["_id"]))["rated"].startswith(f"{name}|20")

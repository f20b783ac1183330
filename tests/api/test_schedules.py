"""Repositories and their schedules through the API."""

from typing import Any

import pytest
from tests.support.deployment import Deployment

URL = "https://h.example/o/r"
WHERE = "/repositories/h.example/o/r/schedules"


@pytest.fixture
def api(deployed: Deployment) -> Any:
    assert deployed.api.post("/repositories", json={"repository": URL}).status_code == 201
    return deployed.api


def test_repositories_are_registered_one_or_many_and_due_at_once(deployed: Deployment) -> None:
    one = deployed.api.post("/repositories", json={"repository": URL})
    other = {"asset_type": "repository", "asset_value": "https://h.example/o/other"}
    many = deployed.api.post("/repositories", json=[{"repository": URL}, other, other])

    assert (one.status_code, many.status_code) == (201, 201)
    assert (one.json["id"], one.json["url"]) == ("h.example/o/r", URL)
    assert one.json["created_at"][:16] == one.json["due_at"][:16]
    assert many.json == {"repositories": ["h.example/o/r", "h.example/o/other"]}
    assert len(deployed.api.get("/repositories").json["repositories"]) == 2
    assert not deployed.sent


def test_registering_again_changes_nothing(api: Any) -> None:
    before = api.get("/repositories/h.example/o/r").json
    assert api.post("/repositories", json={"repository": URL}).json == before


def test_a_bad_address_in_a_list_registers_none(deployed: Deployment) -> None:
    answer = deployed.api.post("/repositories", json=[{"repository": URL}, {"repository": "ext::x"}])

    assert (answer.status_code, [error["index"] for error in answer.json["errors"]]) == (422, [1])
    assert deployed.api.get("/repositories").json["repositories"] == []


def test_a_schedule_is_set_shown_listed_and_taken_away(api: Any) -> None:
    order = {"cron": "0 3 * * *", "timezone": "Europe/Berlin", "jitter_seconds": 600, "kind": "full"}
    put = api.put(f"{WHERE}/nightly", json={**order, "pull_requests": True})

    assert put.status_code == 200
    assert api.get(f"{WHERE}/nightly").json == put.json
    assert {name: put.json[name] for name in order} == order
    assert (put.json["name"], put.json["enabled"], put.json["pull_requests"]) == ("nightly", True, True)
    listed = api.get(WHERE).json
    assert (listed["schedules"], listed["default"]) == ([put.json], None)
    assert api.get("/repositories/h.example/o/r").json["due_at"] == listed["due_at"]
    api.put(f"{WHERE}/nightly", json={**order, "enabled": False})
    assert api.get(WHERE).json["due_at"] is None
    left = api.delete(f"{WHERE}/nightly")
    assert (left.status_code, left.json["schedules"], left.json["default"]) == (200, [], {"every_hours": 24.0})
    assert left.json["due_at"]


def test_a_first_look_that_is_due_is_not_put_off_by_a_schedule(api: Any) -> None:
    before = api.get("/repositories/h.example/o/r").json["due_at"]

    api.put(f"{WHERE}/yearly", json={"cron": "@yearly"})

    assert api.get("/repositories/h.example/o/r").json["due_at"] == before


@pytest.mark.parametrize(
    ("name", "order", "detail"),
    [
        pytest.param("a", {}, "cron", id="no cron"),
        pytest.param("a", {"cron": "* * * * *"}, "more often", id="too often"),
        pytest.param("a", {"cron": "0 3 * * *", "timezone": "Mars/Olympus"}, "IANA", id="time zone"),
        pytest.param("a", {"cron": "0 3 * * *", "jitter_seconds": 1e9}, "jitter_seconds", id="jitter"),
        pytest.param("a", {"cron": "0 3 * * *", "kind": "reactive"}, "kind", id="kind"),
        pytest.param("a", {"cron": "0 3 * * *", "extra": 1}, "extra", id="unknown field"),
        pytest.param("a", {"cron": "x" * 101}, "cron", id="long"),
        pytest.param("A B", {"cron": "0 3 * * *"}, "named", id="name"),
    ],
)
def test_a_schedule_that_does_not_fit_is_refused(api: Any, name: str, order: dict[str, Any], detail: str) -> None:
    answer = api.put(f"{WHERE}/{name}", json=order)

    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert detail in answer.json["detail"]
    assert api.get(WHERE).json["schedules"] == []


def test_a_repository_has_so_many_schedules(api: Any) -> None:
    answers = [api.put(f"{WHERE}/s{n}", json={"cron": "0 3 * * *"}).status_code for n in range(21)]

    assert answers == [200] * 20 + [400]
    assert api.put(f"{WHERE}/s0", json={"cron": "0 4 * * *"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/repositories/h/o/none/schedules"),
        ("GET", "/repositories/h/o/none/schedules/a"),
        ("PUT", "/repositories/h/o/none/schedules/a"),
        ("DELETE", "/repositories/h/o/none/schedules/a"),
        ("GET", f"{WHERE}/none"),
        ("DELETE", f"{WHERE}/none"),
    ],
)
def test_a_schedule_that_is_not_there_is_a_problem(api: Any, method: str, path: str) -> None:
    answer = api.open(path, method=method, json={"cron": "0 3 * * *"})

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("name", ["o/schedules", "schedules/x", "o/schedules/deep"])
def test_a_repository_may_be_called_schedules(deployed: Deployment, name: str) -> None:
    deployed.api.post("/repositories", json={"repository": f"https://h.example/{name}"})

    assert deployed.api.get(f"/repositories/h.example/{name}").json["id"] == f"h.example/{name}"

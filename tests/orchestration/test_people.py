"""A person who is to be forgotten is named nowhere in what is stored, and by no later scan of the same history."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support import secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.api import people as api
from picket.effects.mongo import people
from picket.effects.mongo.client import collection

ADDRESS = "a@example.com"


def stored() -> str:
    return json.dumps([list(collection(name).find({})) for name in people.COLLECTIONS], default=str)


@pytest.fixture
def work(deployed: Deployment, forge: GitHttpServer) -> Work:
    """A repository with two leaks, one of them assigned to their author."""
    made = Work(forge.root / "o" / "r")
    made.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    made.commit({"b.py": f"t = '{secrets.slack_token(2)}'\n"})
    deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
    deployed.drain()
    [one, _] = deployed.api.get("/findings").json["findings"]
    deployed.api.patch(f"/findings/{one['id']}", json={"assignee": ADDRESS})
    deployed.drain()
    return made


def test_a_forgotten_person_is_named_nowhere(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    assert stored().count(ADDRESS) > 4
    environment.setattr(api, "AT_ONCE", 1)
    answers: list[dict[str, Any]] = []
    while not answers or answers[-1]["is_more"]:
        answers.append(deployed.api.post("/people/forget", json={"person": f" {ADDRESS}"}).json)

    assert ADDRESS not in stored()
    assert [one["changed"] for one in answers] == [1] * (len(answers) - 1) + [0]
    name = answers[0]["pseudonym"]
    found = deployed.api.get("/findings?occurrences=true").json["findings"]
    assert {(one["author"], one["email"]) for one in found} == {(name, name)}
    assert {place["email"] for one in found for place in one["occurrences"]} == {name}
    [assigned] = deployed.api.get(f"/findings?assignee={name}").json["findings"]
    assert assigned["assignee"] == name
    assert deployed.api.get(f"/findings?assignee={ADDRESS}").json["findings"] == []

    work.commit({"c.py": f"t = '{secrets.slack_token(3)}'\n"})
    forget()  # a minute later
    for known in ("commits", "coverage"):  # as after a change of rules: everything is scanned again
        collection(known).delete_many({})
    deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
    deployed.drain()

    assert len(deployed.api.get("/findings").json["findings"]) == 3
    assert ADDRESS not in stored()


@pytest.mark.usefixtures("work")
def test_others_keep_their_names(deployed: Deployment) -> None:
    before = stored()

    told = deployed.api.post("/people/forget", json={"person": "b@example.com"}).json

    assert (told["changed"], told["is_more"]) == (0, False)
    assert stored() == before


def test_nobody_is_refused(deployed: Deployment) -> None:
    for body in ({}, {"person": ""}, {"person": " "}, {"person": "x" * 301}, {"who": "a"}):
        assert deployed.api.post("/people/forget", json=body).status_code == 400

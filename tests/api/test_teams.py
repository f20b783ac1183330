"""Teams: listed with their scores."""

from typing import Any

import pytest
from tests.support import secrets
from tests.support.deployment import Deployment
from tests.support.repositories import Work
from tests.support.there import there

from picket.api import repositories as repositories_api
from picket.effects.mongo import repositories


def test_teams_are_listed_page_by_page_with_their_scores(deployed: Deployment, tmp_path: Any) -> None:
    work = Work(tmp_path / "w")
    work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    scan = deployed.api.post("/scans", json={"repository": str(work.path)}).json
    deployed.drain()
    assert deployed.api.get("/teams").json == {"teams": [], "next": None}
    deployed.api.put(f"/repositories/{scan['repository']}/team", json={"team": "red"})
    deployed.drain()
    for number in range(4):
        repositories.register(f"h/o/r{number}", f"https://h/o/r{number}", team=f"blue-{number // 2}")

    first = deployed.api.get("/teams?limit=2").json
    rest = deployed.api.get("/teams", query_string={"limit": 2, "after": first["next"]}).json

    assert [team["id"] for team in first["teams"]] == ["blue-0", "blue-1"]
    [red] = rest["teams"]
    assert (red["id"], red["scored_repositories"], rest["next"]) == ("red", 1, None)
    assert red["score"] == deployed.api.get("/teams/red").json["score"] > 0
    assert first["teams"][0] == {"id": "blue-0", "score": None, "grade": "unknown", "scored_repositories": 0}


def test_every_team_that_has_owned_a_repository_is_kept(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    known = repositories_api.known

    def other_meanwhile(wanted: str) -> Any:
        found = known(wanted)
        repositories.own(found["_id"], "blue")
        return found

    repositories.register("h/o/r", "https://h/o/r")
    environment.setattr(repositories_api, "known", other_meanwhile)

    deployed.api.put("/repositories/h/o/r/team", json={"team": "red"})

    found = there(repositories.get("h/o/r"))
    assert (found["team"], sorted(found["teams"])) == ("red", ["blue", "red"])

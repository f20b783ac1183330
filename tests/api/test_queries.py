"""Query parameters: what nothing can have, and what no route knows, is refused and named."""

from typing import Any

import pytest
from tests.support import secrets
from tests.support.deployment import FUNCTIONS, Deployment, forget
from tests.support.repositories import Work

from picket.api import dead_letters
from picket.api.app import _app
from picket.api.openapi import document
from picket.api.queries import PARAMETERS
from picket.effects.mongo.client import collection
from picket.events import now

LISTS = ["/", "/findings", "/scans", "/repositories", "/organizations", "/dead-letters", "/webhooks", "/tokens"]
PAGED = ["/", "/findings", "/repositories", "/organizations", "/dead-letters"]


@pytest.mark.parametrize(
    ("query", "parameter", "values"),
    [
        ("findings?severity=bogus", "severity", ["critical", "high", "medium", "low", "info"]),
        ("findings?severity=", "severity", ["critical", "high", "medium", "low", "info"]),
        ("findings?state=closed", "state", ["open", "accepted", "fixed", "false-positive", "exempt", "resolved"]),
        ("findings?repository=nosuch/repo", "repository", None),
        ("findings?repository=", "repository", None),
        ("findings?rule=bogus", "rule", None),
        ("findings?scan=none", "scan", None),
        ("findings?severity=high&severity=low", "severity", None),
        ("dead-letters?kind=bogus", "kind", ["dead-letter", "rejection"]),
        ("dead-letters?all=1", "all", ["true", "false"]),
        ("scans/none?x=1", "x", None),
    ],
)
def test_a_value_that_nothing_has_is_refused_and_named(
    deployed: Deployment, query: str, parameter: str, values: list[str] | None
) -> None:
    answer = deployed.api.get(f"/{query}")

    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert (answer.json["parameter"], answer.json.get("values")) == (parameter, values)
    assert parameter in answer.json["detail"]
    assert all(value in answer.json["detail"] for value in values or [])


@pytest.mark.parametrize("path", LISTS)
def test_every_list_refuses_a_parameter_that_it_does_not_know(deployed: Deployment, path: str) -> None:
    answer = deployed.api.get(path, query_string={"sort": "severity"})

    assert (answer.status_code, answer.json["parameter"]) == (422, "sort")


@pytest.mark.parametrize("path", PAGED)
@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=1.0", "limit=", "after=*", "after=A"])
def test_every_list_refuses_a_bad_limit_and_a_bad_cursor(deployed: Deployment, path: str, query: str) -> None:
    answer = deployed.api.get(f"{path}?{query}")

    assert (answer.status_code, answer.json["parameter"]) == (422, query.partition("=")[0])


def test_what_can_be_is_admitted_though_there_is_none(deployed: Deployment, tmp_path: Any) -> None:
    work = Work(tmp_path / "w")
    work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    deployed.api.post("/scans", json={"repository": str(work.path)})
    deployed.drain()
    [finding] = deployed.api.get("/findings").json["findings"]

    for query, count in [
        ({"severity": "low"}, 0),
        ({"rule": "aws-access-key-id"}, 0),
        ({"rule": finding["rule"], "repository": finding["repository"], "state": "open", "after": ""}, 1),
        ({"repository": work.path.as_uri(), "limit": "200"}, 1),
    ]:
        assert len(deployed.api.get("/findings", query_string=query).json["findings"]) == count
    assert deployed.api.get("/dead-letters?function=scan&kind=rejection&all=false").json["letters"] == []


def test_a_rule_of_the_teams_own_file_is_known_before_it_finds_anything(
    deployed: Deployment, environment: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    team = tmp_path / "rules.toml"
    team.write_text("[extend]\nuseDefault = true\ndisabledRules = ['aws-access-key-id']\n[[rules]]\nid = 'ours'\n")
    environment.setenv("PICKET_RULES", str(team))
    forget()

    status = {rule: deployed.api.get(f"/findings?rule={rule}").status_code for rule in ("ours", "aws-access-key-id")}
    assert status == {"ours": 200, "aws-access-key-id": 422}


def test_a_rule_that_is_not_in_force_any_more_is_known_by_its_findings(deployed: Deployment) -> None:
    collection("findings").insert_one({"_id": "f", "evidence": {"rule": "former"}})

    assert deployed.api.get("/findings?rule=former&severity=high").status_code == 200


def test_letters_of_a_trigger_that_is_no_function_are_found_by_its_name(deployed: Deployment) -> None:
    headers = {"ce-id": "1", "ce-type": "t", "ce-source": "/s", "ce-specversion": "1.0"}
    assert deployed.api.get("/dead-letters?function=their-own").status_code == 422

    deployed.api.post("/dead-letters/their-own", headers={**headers, "Host": "localhost"})

    assert len(deployed.api.get("/dead-letters?function=their-own").json["letters"]) == 1


def doubtful(name: str, confidence: float, **more: Any) -> dict[str, Any]:
    """A finding as the store keeps it."""
    place = {"path": "a", "start_line": 1, "commit": "c", "rank": "c"}
    fixed = {"repository": "h/o/r", "kind": "secret", "state": "open", "created_at": now(), "severity": "low"}
    return {"_id": name, **fixed, "confidence": confidence, "evidence": {"rule": "r"}, "first": place, **more}


def test_a_first_page_counts_what_its_confidence_alone_leaves_out(deployed: Deployment) -> None:
    past = {"until": "2020-01-01T00:00:00+00:00", "reason": "test-data"}
    collection("repositories").insert_one({"_id": "h/o/r"})
    batch = {"_id": "b", "scan": "s", "attempt": 1, "findings": ["a", "b", "c", "d"], "state": "Done"}
    collection("scans").insert_one({"_id": "s", "attempt": 1})
    collection("batches").insert_one(batch)
    collection("findings").insert_many(
        [
            doubtful("a", 0.5),
            doubtful("b", 0.499),
            doubtful("c", 0.1, state="exempt", exemption=past),
            doubtful("d", 0.9, severity="high"),
            doubtful("e", 0.2, repository="other", severity="high"),
        ]
    )

    for query, found, left_out in [
        ("", "ad", 3),
        ("?min_confidence=0", "abcde", 0),
        ("?min_confidence=0.2", "abde", 1),
        ("?min_confidence=1e0", "", 5),
        ("?repository=h/o/r", "ad", 2),
        ("?repository=h/o/r&state=open", "ad", 2),
        ("?state=exempt", "", 0),
        ("?severity=high", "d", 1),
        ("?rule=r&severity=low", "a", 2),
        ("?scan=s", "ad", 2),
        ("?scan=s&severity=high", "d", 0),
    ]:
        answer = deployed.api.get(f"/findings{query}").json
        assert ("".join(one["id"] for one in answer["findings"]), answer["left_out"]) == (found, left_out), query
    first = deployed.api.get("/findings?limit=1").json
    second = deployed.api.get("/findings", query_string={"limit": 1, "after": first["next"]}).json
    assert [one["id"] for one in second["findings"]] == ["d"]
    assert "left_out" not in second


def test_what_is_left_out_is_counted_up_to_a_thousand(deployed: Deployment) -> None:
    collection("findings").insert_many([doubtful(f"{number}", 0.1) for number in range(1_001)])

    assert deployed.api.get("/findings").json["left_out"] == 1_000


@pytest.mark.parametrize("value", ["-1", "1.1", "nan", "inf", "1_0", "high", "1e999", "0..5"])
def test_a_confidence_that_cannot_be_is_refused(deployed: Deployment, value: str) -> None:
    answer = deployed.api.get("/findings", query_string={"min_confidence": value})

    assert (answer.status_code, answer.json["parameter"]) == (422, "min_confidence")


def test_every_function_is_one_that_letters_may_be_of() -> None:
    assert set(dead_letters.FUNCTIONS) == set(FUNCTIONS)


def test_the_description_names_every_parameter_that_is_admitted(deployed: Deployment) -> None:
    assert deployed
    routes = {
        rule.endpoint: (rule.rule.replace("<path:wanted>", "{id}"), method)
        for rule in _app().url_map.iter_rules()
        for method in (next((name for name in ("delete", "post") if name.upper() in (rule.methods or ())), "get"),)
    }
    described = {
        (path, method): {one["name"] for one in methods[method].get("parameters", ()) if one["in"] == "query"}
        for path, methods in document()["paths"].items()
        for method in methods
    }

    assert set(PARAMETERS) <= set(routes)
    for endpoint, parameters in PARAMETERS.items():
        if endpoint != "pages.start":
            assert described.pop(routes[endpoint]) == set(parameters)
    assert not any(described.values())

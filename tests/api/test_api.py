"""The REST API: what it answers, and that every error is a problem."""

import html
import re
import uuid
from typing import Any

import pytest
from tests.orchestration import asking
from tests.support import secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import Work

from picket.effects.mongo.client import collection


@pytest.fixture
def works(tmp_path: Any) -> list[Work]:
    made = [Work(tmp_path / f"w{number}") for number in range(3)]
    for number, work in enumerate(made):
        work.commit({"a.py": f"t = '{secrets.slack_token(number)}'\n"})
    return made


def test_a_scan_is_accepted_and_can_be_followed(deployed: Deployment, works: list[Work]) -> None:
    answer = deployed.api.post("/scans", json={"repository": str(works[0].path)})

    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/scans/{answer.json['id']}"
    assert (answer.json["state"], answer.json["kind"]) == ("New", "full")
    deployed.drain()
    shown = deployed.api.get(answer.headers["Location"]).json
    assert (shown["state"], shown["batches"], shown["commits"]) == (
        "Done",
        {"done": 1, "total": 1, "by_state": {"Done": 1}},
        1,
    )
    assert [step["state"] for step in shown["history"]] == [
        "New",
        "Validating",
        "Queued",
        "Scheduling",
        "Scheduled",
        "InProgress",
        "Done",
    ]
    assert len(deployed.api.get(shown["findings"]).json["findings"]) == 1


def test_the_other_way_to_name_a_repository_means_the_same(deployed: Deployment, works: list[Work]) -> None:
    order = {"asset_type": "repository", "asset_value": str(works[0].path)}

    answer = deployed.api.post("/scans", json=order)

    assert answer.status_code == 202
    assert answer.json["url"] == works[0].path.as_uri()


def test_a_list_is_one_scan_whose_children_are_the_repositories(deployed: Deployment, works: list[Work]) -> None:
    orders = [{"repository": str(work.path)} for work in works]
    answer = deployed.api.post("/scans", json=[*orders, orders[0]])

    assert answer.status_code == 202
    assert (answer.json["kind"], answer.json["children_total"], answer.json["children"]) == ("group", 3, [])
    deployed.drain()
    done = deployed.api.get(answer.headers["Location"]).json
    assert (done["state"], {child["state"] for child in done["children"]}) == ("Done", {"Done"})
    completed = [message.data["scan"] for message in deployed.of_type("scan.completed")]
    assert completed.count(answer.json["id"]) == 1


def test_a_list_of_which_one_fails_is_partial(deployed: Deployment, works: list[Work]) -> None:
    answer = deployed.api.post("/scans", json=[{"repository": str(works[0].path)}, {"repository": "/nowhere"}])
    deployed.drain()

    done = deployed.api.get(f"/scans/{answer.json['id']}").json
    assert done["state"] == "Partial"
    assert "Failed" in done["history"][-1]["reason"]


def test_an_idempotency_key_starts_one_scan(deployed: Deployment, works: list[Work]) -> None:
    key = {"Idempotency-Key": "k1"}
    first, again = (deployed.api.post("/scans", json={"repository": str(works[0].path)}, headers=key) for _ in "ab")
    other = deployed.api.post("/scans", json={"repository": str(works[1].path)}, headers=key)
    unkeyed = deployed.api.post("/scans", json={"repository": str(works[0].path)})

    assert first.json["id"] == again.json["id"] != unkeyed.json["id"]
    assert len({message.id for message in deployed.of_type("scan.requested")}) == 2
    assert other.status_code == 422


@pytest.mark.parametrize("count", [1, 2])
def test_what_the_broker_does_not_take_is_answered_503_and_may_be_sent_again(
    deployed: Deployment, works: list[Work], count: int
) -> None:
    orders: Any = [{"repository": str(work.path)} for work in works[:count]]
    order = orders if count > 1 else orders[0]
    deployed.is_down = True
    assert deployed.api.post("/scans", json=order, headers={"Idempotency-Key": "k"}).status_code == 503
    deployed.is_down = False

    again = deployed.api.post("/scans", json=order, headers={"Idempotency-Key": "k"})
    deployed.drain()

    assert again.status_code == 202
    assert deployed.api.get(f"/scans/{again.json['id']}").json["state"] == "Done"


def test_a_scan_that_never_reached_the_broker_is_handed_out_by_the_sweep(
    deployed: Deployment, works: list[Work]
) -> None:
    deployed.is_down = True
    deployed.api.post("/scans", json={"repository": str(works[0].path)})
    deployed.is_down = False
    asking.tick(deployed, "t1")
    assert not deployed.queue
    collection("scans").update_many({}, {"$set": {"due": "at 2020-01-01T00:00:00.000000Z"}})

    asking.tick(deployed, "t2")
    deployed.drain()

    assert [scan["state"] for scan in collection("scans").find({})] == ["Done"]


def test_a_name_that_was_given_up_leads_to_where_the_repository_is_now(deployed: Deployment, works: list[Work]) -> None:
    from picket.effects.mongo import repositories  # noqa: PLC0415 - connects

    old = works[0].path.as_uri()
    name = f"local{works[0].path}"
    repositories.register(name, old, forge_key="h:7")
    repositories.register("h/o/new", works[1].path.as_uri(), forge_key="h:7")

    scan = deployed.api.post("/scans", json={"repository": str(works[0].path)}).json

    assert (scan["repository"], scan["url"]) == (name, works[1].path.as_uri())


@pytest.mark.parametrize("path", ["/findings?repository=https://h/o/%25ff", "/repositories/h/o/%25ff", "/scores/h/%ff"])
def test_odd_bytes_in_a_name_are_just_not_there(deployed: Deployment, path: str) -> None:
    assert deployed.api.get(path).status_code in {404, 422}


def test_two_slashes_in_a_row_are_not_one(deployed: Deployment) -> None:
    """A repository may be named by its URL; elsewhere nothing is there, and no redirect without a place to go to."""
    deployed.api.post("/repositories", json={"repository": "https://h.invalid/o/r"})

    for path in ("/repositories/https://h.invalid/o/r", "/repositories/h.invalid/o/r"):
        assert deployed.api.get(path).json["id"] == "h.invalid/o/r"
    assert deployed.api.get("/scans//none").status_code == 404


def test_a_query_of_bytes_that_are_no_text_is_refused(deployed: Deployment) -> None:
    for path in ("/", "/findings", "/repositories", "/openapi.json"):
        assert deployed.api.get(path, environ_overrides={"QUERY_STRING": "after=\x80"}).status_code == 400


@pytest.mark.parametrize("limit", ["000000001" + "9" * 5000, "000000001999999999", "-1", "1.0", " 1"])
def test_an_odd_limit_is_refused(deployed: Deployment, limit: str) -> None:
    assert deployed.api.get("/findings", query_string={"limit": limit}).status_code == 422


def test_an_exemption_that_has_run_out_is_listed_as_open(deployed: Deployment, works: list[Work]) -> None:
    deployed.api.post("/scans", json={"repository": str(works[0].path)})
    deployed.drain()
    past = {"until": "2020-01-01T00:00:00+00:00", "reason": "test-data"}
    collection("findings").update_many({}, {"$set": {"state": "exempt", "exemption": past}})

    listed = {
        state: len(deployed.api.get("/findings", query_string={"state": state}).json["findings"])
        for state in ("open", "exempt")
    }
    assert listed == {"open": 1, "exempt": 0}


def test_a_repository_that_had_two_owners_in_a_hurry_counts_for_the_last_only(
    deployed: Deployment, works: list[Work]
) -> None:
    deployed.api.post("/scans", json={"repository": str(works[0].path)})
    deployed.drain()
    repository = deployed.api.get("/repositories").json["repositories"][0]["id"]
    for team in ("a", "b", "c"):
        deployed.api.put(f"/repositories/{repository}/team", json={"team": team})
        if team == "a":
            deployed.drain()
    deployed.drain()

    members = {team: deployed.api.get(f"/teams/{team}").json["members"] for team in ("a", "b", "c")}
    assert [len(members[team]) for team in ("a", "b", "c")] == [0, 0, 1]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        pytest.param({}, 400, "repository", id="nothing"),
        pytest.param({"repository": "x", "asset_value": "x", "asset_type": "repository"}, 400, "either", id="both"),
        pytest.param({"asset_type": "cloud", "asset_value": "x"}, 400, "asset_type", id="another asset"),
        pytest.param({"asset_type": "image", "asset_value": "x"}, 422, "hand in a report", id="an image"),
        pytest.param({"asset_type": "host", "asset_value": "a b"}, 400, "no domain", id="no host"),
        pytest.param({"repository": "https://h.example/o/r", "extra": 1}, 400, "extra", id="unknown field"),
        pytest.param([], 400, "1 to 1000", id="empty list"),
        pytest.param([{"repository": "https://h.example/o/r"}] * 1001, 400, "1 to 1000", id="too many"),
        pytest.param("text", 400, "body", id="not an object"),
        pytest.param({"repository": "ext::sh"}, 422, "helpers", id="helper"),
        pytest.param({"repository": "--upload-pack=x"}, 400, "option", id="option"),
        pytest.param({"repository": "https://u:p@h.example/o/r"}, 400, "credentials", id="credentials"),
    ],
)
def test_a_bad_request_is_a_problem_and_starts_nothing(
    deployed: Deployment, body: Any, status: int, detail: str
) -> None:
    answer = deployed.api.post("/scans", json=body)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status
    assert detail in answer.json["detail"]
    assert collection("scans").count_documents({}) == 0


def test_each_bad_entry_of_a_list_is_named(deployed: Deployment) -> None:
    orders = [{"repository": "https://h.example/o/r"}, {"repository": "-x"}, {"repository": "ext::x"}]

    problem = deployed.api.post("/scans", json=orders).json

    assert [(error["index"], error["status"]) for error in problem["errors"]] == [(1, 400), (2, 422)]
    assert not deployed.sent


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/scans/none", 404),
        ("GET", "/findings/none", 404),
        ("GET", "/repositories/h/o/none", 404),
        ("GET", "/scores/h/o/none", 404),
        ("GET", "/teams/none", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/findings?scan=none", 422),
        ("GET", "/findings?colour=red", 422),
        ("GET", "/findings?limit=0", 422),
        ("GET", "/findings?limit=1000", 422),
        ("GET", "/findings?limit=%D9%A3", 422),
        ("GET", "/findings?after=%00", 422),
        ("DELETE", "/scans", 405),
        ("DELETE", "/webhooks/none", 404),
        ("POST", "/webhooks/none/rotate", 404),
        ("POST", "/dead-letters/scan", 400),
    ],
)
def test_what_is_not_there_or_not_right_is_a_problem(deployed: Deployment, method: str, path: str, status: int) -> None:
    answer = deployed.api.open(path, method=method)

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "order",
    [
        {"sender": "other", "name": "n"},
        {"sender": "github"},
        {"sender": "github", "name": "n", "repository": "https://h.example/o/r", "organization": "h.example/o"},
        {"sender": "github", "name": "n", "organization": "no slash"},
    ],
)
def test_a_webhook_that_does_not_fit_is_refused(deployed: Deployment, order: dict[str, str]) -> None:
    assert deployed.api.post("/webhooks", json=order).status_code == 400


def test_webhooks_are_still_called_sources_where_a_former_client_asks(deployed: Deployment) -> None:
    made = deployed.api.post("/sources", json={"provider": "github", "name": "ci"})
    assert (made.status_code, made.json["provider"], made.json["sender"]) == (201, "github", "github")
    [listed] = deployed.api.get("/sources").json["sources"]
    assert deployed.api.get("/webhooks").json["webhooks"] == [listed]
    assert deployed.api.post(f"/sources/{listed['id']}/rotate", json={}).status_code == 200
    assert deployed.api.delete(f"/sources/{listed['id']}").json["revoked"] is True


def test_a_form_posted_by_another_sites_page_is_refused(deployed: Deployment) -> None:
    answer = deployed.api.post("/scans", data='{"repository": "/x"}', content_type="text/plain")

    assert answer.status_code == 415


def test_on_loopback_only_a_loopback_name_is_answered(deployed: Deployment) -> None:
    assert deployed.api.get("/scans", headers={"Host": "evil.example"}).status_code == 421
    for host in ("127.0.0.1:8080", "localhost", "[::1]:8080"):
        assert deployed.api.get("/scans", headers={"Host": host}).status_code == 200


def test_elsewhere_a_bearer_token_is_needed(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - what a container listens on
    forget()
    assert deployed.api.get("/scans").status_code == 401
    assert deployed.api.get("/scans", headers={"Authorization": "Bearer "}).status_code == 401

    token = uuid.uuid4().hex
    environment.setenv("PICKET_API_TOKEN", token)
    forget()
    assert deployed.api.get("/scans", headers={"Authorization": f"Bearer {token}x"}).status_code == 401
    assert deployed.api.get("/scans", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_elsewhere_dead_letters_come_by_the_clusters_own_name_only(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - what a container listens on
    forget()
    inside = deployed.api.post("/dead-letters/scan", headers={"Host": "api.picket.svc.cluster.local"})
    outside = deployed.api.post("/dead-letters/scan", headers={"Host": "picket.example"})

    assert (inside.status_code, outside.status_code) == (400, 401)


def test_no_page_can_make_a_browser_post_dead_letters(deployed: Deployment) -> None:
    headers = {"ce-id": "1", "ce-type": "t", "ce-source": "/s", "ce-specversion": "1.0", "Host": "evil.example"}

    assert deployed.api.post("/dead-letters/x", headers={**headers, "Origin": "http://evil.example"}).status_code == 421


def test_findings_are_paged_by_cursor(deployed: Deployment, works: list[Work]) -> None:
    for number in range(4):
        works[0].commit({f"f{number}": f"t = '{secrets.slack_token(50 + number)}'\n"})
    deployed.api.post("/scans", json={"repository": str(works[0].path)})
    deployed.drain()

    seen: list[str] = []
    after = ""
    while True:
        page = deployed.api.get("/findings", query_string={"limit": 2, "after": after}).json
        seen += [finding["id"] for finding in page["findings"]]
        after = page["next"]
        if not after:
            break
    assert (len(seen), len(set(seen))) == (5, 5)
    repository = deployed.api.get("/repositories").json["repositories"][0]["id"]
    for query, count in [
        ({"repository": repository}, 5),
        ({"repository": works[0].path.as_uri()}, 5),
        ({"state": "exempt"}, 0),
    ]:
        assert len(deployed.api.get("/findings", query_string=query).json["findings"]) == count


def test_the_description_names_every_route(deployed: Deployment) -> None:
    from picket.api.app import _app  # noqa: PLC0415 - reads the settings

    document = deployed.api.get("/openapi.json").json
    described = {
        (path.replace("{", "<").replace("}", ">"), method.upper())
        for path, methods in document["paths"].items()
        for method in methods
    }
    apart = {"/", "/openapi.json", "/assets/<path:filename>", "/dead-letters/<trigger>"}
    routes = {
        (rule.rule.replace("<path:wanted>", "<id>").replace("<wanted>", "<id>"), method)
        for rule in _app().url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule not in apart and not rule.rule.startswith("/assets")
    }
    assert {(path.replace("<repository>", "<id>"), method) for path, method in described} == routes


def test_the_start_page_lists_repositories_and_running_scans_and_runs_no_scripts(
    deployed: Deployment, works: list[Work]
) -> None:
    empty = deployed.api.get("/").text
    deployed.api.post("/scans", json={"repository": str(works[0].path)})
    running = deployed.api.get("/").text
    deployed.drain()
    page = deployed.api.get("/")

    assert "None yet" in empty
    assert "New" in running
    assert works[0].path.name in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert deployed.api.get("/assets/picket.css").status_code == 200


def test_the_pages_links_lead_to_repositories_of_any_name(deployed: Deployment, tmp_path: Any) -> None:
    work = Work(tmp_path / "c++ & 100%")
    work.commit({"a.py": f"t = '{secrets.slack_token(9)}'\n"})
    scan = deployed.api.post("/scans", json={"repository": work.path.as_uri()}).json
    deployed.drain()
    assert deployed.api.get(f"/scans/{scan['id']}").json["state"] == "Done"

    links = re.findall(r'href="(/(?:repositories|scores|findings)[^"]*)"', deployed.api.get("/").text)

    assert len(links) == 3
    for link in links:
        answer = deployed.api.get(html.unescape(link))
        assert answer.status_code == 200, link
    assert any(deployed.api.get(html.unescape(link)).json.get("findings") for link in links)


def test_what_a_forge_says_cannot_become_markup(deployed: Deployment) -> None:
    from picket.effects.mongo import repositories  # noqa: PLC0415 - connects

    repositories.register("<img src=x>", "https://h.example/o/r", team="<b>")

    page = deployed.api.get("/").text
    assert "<img" not in page
    assert "<b>" not in page

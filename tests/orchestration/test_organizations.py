"""An organization's repositories are registered page by page: nothing lost, nothing doubled, limits kept."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.orchestration import asking
from tests.support.deployment import Deployment, forget
from tests.support.forges import ForgeApi
from tests.support.there import there

from picket.commits.schedule import Schedule
from picket.effects.mongo import organizations as store
from picket.effects.mongo import repositories, schedules
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Organization
from picket.events import ago
from picket.orchestration import organizations

TICKS = itertools.count()
TYPE = "organization.requested"


@pytest.fixture(params=["github", "gitlab", "gitea"])
def api(request: pytest.FixtureRequest, deployed: Deployment) -> Iterator[ForgeApi]:
    assert deployed
    found = ForgeApi(request.param)
    yield found
    found.close()


@pytest.fixture
def github(deployed: Deployment) -> Iterator[ForgeApi]:
    assert deployed
    found = ForgeApi("github")
    yield found
    found.close()


def order(deployed: Deployment, api: ForgeApi, **more: Any) -> Any:
    return deployed.api.post("/organizations", json={"forge": api.forge, "host": api.host, "name": api.name, **more})


def add(deployed: Deployment, api: ForgeApi, **more: Any) -> dict[str, Any]:
    """Register the organization, run everything; how it stands then."""
    answer = order(deployed, api, **more)
    assert answer.status_code == 202, answer.json
    deployed.drain()
    return shown(deployed, api)


def sync(deployed: Deployment, api: ForgeApi) -> dict[str, Any]:
    assert deployed.api.post(f"/organizations/{api.host}/{api.name}/sync", json={}).status_code == 202
    deployed.drain()
    return shown(deployed, api)


def shown(deployed: Deployment, api: ForgeApi) -> dict[str, Any]:
    return dict(deployed.api.get(f"/organizations/{api.host}/{api.name}").json)


def registered(deployed: Deployment, api: ForgeApi, *, vanished: bool = False) -> list[str]:
    """Return the repositories that are known, below the organization."""
    found = deployed.api.get("/repositories?limit=200").json["repositories"]
    start = f"{api.host}/{api.name}/"
    return sorted(one["name"].removeprefix(start) for one in found if bool(one["vanished_at"]) == vanished)


def tick(deployed: Deployment) -> None:
    assert asking.tick(deployed, f"tick-{next(TICKS)}") == 204


def pass_time(api: ForgeApi) -> None:
    """Let what the organization waits for be over."""
    past = f"at {ago(timedelta(minutes=1))}"
    for field in ("resume", "due"):
        collection("organizations").update_one(
            {"_id": f"{api.host}/{api.name}", field: {"$gt": ""}}, {"$set": {field: past}}
        )
    collection("forge_budgets").update_many({}, {"$set": {"reset_at": 0.0, "paused_until": 0.0}})


def test_all_pages_are_registered_and_the_state_tells(deployed: Deployment, api: ForgeApi) -> None:
    api.add(*(f"r{number}" for number in range(7)))

    answer = order(deployed, api)
    assert (answer.status_code, answer.json["state"]) == (202, "Requested")
    assert answer.headers["Location"] == f"/organizations/{api.host}/acme"
    deployed.drain()

    done = shown(deployed, api)
    assert (done["state"], done["listed"], done["kept"], done["refused"], done["vanished"]) == ("Done", 7, 7, 0, 0)
    assert done["listed_at"] >= done["requested_at"]
    assert registered(deployed, api) == [f"r{number}" for number in range(7)]
    assert api.pages_asked() == [1, 2, 3]
    one = deployed.api.get(f"/repositories/{api.host}/acme/r0").json
    assert (one["url"], one["visibility"], one["organization"]) == (
        f"http://{api.host}/acme/r0.git",
        "public",
        f"{api.host}/acme",
    )
    assert one["due_at"] <= ago(timedelta())


def test_what_is_registered_is_scanned_when_the_clock_ticks(deployed: Deployment, github: ForgeApi) -> None:
    github.add("a", "b")
    add(deployed, github)

    tick(deployed)

    assert len(deployed.of_type("scan.requested")) == 2


def test_globs_forks_and_archived_ones_decide_what_is_registered(deployed: Deployment, api: ForgeApi) -> None:
    api.add("web", "Web-Old", "app", "app-test")
    api.add("web-fork", fork=True)
    api.add("web-archived", archived=True)

    add(deployed, api, include=["WEB*", "app*"], exclude=["*-test"], forks=False)
    assert registered(deployed, api) == ["Web-Old", "app", "web"]
    done = add(deployed, api, include=["*-*"], archived=True)
    assert registered(deployed, api) == ["Web-Old", "app", "app-test", "web", "web-archived", "web-fork"]
    assert (done["listed"], done["kept"]) == (6, 6)
    archived = deployed.api.get(f"/repositories/{api.host}/acme/web-archived").json
    assert (archived["archived"], archived["due_at"]) == (True, None)


def test_a_second_listing_adds_what_is_new_and_marks_what_has_vanished(deployed: Deployment, api: ForgeApi) -> None:
    api.add("a", "b", "c", "d")
    add(deployed, api)
    gone = api.entries.pop(1)
    api.add("new")

    done = sync(deployed, api)

    assert (done["state"], done["kept"], done["vanished"]) == ("Done", 4, 1)
    assert registered(deployed, api) == ["a", "c", "d", "new"]
    assert registered(deployed, api, vanished=True) == ["b"]
    api.entries.append(gone)
    assert sync(deployed, api)["vanished"] == 0
    assert registered(deployed, api, vanished=True) == []


@pytest.mark.parametrize("own", [False, True])
def test_what_has_vanished_is_not_scanned_until_it_is_back(
    deployed: Deployment, github: ForgeApi, *, own: bool
) -> None:
    github.add("a", "b")
    more = {"repository_schedule": {"cron": "0 3 * * *"}} if own else {}
    add(deployed, github, **more)
    where = f"/repositories/{github.host}/acme/b"
    gone = github.entries.pop()
    sync(deployed, github)
    assert deployed.api.get(where).json["due_at"] is None
    tick(deployed)
    assert [message.data["repository"] for message in deployed.of_type("scan.requested")] == [f"{github.host}/acme/a"]

    github.entries.append(gone)
    sync(deployed, github)

    assert deployed.api.get(where).json["vanished_at"] is None
    assert deployed.api.get(where).json["due_at"]


def test_archiving_on_the_forge_rests_a_repository_and_unarchiving_wakes_it(
    deployed: Deployment, github: ForgeApi
) -> None:
    github.add("a")
    add(deployed, github)
    where = f"/repositories/{github.host}/acme/a"
    github.entries[0].archived = True
    sync(deployed, github)
    assert (deployed.api.get(where).json["archived"], deployed.api.get(where).json["due_at"]) == (True, None)
    tick(deployed)
    assert not deployed.of_type("scan.requested")

    github.entries[0].archived = False
    sync(deployed, github)
    assert deployed.api.get(where).json["archived"] is False
    assert deployed.api.get(where).json["due_at"]


def test_a_renamed_repository_stays_the_same(deployed: Deployment, github: ForgeApi) -> None:
    github.add("old")
    add(deployed, github)
    github.entries[0].path = "new"

    sync(deployed, github)

    found = deployed.api.get("/repositories").json["repositories"]
    assert [(one["id"], one["name"]) for one in found] == [(f"{github.host}/acme/old", f"{github.host}/acme/new")]


def test_pages_that_have_not_changed_are_not_read_again(deployed: Deployment, api: ForgeApi) -> None:
    api.add(*(f"r{number}" for number in range(8)))
    add(deployed, api)
    api.requests.clear()
    api.remaining = 100
    writes = collection("repositories").count_documents({})

    done = sync(deployed, api)

    assert (done["state"], done["listed"], done["kept"], done["vanished"]) == ("Done", 8, 8, 0)
    assert all("if-none-match" in headers for _, headers in api.requests)
    assert api.remaining == 100
    assert collection("repositories").count_documents({}) == writes


def test_what_is_wanted_otherwise_is_read_again(deployed: Deployment, github: ForgeApi) -> None:
    github.add("a", "b")
    add(deployed, github, include=["a"])
    github.requests.clear()

    assert add(deployed, github)["kept"] == 2
    assert not any("if-none-match" in headers for _, headers in github.requests)


def test_a_rate_limit_is_waited_for_with_the_place_kept(deployed: Deployment, github: ForgeApi) -> None:
    github.add(*(f"r{number}" for number in range(9)))
    github.remaining = 2

    waiting = add(deployed, github)

    assert (waiting["state"], waiting["reason"]) == ("Waiting", "the forge's rate limit is used up")
    until = datetime.fromisoformat(waiting["resume_at"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < until <= timedelta(minutes=30)
    assert len(registered(deployed, github)) == 6
    tick(deployed)
    assert len(github.requests) == 2
    github.remaining = 60
    pass_time(github)
    tick(deployed)
    deployed.queue = [message for message in deployed.queue if message.type.endswith("organization.requested.v1")]
    deployed.drain()
    assert shown(deployed, github)["state"] == "Done"
    assert github.pages_asked() == [1, 2, 3]
    assert len(registered(deployed, github)) == 9


def test_a_forge_that_fails_is_asked_again_later_and_later(deployed: Deployment, github: ForgeApi) -> None:
    github.add("a")
    github.hook = lambda *_: (503, {}, b"")
    spans = []
    for turn in range(3):
        waiting = add(deployed, github) if turn == 0 else shown(deployed, github)
        spans.append(datetime.fromisoformat(waiting["resume_at"]) - datetime.now(UTC))
        pass_time(github)
        tick(deployed)
        deployed.drain()
        assert (waiting["state"], waiting["reason"]) == ("Waiting", "the forge answered 503")

    assert [round(span.total_seconds() / 60) for span in spans] == [1, 2, 4]
    github.hook = lambda *_: None
    pass_time(github)
    tick(deployed)
    deployed.queue = [message for message in deployed.queue if message.type.endswith("organization.requested.v1")]
    deployed.drain()
    assert (shown(deployed, github)["state"], shown(deployed, github)["reason"]) == ("Done", "")


def test_a_forge_that_never_answers_is_given_up_in_the_end(
    deployed: Deployment, github: ForgeApi, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(organizations, "MAX_FAILURES", 1)
    github.hook = lambda *_: (500, {}, b"")
    add(deployed, github)
    pass_time(github)
    tick(deployed)
    deployed.drain()

    assert (shown(deployed, github)["state"], shown(deployed, github)["due_at"] is None) == ("Failed", False)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param((404, {}, b""), "no such organization", id="not there"),
        pytest.param((401, {}, b""), "token", id="unauthorized"),
        pytest.param((200, {}, b"{}"), "not a list", id="no list"),
        pytest.param((200, {"Link": "<http://evil.example/>; rel=next"}, b"[]"), "another host", id="next elsewhere"),
        pytest.param((302, {"Location": "http://evil.example/"}, b""), "another host", id="redirect"),
        pytest.param((418, {}, b""), "418", id="teapot"),
    ],
)
def test_an_answer_that_is_none_ends_the_listing_with_the_reason(
    deployed: Deployment, github: ForgeApi, reply: Any, reason: str
) -> None:
    github.hook = lambda *_: reply

    failed = add(deployed, github)

    assert failed["state"] == "Failed"
    assert reason in failed["reason"]
    assert failed["due_at"]
    assert collection("rejections").count_documents({}) == 0


def test_endless_pages_end(deployed: Deployment, github: ForgeApi, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(organizations, "MAX_PAGES", 5)
    numbers = itertools.count(2)
    github.hook = lambda *_: (200, {"Link": f'<http://{github.host}/x?page={next(numbers)}>; rel="next"'}, b"[]")

    failed = add(deployed, github)

    assert (failed["state"], len(github.requests)) == ("Failed", 5)
    assert "more than 5 pages" in failed["reason"]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/acme/b.git",
        "file:///etc",
        "ext::sh -c x",
        "http://{host}/acme/../../x",
        "--upload-pack=x",
    ],
)
def test_a_repository_whose_url_is_not_its_forges_is_left_out_and_counted(
    deployed: Deployment, github: ForgeApi, url: str
) -> None:
    github.add("a")
    github.add("b", url=url.format(host=github.host))
    github.add("c")

    done = add(deployed, github)

    assert (done["state"], done["kept"], done["refused"]) == ("Done", 2, 1)
    assert registered(deployed, github) == ["a", "c"]


def test_a_page_that_comes_twice_changes_nothing(deployed: Deployment, api: ForgeApi) -> None:
    api.add(*(f"r{number}" for number in range(5)))
    order(deployed, api)
    while deployed.queue:
        message = deployed.queue.pop(0)
        for _ in range(2):
            assert deployed.deliver(message) == {"enumerate": 204}

    done = shown(deployed, api)
    assert (done["state"], done["listed"], done["kept"]) == ("Done", 5, 5)
    assert len({message.id for message in deployed.of_type(TYPE)}) == 2
    assert api.pages_asked() == [1, 2]


@pytest.mark.parametrize("place", ["keep_page", "see", "advance"])
def test_a_worker_that_dies_in_a_page_loses_nothing(
    deployed: Deployment, github: ForgeApi, environment: pytest.MonkeyPatch, place: str
) -> None:
    github.add(*(f"r{number}" for number in range(5)))
    order(deployed, github)
    first = deployed.queue.pop(0)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with environment.context() as patch:
        patch.setattr(store, place, die)
        with pytest.raises(KeyboardInterrupt):
            deployed.deliver(first)

    deployed.queue.insert(0, first)
    deployed.drain()
    done = shown(deployed, github)
    assert (done["state"], done["listed"], done["kept"]) == ("Done", 5, 5)
    assert registered(deployed, github) == [f"r{number}" for number in range(5)]


def test_a_page_whose_successor_the_broker_did_not_take_is_gone_on_with(deployed: Deployment, github: ForgeApi) -> None:
    github.add(*(f"r{number}" for number in range(5)))
    order(deployed, github)
    first = deployed.queue.pop(0)
    deployed.is_down = True
    assert deployed.deliver(first) == {"enumerate": 503}
    deployed.is_down = False

    assert deployed.deliver(first) == {"enumerate": 204}
    deployed.drain()

    assert shown(deployed, github)["state"] == "Done"
    assert github.pages_asked() == [1, 2]


def test_a_listing_that_stands_still_is_gone_on_with_by_the_tick(deployed: Deployment, github: ForgeApi) -> None:
    github.add("a")
    order(deployed, github)
    deployed.queue.clear()
    tick(deployed)
    assert not deployed.queue
    pass_time(github)

    tick(deployed)
    tick(deployed)

    assert len(deployed.queue) == 1
    deployed.drain()
    assert shown(deployed, github)["state"] == "Done"


def test_two_workers_at_one_page_do_not_both_ask_the_forge(deployed: Deployment, github: ForgeApi) -> None:
    from picket.effects.mongo import leases  # noqa: PLC0415 - connects

    github.add("a")
    order(deployed, github)
    with leases.held("organizations", Organization, f"{github.host}/acme"):
        assert deployed.deliver(deployed.queue[0]) == {"enumerate": 503}

    assert not github.requests
    deployed.drain()
    assert shown(deployed, github)["state"] == "Done"


def test_an_order_given_again_begins_anew_and_the_former_listing_is_given_up(
    deployed: Deployment, github: ForgeApi
) -> None:
    github.add(*(f"r{number}" for number in range(5)))
    order(deployed, github)
    deployed.deliver(deployed.queue.pop(0))
    order(deployed, github, exclude=["r1"])

    deployed.drain()

    done = shown(deployed, github)
    assert (done["state"], done["exclude"], done["listed"]) == ("Done", ["r1"], 5)
    assert github.pages_asked() == [1, 1, 2]


def test_a_worker_whose_listing_was_given_up_meanwhile_does_not_move_the_new_one(
    deployed: Deployment, github: ForgeApi
) -> None:
    github.add(*(f"r{number}" for number in range(5)))

    def begin_anew(*_: object) -> None:
        github.hook = lambda *_: None
        order(deployed, github)

    github.hook = begin_anew

    done = add(deployed, github)

    assert (done["state"], done["listed"], done["kept"], done["vanished"]) == ("Done", 5, 5, 0)
    assert github.pages_asked() == [1, 1, 2]


def test_a_listing_under_way_is_not_begun_again_by_sync(deployed: Deployment, github: ForgeApi) -> None:
    github.add("a")
    order(deployed, github)

    for _ in range(2):
        deployed.api.post(f"/organizations/{github.host}/acme/sync", json={})

    assert len(deployed.of_type(TYPE)) == 1


def test_an_organization_is_listed_again_by_its_own_schedule_or_that_of_all(
    deployed: Deployment, github: ForgeApi
) -> None:
    github.add("a")
    plain = add(deployed, github)
    span = datetime.fromisoformat(plain["due_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < span < timedelta(hours=25)
    own = add(deployed, github, schedule={"cron": "0 3 * * *", "timezone": "UTC"})
    assert own["due_at"].endswith("T03:00:00.000000Z")
    github.add("b")
    pass_time(github)

    tick(deployed)
    tick(deployed)

    assert len([message for message in deployed.queue if message.type.endswith("organization.requested.v1")]) == 1
    deployed.queue = [message for message in deployed.queue if message.type.endswith("organization.requested.v1")]
    deployed.drain()
    assert registered(deployed, github) == ["a", "b"]


def test_new_repositories_get_the_organizations_schedule_for_them(deployed: Deployment, github: ForgeApi) -> None:
    github.add("a")
    wanted: Any = {"cron": "0 3 * * *", "jitter_seconds": 60, "pull_requests": True}
    told = add(deployed, github, repository_schedule=wanted | {"kind": "integral"})

    assert told["repository_schedule"] == wanted | {"kind": "full", "timezone": "UTC", "enabled": True}
    [kept] = collection("organizations").find({})
    # As a former revision reads it: without a name, and in the former spelling.
    assert kept["repository_schedule"] == told["repository_schedule"] | {"kind": "integral"}
    found = there(repositories.get(f"{github.host}/acme/a"))
    [schedule] = schedules.of(found)
    assert schedule == Schedule("organization", kind="full", **wanted)


def test_a_forgotten_organization_is_listed_no_more_and_its_repositories_stay(
    deployed: Deployment, github: ForgeApi
) -> None:
    github.add(*(f"r{number}" for number in range(5)))
    order(deployed, github)
    deployed.deliver(deployed.queue.pop(0))

    assert deployed.api.delete(f"/organizations/{github.host}/acme", json={}).status_code == 200
    deployed.drain()

    assert deployed.api.get(f"/organizations/{github.host}/acme").status_code == 404
    assert len(registered(deployed, github)) == 3
    assert collection("organization_pages").count_documents({}) == 0


def with_tokens(environment: pytest.MonkeyPatch, tokens: str) -> None:
    environment.setenv("PICKET_GIT_TOKENS", tokens)
    forget()


def test_the_token_is_the_one_that_token_ref_names_else_the_most_specific(
    deployed: Deployment, github: ForgeApi, environment: pytest.MonkeyPatch
) -> None:
    host = github.host
    with_tokens(environment, f'{{"{host}": "t-host", "{host}/acme": "t-acme", "{host}/x": "t-x"}}')
    github.add("a")

    for reference, sent in [("", "t-acme"), (host, "t-host"), (f"{host}/x", "t-x")]:
        assert add(deployed, github, token_ref=reference)["state"] == "Done"
        assert github.requests[-1][1]["authorization"] == f"Bearer {sent}"
    assert "t-acme" not in str(list(collection("organizations").find({})))


def test_a_token_that_was_taken_away_ends_the_listing(
    deployed: Deployment, github: ForgeApi, environment: pytest.MonkeyPatch
) -> None:
    with_tokens(environment, f'{{"{github.host}": "t"}}')
    order(deployed, github, token_ref=github.host)
    with_tokens(environment, "{}")
    deployed.drain()

    assert "token_ref" in shown(deployed, github)["reason"]
    assert not github.requests


def test_another_hosts_token_cannot_be_asked_for(
    deployed: Deployment, github: ForgeApi, environment: pytest.MonkeyPatch
) -> None:
    with_tokens(environment, '{"github.com": "t", "github.com/acme": "t2"}')

    for reference in ("github.com", "github.com/acme", "", "/", "none"):
        answer = order(deployed, github, token_ref=reference)
        assert answer.status_code == (202 if reference == "" else 422)
    deployed.drain()
    assert all("authorization" not in headers for _, headers in github.requests)

"""What is special of each forge's list: pages in bodies, pages to sign in at, users, projects."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from tests.support.forges import LIKE_GITEA, WITH_USERS, ForgeApi

from picket.effects.forge import listing
from picket.errors import Unauthorized, Unsupported
from picket.forges import FORGES
from picket.forges.azure import listing as azure_listing
from picket.forges.listing import Listed

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[ForgeApi]:
    found = ForgeApi(request.param)
    yield found
    found.close()


def of(forge: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("api", [forge], indirect=True)


def read(api: ForgeApi, token: str = "") -> list[Listed]:
    """Return everything that is listed, as the orchestration asks for it."""
    given = SecretStr(token) if token else None
    for first in listing.first_urls(api.forge, "http", api.host, api.name, given):
        try:
            page = listing.fetch(api.forge, api.name, first, given)
        except listing.Absent:
            continue
        found: list[Listed] = []
        while page is not None:
            found += page.repositories
            page = listing.fetch(api.forge, api.name, page.next, given) if page.next else None
        return found
    raise listing.Absent("neither")


def paths(found: list[Listed]) -> list[str]:
    return [listed.path for listed in found]


@of("azure")
def test_azure_tells_projects_with_blanks_disabled_ones_and_forks(api: ForgeApi) -> None:
    api.add("My Project/web shop")
    api.add("Other/old", archived=True, fork=True, private=True)

    first, second = read(api)

    assert first == Listed(
        "My Project/web shop",
        f"http://{api.host}/acme/My%20Project/_git/web%20shop",
        str(UUID(int=1_000)),
        "public",
        archived=False,
        fork=False,
    )
    assert (second.path, second.archived, second.fork, second.visibility) == ("Other/old", True, True, "private")


@of("azure")
def test_one_project_of_azure_is_listed_by_its_quoted_name(api: ForgeApi) -> None:
    api.name = "acme/My Project"
    api.add("web")

    assert paths(read(api)) == ["web"]
    assert api.requests[0][0].startswith("/acme/My%20Project/_apis/git/repositories?api-version=")


@of("azure")
def test_azures_one_answer_is_gone_through_in_pieces_that_lose_nothing(
    api: ForgeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is added or deleted between two pieces moves nothing over their edge."""
    monkeypatch.setattr(azure_listing, "_AT_ONCE", 2)
    api.add(*(f"p/r{number}" for number in range(5)))
    first = listing.fetch("azure", "acme", listing.first_url("azure", "http", api.host, "acme"), None)
    assert first is not None
    api.remove("p/r0")

    second = listing.fetch("azure", "acme", first.next, None)
    assert second is not None
    third = listing.fetch("azure", "acme", second.next, None)
    assert third is not None

    assert [one.path for page in (first, second, third) for one in page.repositories] == [f"p/r{n}" for n in range(5)]
    assert third.next == ""
    assert {path.partition("?")[2] for path, _ in api.requests} == {"api-version=7.1"}, "a fragment is not sent"


@of("azure")
@pytest.mark.parametrize(
    ("token", "sent"),
    [("pat", "Basic OnBhdA=="), ("eyJhbGciOiJS.eyJhdWQi.c2ln", "Bearer eyJhbGciOiJS.eyJhdWQi.c2ln")],
)
def test_azure_gets_a_personal_token_as_a_password_and_one_of_entra_as_bearer(
    api: ForgeApi, token: str, sent: str
) -> None:
    read(api, token)

    assert api.requests[0][1]["authorization"] == sent


@of("azure")
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param((302, {"Location": "https://spsprodeus23.vssps.example/_signin"}, b""), id="redirect"),
        pytest.param((203, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Sign in"), id="203"),
        pytest.param((203, {"Content-Type": "application/json"}, b'{"value":[]}'), id="203 of no kind"),
        pytest.param((200, {"Content-Type": "text/html"}, b"<html>Sign in"), id="page"),
        pytest.param((401, {}, b""), id="401"),
    ],
)
def test_a_page_to_sign_in_at_means_that_the_token_is_refused(api: ForgeApi, reply: Any) -> None:
    api.hook = lambda *_: reply

    with pytest.raises(Unauthorized, match="refuses the token"):
        read(api, "pat")
    with pytest.raises(Unauthorized, match="wants a token"):
        read(api)


@of("bitbucket")
def test_bitbucket_names_repositories_by_uuid_and_clones_without_a_user(api: ForgeApi) -> None:
    api.add("web", fork=True)

    [found] = read(api)

    assert (found.key, found.url, found.fork) == (str(UUID(int=1_000)), f"http://{api.host}/acme/web.git", True)


@of("bitbucket")
@pytest.mark.parametrize(
    "following",
    ["http://evil.example/2.0/x", "https://{host}/x", "//evil.example", "/relative", "http://{host}@evil.example/"],
)
def test_a_next_page_in_a_body_that_is_elsewhere_is_refused(api: ForgeApi, following: str) -> None:
    api.hook = lambda *_: (200, {}, json.dumps({"values": [], "next": following.format(host=api.host)}).encode())

    with pytest.raises(Unsupported, match="another host"):
        read(api)


@pytest.mark.parametrize(
    ("api", "token", "sent"),
    [
        ("bitbucket", "jo@corp.io:t", "Basic am9AY29ycC5pbzp0"),
        ("bitbucket", "ATCTT3x", "Bearer ATCTT3x"),
        ("bitbucket-datacenter", "jo:t", "Basic am86dA=="),
    ],
    indirect=["api"],
)
def test_a_token_of_an_account_is_sent_with_the_account(api: ForgeApi, token: str, sent: str) -> None:
    read(api, token)

    assert api.requests[0][1]["authorization"] == sent


@of("bitbucket-datacenter")
def test_a_users_own_project_is_listed_as_any_other(api: ForgeApi) -> None:
    api.name = "~jo"
    api.add(*(f"r{number}" for number in range(7)))

    found = read(api)

    assert paths(found) == [f"r{number}" for number in range(7)]
    assert found[0].url == f"http://{api.host}/scm/~jo/r0.git"
    assert api.requests[0][0] == "/rest/api/latest/projects/~jo/repos?limit=1000&start=0"


@of("bitbucket-datacenter")
@pytest.mark.parametrize("start", [None, 0, -1, 2**31, "x"])
def test_a_page_start_that_does_not_follow_is_refused(api: ForgeApi, start: Any) -> None:
    told = {"values": [], "isLastPage": False, "nextPageStart": start}
    api.hook = lambda *_: (200, {}, json.dumps(told).encode())

    with pytest.raises(Unsupported, match=r"follows|nextPageStart"):
        read(api)
    assert len(api.requests) == 1


NAMES: dict[str, Any] = {"id": 1, "slug": "b", "uuid": "x", "full_name": "a/b", "links": {}, "is_private": True}


@pytest.mark.parametrize(
    ("api", "body", "message"),
    [
        ("bitbucket", {"values": [NAMES]}, "values.0.uuid: uuid_parsing"),
        ("bitbucket", {"values": [{**NAMES, "links": {"clone": "x"}}]}, "values.0"),
        ("bitbucket", {"values": {}}, "values: list_type"),
        ("bitbucket", {"values": [], "next": ["x"]}, "next: string_type"),
        ("bitbucket", [], "body"),
        ("bitbucket-datacenter", {"values": [NAMES]}, "isLastPage: missing"),
        ("bitbucket-datacenter", {"values": [{**NAMES, "id": "x"}], "isLastPage": True}, "values.0.id"),
        ("azure", {"value": [{"id": 7, "name": "x", "project": {}}]}, "value.0.id"),
        ("azure", {"value": None}, "value: list_type"),
        ("azure", "x" * 1_000, "body"),
    ],
    indirect=["api"],
)
def test_an_answer_of_another_shape_says_where_and_quotes_nothing(api: ForgeApi, body: Any, message: str) -> None:
    api.hook = lambda *_: (200, {}, json.dumps(body).encode())

    with pytest.raises(Unsupported, match="not a list of repositories") as caught:
        read(api)
    assert message in str(caught.value)
    assert "xxx" not in str(caught.value)


@pytest.mark.parametrize("api", ["bitbucket", "bitbucket-datacenter", "azure"], indirect=True)
def test_a_repository_without_a_url_is_listed_for_the_rest_to_go_on(api: ForgeApi) -> None:
    """Whoever registers it refuses it, and counts it."""
    api.add("p/web")
    shown = api.show(api.entries[0]) | {"links": {"clone": []}, "remoteUrl": ""}
    told = {"values": [shown], "value": [shown], "isLastPage": True}
    api.hook = lambda *_: (200, {}, json.dumps(told).encode())

    assert [one.url for one in read(api)] == [""]


@pytest.mark.parametrize("api", WITH_USERS, indirect=True)
def test_where_no_organization_has_the_name_the_user_is_listed(api: ForgeApi) -> None:
    api.is_user = True
    api.add(*(f"r{number}" for number in range(4)))

    assert paths(read(api)) == [f"r{number}" for number in range(4)]
    asked = [path.split("/")[3] for path, _ in api.requests]
    assert asked == [{"gitlab": "groups"}.get(api.forge, "orgs"), "users", "users"]


@pytest.mark.parametrize("api", sorted(LIKE_GITEA), indirect=True)
def test_a_list_that_is_empty_because_whose_it_is_is_hidden_is_not_believed(api: ForgeApi) -> None:
    """Gitea 1.26 answers 200 and nothing, which would let everything vanish."""
    assert read(api) == []
    assert [path for path, _ in api.requests][1:] == ["/api/v1/orgs/acme"]

    api.hook = lambda path, _: None if "/repos" in path else api.problem(404, "HasOrgOrUserVisible")
    with pytest.raises(listing.Absent):
        read(api)


@pytest.mark.parametrize("api", WITH_USERS, indirect=True)
def test_where_neither_has_the_name_it_is_gone(api: ForgeApi) -> None:
    api.hook = lambda *_: api.problem(404, "Not Found")

    with pytest.raises(listing.Absent):
        read(api)


@of("github")
@pytest.mark.parametrize(
    ("token", "login", "seen"),
    [
        pytest.param("", "", ["open"], id="nobody"),
        pytest.param("t", "ACME", ["open", "closed"], id="the user"),
        pytest.param("t", "somebody", ["open"], id="another user"),
        pytest.param("t", "", ["open"], id="an installation"),
    ],
)
def test_github_tells_private_ones_to_the_user_alone(api: ForgeApi, token: str, login: str, seen: list[str]) -> None:
    api.is_user, api.login, api.token = True, login, token
    if not login:
        api.hook = lambda path, _: api.problem(403, "Resource not accessible") if path == "/api/v3/user" else None
    api.add("open")
    api.add("closed", private=True)

    assert paths(read(api, token)) == seen


@of("github")
def test_what_a_token_owns_that_is_another_users_by_now_is_not_listed(api: ForgeApi) -> None:
    """The token of the setting was changed after the first page."""
    api.login = "other"
    api.add("theirs", owner="other")
    own = FORGES["github"].listing.own
    assert own is not None

    page = listing.fetch("github", "acme", own.first_url("http", api.host, "acme"), SecretStr("t"))

    assert page is not None
    assert page.repositories == ()


@of("github")
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"login": 7}', b'{"login": "' + b"x" * 300 + b'"}'])
def test_an_answer_about_the_token_that_is_none_is_no_user(api: ForgeApi, body: bytes) -> None:
    api.is_user = True
    api.hook = lambda path, _: (200, {}, body) if path == "/api/v3/user" else None

    with pytest.raises(Unsupported, match="not a user"):
        read(api, "t")

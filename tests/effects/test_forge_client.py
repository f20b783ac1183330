"""The client of forges' APIs: within limits that all replicas share, and with errors that say what is so."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr
from tests.support.forges import ForgeApi, Reply

from picket.effects.forge import client, listing, transport
from picket.effects.forge.client import Caller, RateLimited
from picket.effects.mongo.client import collection
from picket.errors import Gone, Misconfigured, TooLarge, TransientError, Unauthorized, Unsupported
from picket.forges import FORGES

TOKEN = SecretStr("t0ken-that-nobody-may-see")
GITHUB = Caller("github", TOKEN)
HEADERS = {"Authorization": f"Bearer {TOKEN.get_secret_value()}"}


@pytest.fixture
def api(store: str) -> Iterator[ForgeApi]:
    assert store
    found = ForgeApi("github")
    found.hook = lambda *_: (200, {}, b"{}")
    yield found
    found.close()


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(client, "clock", found)
    return found


def get(api: ForgeApi, caller: Caller = GITHUB, **more: Any) -> Any:
    return client.get(caller, f"http://{api.host}/x", HEADERS, **more)


def write(api: ForgeApi, content: Any = None, method: Any = "POST", caller: Caller = GITHUB) -> Any:
    return client.write(caller, method, f"http://{api.host}/repos/o/r/hooks?secret=s", HEADERS, content)


def answering(api: ForgeApi, *replies: Reply) -> None:
    """Answer so, the last one for ever."""
    left = list(replies)
    api.hook = lambda *_: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_is_written_arrives_as_json(api: ForgeApi, method: str) -> None:
    answering(api, (201, {}, b'{"id": 1}'))

    assert write(api, {"name": "wéb"}, method).body == b'{"id": 1}'
    write(api, None, method)

    assert json.loads(api.bodies[0]) == {"name": "wéb"}
    assert api.requests[0][1]["content-type"] == "application/json"
    assert api.requests[0][1]["user-agent"] == "picket"
    assert api.bodies[1] == b""
    assert "content-type" not in api.requests[1][1]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_redirect_of_a_write_is_not_followed_and_says_where_it_leads(api: ForgeApi, status: int, method: str) -> None:
    answering(api, (status, {"Location": "/api/v1/repos/new/name/hooks?token=x"}, b""))

    with pytest.raises(transport.Moved, match="/api/v1/repos/new/name/hooks") as caught:
        write(api, {"a": 1}, method)

    assert caught.value.path == "/api/v1/repos/new/name/hooks"
    assert isinstance(caught.value, Unsupported)
    assert "token=x" not in str(caught.value)
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "target", ["http://evil.example/repos/o/r", "//evil.example/x", "https://{host}/x", "http://[::1", "/a b", ""]
)
def test_a_write_that_is_redirected_elsewhere_does_not_say_where(api: ForgeApi, target: str) -> None:
    answering(api, (301, {"Location": target.format(host=api.host)}, b""))

    with pytest.raises(transport.Moved, match="redirects") as caught:
        write(api)

    assert "evil" not in str(caught.value)
    assert caught.value.path in {"", "/repos/o/r/hooks"}
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, client.Refused),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, client.Absent),
        (408, TransientError),
        (409, client.Refused),
        (410, client.Absent),
        (418, client.Refused),
        (422, client.Refused),
        (425, TransientError),
        (429, RateLimited),
        (500, TransientError),
        (503, TransientError),
        (599, TransientError),
        (304, client.Refused),
    ],
)
@pytest.mark.parametrize("ask", [get, write])
def test_every_answer_but_a_success_is_an_error_that_quotes_nothing(
    api: ForgeApi, status: int, error: type[Exception], ask: Callable[[ForgeApi], Any]
) -> None:
    answering(api, (status, {"X-Said": "quoted"}, b"" if status == 304 else b"quoted"))

    with pytest.raises(error) as caught:
        ask(api)

    assert "quoted" not in f"{caught.value}{caught.value!r}"
    assert TOKEN.get_secret_value() not in f"{caught.value}{caught.value!r}"
    assert isinstance(caught.value, TransientError) == (error in {TransientError, RateLimited})


def test_what_was_refused_can_be_looked_at(api: ForgeApi) -> None:
    answering(api, (422, {}, b'{"message": "exists"}'))

    with pytest.raises(client.Refused, match="422") as caught:
        write(api)

    assert caught.value.answer.body == b'{"message": "exists"}'


def test_what_is_as_it_was_is_an_answer_only_where_it_was_asked_for(api: ForgeApi) -> None:
    answering(api, (304, {}, b""))

    assert get(api, etag='"x"').status == 304
    assert api.requests[0][1]["if-none-match"] == '"x"'


def test_a_refusal_that_names_no_time_is_waited_for_by_all_before_anything_is_sent(api: ForgeApi, clock: Clock) -> None:
    answering(api, (429, {}, b""))
    waits = []
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            get(api)
        with pytest.raises(RateLimited) as again:
            write(api)
        waits.append((caught.value.seconds, again.value.seconds))
        clock.at += caught.value.seconds

    assert waits == [(60.0, 60.0), (120.0, 120.0), (240.0, 240.0)]
    assert len(api.requests) == 3


@pytest.mark.parametrize("off", [-40 * 365 * 86_400, -3_600, 3_600, 365 * 86_400])
def test_a_limit_is_waited_for_by_the_forges_clock_and_not_by_ours(api: ForgeApi, clock: Clock, off: int) -> None:
    """The test server sends its `Date`, and resets by the same clock; ours is another."""
    theirs = 1_900_000_000
    clock.at = theirs + float(off)
    date = "Mon, 17 Mar 2030 17:46:40 GMT"
    answering(
        api,
        (200, {"Date": date, "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(theirs + 300)}, b"{}"),
        (200, {}, b"{}"),
    )
    get(api)

    with pytest.raises(RateLimited) as caught:
        get(api)
    assert caught.value.seconds == 300.0
    clock.at += 300
    assert get(api).status == 200
    assert len(api.requests) == 2


def test_a_secondary_limit_is_not_waited_for_until_the_hour_is_over(api: ForgeApi, clock: Clock) -> None:
    headers = {"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": str(int(clock.at) + 3_000)}
    answering(api, (403, headers, b'{"message": "You have exceeded a secondary rate limit"}'))

    with pytest.raises(RateLimited) as caught:
        get(api)
    assert caught.value.seconds == 60.0


@pytest.mark.usefixtures("clock")
def test_another_token_another_host_and_nobody_are_counted_apart(api: ForgeApi) -> None:
    answering(api, (429, {"Retry-After": "300"}, b""), (200, {}, b"{}"))
    with pytest.raises(RateLimited):
        get(api)

    for caller in (Caller("github", SecretStr("other")), Caller("github")):
        assert get(api, caller).status == 200
    with pytest.raises(RateLimited):
        get(api)


@pytest.mark.usefixtures("clock")
def test_the_store_holds_no_token(api: ForgeApi) -> None:
    answering(api, (429, {"Retry-After": "300"}, b""))
    with pytest.raises(RateLimited):
        get(api)

    assert TOKEN.get_secret_value() not in str(list(collection("forge_budgets").find({})))


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_writes_to_the_forges_own_host_stay_within_what_it_asks_for(
    api: ForgeApi, clock: Clock, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    limited = replace(FORGES["github"], limited=frozenset({"127.0.0.1"}), allowances=((4, 60), (6, 3_600)))
    monkeypatch.setitem(FORGES, "github", limited)
    waits = []
    for _ in range(8):
        try:
            write(api, {}, method)
        except RateLimited as error:
            waits.append(error.seconds)
            clock.at += error.seconds

    assert waits == [60.0, 3_540.0]
    assert len(api.requests) == 6
    assert get(api).status == 200


def test_writes_to_a_server_of_ones_own_are_not_bounded(api: ForgeApi) -> None:
    for _ in range(100):
        write(api)

    assert len(api.requests) == 100
    assert list(collection("forge_budgets").find({})) == []


@pytest.mark.parametrize(
    ("forge", "url", "bounded"),
    [
        ("github", "https://api.github.com/x", True),
        ("github", "https://api.acme.ghe.com/x", True),
        ("github", "https://github.corp.io/api/v3/x", False),
        ("github", "https://evilgithub.com/x", False),
        ("gitlab", "https://gitlab.com/api/v4/x", True),
        ("gitea", "https://codeberg.org/x", False),
    ],
)
def test_which_hosts_are_bounded(forge: str, url: str, *, bounded: bool) -> None:
    assert bool(client._allowances(Caller(forge), url)) is bounded


def test_an_answer_of_100_mb_is_not_read_to_its_end(api: ForgeApi) -> None:
    answering(api, (200, {}, bytes(100 * 1024 * 1024)))

    for ask in (get, write):
        with pytest.raises(TooLarge, match="16777216"):
            ask(api)


def test_a_longer_answer_is_read_where_it_is_asked_for(api: ForgeApi) -> None:
    answering(api, (200, {}, bytes(17 * 1024 * 1024)))

    assert len(get(api, most=20 * 1024 * 1024).body) == 17 * 1024 * 1024


@pytest.mark.parametrize("value", ["a\r\n b", "a\n\tb: c"])
def test_a_header_that_goes_on_in_the_next_line_leads_nowhere(api: ForgeApi, value: str) -> None:
    answering(api, (200, {"Link": f'<http://{api.host}/{value}>; rel="next"', "ETag": f'"{value}"'}, b"[]"))

    with pytest.raises(Unsupported, match="another host"):
        listing.fetch("github", "acme", f"http://{api.host}/x", None)


@pytest.mark.parametrize("token", ["a\nb", "a\r\nX: y", "tokén", "a\0"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_that_is_no_header_is_not_quoted_and_nothing_is_sent(api: ForgeApi, token: str, method: str) -> None:
    ask = client.get if method == "GET" else partial(client.send, method=method, body=b"{}")

    with pytest.raises(Misconfigured) as caught:
        ask(
            Caller("github", SecretStr(token)),
            url=f"http://{api.host}/x",
            headers={"Authorization": f"Bearer {token}"},
        )

    assert token not in str(caught.value)
    assert not api.requests


def test_a_write_that_azure_answers_with_a_page_to_sign_in_at_was_refused(api: ForgeApi) -> None:
    for reply in [
        (302, {"Location": "https://signin.example/"}, b""),
        (203, {"Content-Type": "text/html"}, b"<html>"),
        (200, {"Content-Type": "text/html"}, b"<html>"),
    ]:
        answering(api, reply)
        with pytest.raises(Unauthorized):
            write(api, caller=Caller("azure", TOKEN))


def test_azure_asks_for_patience_with_a_success(api: ForgeApi, clock: Clock) -> None:
    answering(api, (200, {"Retry-After": "30"}, b"{}"), (200, {"X-RateLimit-Delay": "2.5"}, b"{}"), (200, {}, b"{}"))
    waits = []
    for _ in range(5):
        try:
            get(api, Caller("azure", TOKEN))
        except RateLimited as error:
            waits.append(error.seconds)
            clock.at += error.seconds

    assert waits == [30.0, 2.5]


def test_a_forge_whose_host_does_not_exist_is_gone(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store

    def resolve(_: object) -> list[str]:
        raise Gone("host does not exist")

    monkeypatch.setattr(transport, "resolve", resolve)
    with pytest.raises(Gone) as caught:
        client.get(GITHUB, "https://nowhere.invalid/", HEADERS)
    assert not isinstance(caught.value, client.Absent)


def test_ten_thousand_repositories_take_a_hundred_requests_and_no_writes_to_the_store(store: str) -> None:
    """Of the 5,000 that GitHub grants within the hour; a second time nothing is sent again."""
    assert store
    api = ForgeApi("github", page_size=100, remaining=5_000)
    api.add(*(f"r{number}" for number in range(10_000)))
    try:
        seen: set[str] = set()
        etags: dict[str, str] = {}
        url = listing.first_url("github", "http", api.host, "acme")
        while url:
            page = listing.fetch("github", "acme", url, TOKEN)
            assert page is not None
            assert page.pause == 0.0
            seen |= {one.key for one in page.repositories}
            etags[url], url = page.etag, page.next
        for url, etag in etags.items():
            assert listing.fetch("github", "acme", url, TOKEN, etag) is None
    finally:
        api.close()

    assert len(seen) == 10_000
    assert len(api.requests) == 200
    assert api.remaining == 4_900
    assert list(collection("forge_budgets").find({})) == []

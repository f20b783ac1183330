"""The forges' lists: read as they are, and whatever else a server answers ends in a clear error."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.support import certificates
from tests.support.deployment import forget
from tests.support.forges import LIKE_GITEA, PAGED, ForgeApi

from picket.effects.forge import listing, transport
from picket.errors import Gone, Misconfigured, TooLarge, TransientError, Unauthorized, Unsupported
from picket.forges.listing import Listed


@pytest.fixture(params=PAGED)
def api(request: pytest.FixtureRequest, store: str) -> Iterator[ForgeApi]:
    assert store
    found = ForgeApi(request.param)
    yield found
    found.close()


@pytest.fixture
def github(store: str) -> Iterator[ForgeApi]:
    assert store
    found = ForgeApi("github")
    yield found
    found.close()


def read(api: ForgeApi, url: str = "", token: str = "", etag: str = "") -> listing.Page | None:
    forge: Any = api.forge
    first = listing.first_url(forge, "http", api.host, api.name)
    return listing.fetch(forge, api.name, url or first, SecretStr(token) if token else None, etag)


def page(api: ForgeApi, **more: str) -> listing.Page:
    found = read(api, **more)
    assert found is not None
    return found


def everything(api: ForgeApi) -> list[Listed]:
    found: list[Listed] = []
    url = ""
    while True:
        got = page(api, url=url)
        found += got.repositories
        url = got.next
        if not url:
            return found


def test_every_page_is_read(api: ForgeApi) -> None:
    api.add(*(f"r{number}" for number in range(10)))

    assert [listed.path for listed in everything(api)] == [f"r{number}" for number in range(10)]
    assert api.pages_asked() == [1, 2, 3, 4]


@pytest.mark.parametrize("count", [0, 3])
def test_a_last_page_that_is_full_or_empty_is_the_last(api: ForgeApi, count: int) -> None:
    api.add(*(f"r{number}" for number in range(count)))

    assert len(everything(api)) == count
    api.requests = [asked for asked in api.requests if not asked[0].endswith("/orgs/acme")]  # whether it may be seen
    assert api.pages_asked() == [1]


def test_what_a_repository_is_is_told_alike(api: ForgeApi) -> None:
    api.add("a", private=True)
    api.add("b", archived=True, fork=True)

    first, second = page(api).repositories

    url, key = api.clone_url(api.entries[0]), api.id_of(api.entries[0])
    assert first == Listed("a", url, key, "private", archived=False, fork=False)
    assert (second.visibility, second.archived, second.fork) == ("public", api.forge != "bitbucket", True)


@pytest.mark.usefixtures("store")
def test_a_gitlab_group_is_named_by_its_path_and_has_subgroups() -> None:
    api = ForgeApi("gitlab", name="top/team")
    api.add("web", "sub/deep/app")
    try:
        assert [listed.path for listed in everything(api)] == ["web", "sub/deep/app"]
        asked = api.requests[0][0]
    finally:
        api.close()
    assert "/groups/top%2Fteam/projects?" in asked
    assert "include_subgroups=true" in asked


@pytest.mark.parametrize(
    ("forge", "host", "start"),
    [
        ("github", "github.com", "https://api.github.com/orgs/acme/repos?"),
        ("github", "acme.ghe.com", "https://api.acme.ghe.com/orgs/acme/repos?"),
        ("github", "ghes.example", "https://ghes.example/api/v3/orgs/acme/repos?"),
        ("gitlab", "gitlab.com", "https://gitlab.com/api/v4/groups/acme/projects?"),
        ("gitea", "git.example:3000", "https://git.example:3000/api/v1/orgs/acme/repos?"),
        ("forgejo", "codeberg.org", "https://codeberg.org/api/v1/orgs/acme/repos?"),
        ("bitbucket", "bitbucket.org", "https://api.bitbucket.org/2.0/repositories/acme?"),
        ("bitbucket-datacenter", "git.example", "https://git.example/rest/api/latest/projects/acme/repos?"),
        ("azure", "dev.azure.com", "https://dev.azure.com/acme/_apis/git/repositories?"),
    ],
)
def test_the_apis_are_where_the_forges_have_them(forge: Any, host: str, start: str) -> None:
    assert listing.first_url(forge, "https", host, "acme").startswith(start)


def test_the_token_is_sent_as_the_forge_wants_it(api: ForgeApi) -> None:
    api.token = "t0ken"
    api.add("a")

    assert len(page(api, token="t0ken").repositories) == 1
    sent = api.requests[0][1]
    assert sent["authorization"] == ("token t0ken" if api.forge in LIKE_GITEA else "Bearer t0ken")
    assert sent["host"] == api.host
    for token in ("", "other"):
        with pytest.raises(Unauthorized):
            read(api, token=token)


def test_a_page_that_has_not_changed_is_not_sent_again(api: ForgeApi) -> None:
    api.add("a")
    etag = page(api).etag

    assert read(api, etag=etag) is None
    api.add("b")
    assert len(page(api, etag=etag).repositories) == 2


def test_an_organization_that_is_not_there_is_gone(api: ForgeApi) -> None:
    api.name = "other"
    api.hook = lambda *_: api.problem(404, "Not Found")

    with pytest.raises(Gone, match="no such organization"):
        read(api)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        pytest.param(429, {"Retry-After": "120"}, 120, id="seconds"),
        pytest.param(403, {"Retry-After": "7"}, 7, id="secondary limit"),
        pytest.param(429, {}, 60, id="no word"),
        pytest.param(429, {"Retry-After": "9" * 9}, 6 * 3600, id="for ever"),
        pytest.param(429, {"Retry-After": "0"}, 1, id="at once"),
        pytest.param(429, {"Retry-After": "-5"}, 60, id="negative"),
        pytest.param(429, {"Retry-After": "Wed, 99 Nonsense"}, 60, id="no date"),
        pytest.param(429, {"Retry-After": "{date}"}, 3_000, id="date"),
        pytest.param(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "{in 600}"}, 600, id="GitHub"),
        pytest.param(429, {"RateLimit-Remaining": "0", "RateLimit-Reset": "{in 30}"}, 30, id="GitLab"),
        pytest.param(429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "5"}, 1, id="reset in the past"),
        pytest.param(429, {"X-RateLimit-Reset": "soon"}, 60, id="no time"),
    ],
)
def test_a_rate_limit_says_when_to_come_again(
    github: ForgeApi, status: int, headers: dict[str, str], seconds: float
) -> None:
    known = {"date": formatdate(time.time() + 3_000, usegmt=True)}
    known |= {f"in {span}": str(int(time.time()) + span) for span in (30, 600)}
    given = {name: value.format_map(known) for name, value in headers.items()}
    github.hook = lambda *_: (status, given, b"{}")

    with pytest.raises(listing.RateLimited) as caught:
        read(github)
    assert caught.value.seconds == pytest.approx(seconds, abs=15)


def test_a_403_without_a_limit_is_a_token_that_may_not(github: ForgeApi) -> None:
    github.hook = lambda *_: (403, {"X-RateLimit-Remaining": "59"}, b"{}")

    with pytest.raises(Unauthorized):
        read(github)


def test_the_last_request_of_a_limit_still_counts_and_then_there_is_a_pause(github: ForgeApi) -> None:
    github.add("a", "b", "c", "d")
    github.remaining = 2
    assert page(github).pause == 0.0
    assert page(github).pause == pytest.approx(1_800, abs=15)


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_a_forge_with_a_problem_is_asked_again(github: ForgeApi, status: int) -> None:
    github.hook = lambda *_: (status, {}, b"")

    with pytest.raises(TransientError, match=str(status)):
        read(github)


def test_a_forge_that_is_not_there_is_asked_again(github: ForgeApi) -> None:
    github.close()

    with pytest.raises(TransientError, match="did not answer"):
        read(github)


def repository(**more: Any) -> dict[str, Any]:
    return {"id": 1, "full_name": "a/b", "clone_url": "https://h/a/b.git", "private": False, **more}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"", "list of repositories", id="nothing"),
        pytest.param(b"<html>", "list of repositories", id="a page"),
        pytest.param(b"{}", "list of repositories", id="an object"),
        pytest.param(b"[" * 100_000, "list of repositories", id="deep"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "list of repositories", id="deep and closed"),
        pytest.param(b"[1]", "0: model", id="numbers"),
        pytest.param(json.dumps([repository(id="x")]).encode(), "0.id", id="id is a word"),
        pytest.param(json.dumps([repository(id=10**30)]).encode(), "0.id", id="id is huge"),
        pytest.param(json.dumps([repository(id=-1)]).encode(), "0.id", id="id is negative"),
        pytest.param(json.dumps([repository(full_name=["x"])]).encode(), "0.full_name", id="name is a list"),
        pytest.param(json.dumps([repository(clone_url="x" * 5_000)]).encode(), "0.clone_url", id="long URL"),
        pytest.param(json.dumps([repository(archived="maybe")]).encode(), "0.archived", id="archived is a word"),
        pytest.param(json.dumps([repository()] * 1_001).encode(), "more than 1000", id="huge page"),
        pytest.param(b'[{"id": 1, "full_name": "\xff"}]', "list of repositories", id="no text"),
    ],
)
def test_an_answer_that_is_no_list_of_repositories_says_where(github: ForgeApi, body: bytes, message: str) -> None:
    github.hook = lambda *_: (200, {}, body)

    with pytest.raises(Unsupported, match=message) as caught:
        read(github)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "link",
    [
        "<http://evil.example/repos?page=2>; rel=next",
        '<https://{host}/repos?page=2>; rel="next"',
        "<file:///etc/passwd>; rel=next",
        "<//evil.example/x>; rel=next",
        "</relative>; rel=next",
        "<http://{host}@evil.example/x>; rel=next",
        "<http://[::1/x>; rel=next",
        "<http://{host}/a b>; rel=next",
        "<http://{host}/\xe9>; rel=next",
    ],
)
def test_a_next_page_elsewhere_is_refused(github: ForgeApi, link: str) -> None:
    github.hook = lambda *_: (200, {"Link": link.format(host=github.host)}, b"[]")

    with pytest.raises(Unsupported, match="another host"):
        read(github)


@pytest.mark.parametrize(
    "link",
    [
        "",
        '<http://{host}/x>; rel="prev"',
        '<http://{host}/x>; title="next"',
        "<http://{host}/x> rel=next",
        "<" * 5_000,
        '<http://{host}/x>; rel="nextish"',
    ],
)
def test_a_header_without_a_next_page_ends_the_list(github: ForgeApi, link: str) -> None:
    github.hook = lambda *_: (200, {"Link": link.format(host=github.host)}, b"[]")

    assert page(github).next == ""


@pytest.mark.parametrize("number", ["1", "0", "-1", "x", "9" * 30, "²"])
@pytest.mark.usefixtures("store")
def test_a_next_page_of_gitlab_that_does_not_follow_is_refused(number: str) -> None:
    api = ForgeApi("gitlab")
    api.hook = lambda *_: (200, {"X-Next-Page": number.encode().decode("latin-1")}, b"[]")
    try:
        with pytest.raises(Unsupported, match="follows"):
            read(api)
    finally:
        api.close()


def test_a_page_that_leads_to_itself_is_refused(github: ForgeApi) -> None:
    github.hook = lambda path, _: (200, {"Link": f'<http://{github.host}{path}>; rel="next"'}, b"[]")

    with pytest.raises(Unsupported, match="follows"):
        read(github)


def test_a_redirect_on_the_same_host_is_followed_with_the_token(github: ForgeApi) -> None:
    github.hook = lambda path, headers: (
        (301, {"Location": "/organizations/7/repos"}, b"")
        if path.startswith("/api")
        else (200, {}, b"[]" if headers["authorization"] == "Bearer t" else b"")
    )

    assert page(github, token="t").repositories == ()


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/",
        "https://{host}/",
        "//evil.example/",
        "http://127.0.0.1:1/",
        "http://[::1",
        "/a b",
        "/\xe9",
    ],
)
def test_a_redirect_to_another_host_is_refused(github: ForgeApi, target: str) -> None:
    github.hook = lambda *_: (302, {"Location": target.format(host=github.host)}, b"")

    with pytest.raises(Unsupported, match="another host"):
        read(github, token="t")


def test_endless_redirects_are_refused(github: ForgeApi) -> None:
    github.hook = lambda path, _: (307, {"Location": f"{path}x"}, b"")

    with pytest.raises(Unsupported, match="redirects more"):
        read(github)
    assert len(github.requests) == 4


def test_a_body_that_is_too_long_is_not_read_to_its_end(github: ForgeApi, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(transport, "MAX_BODY_BYTES", 1_000)
    github.hook = lambda *_: (200, {}, b"[" + b" " * 100_000 + b"]")

    with pytest.raises(TooLarge):
        read(github)


def test_a_compressed_body_is_refused_unread(github: ForgeApi) -> None:
    github.hook = lambda *_: (200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * 1_000_000))

    with pytest.raises(Unsupported, match="compressed"):
        read(github)


def test_a_body_in_chunks_is_read(github: ForgeApi) -> None:
    body = json.dumps([repository()]).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    github.hook = lambda *_: (200, {"Transfer-Encoding": "chunked"}, chunks)

    assert len(page(github).repositories) == 1


def test_a_body_that_breaks_off_is_asked_for_again(github: ForgeApi) -> None:
    github.hook = lambda *_: (200, {"Content-Length": "999", "Connection": "close"}, b"[]")

    with pytest.raises(TransientError, match="did not answer"):
        read(github)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n["])
def test_a_server_that_sends_a_byte_now_and_then_is_given_up(
    environment: pytest.MonkeyPatch, start: bytes, method: str
) -> None:
    environment.setattr(transport, "MAX_SECONDS", 0.3)
    environment.setattr(transport, "WRITE_SECONDS", 0.3)
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer, suppress(OSError):
            peer.recv(65_536)
            peer.sendall(start)
            while not over.wait(0.02):
                peer.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            with pytest.raises(TransientError, match="took more than"):
                transport.get(url, {}) if method == "GET" else transport.write(method, url, {}, b"{}")
        finally:
            over.set()
            thread.join()


@pytest.fixture
def secure(github: ForgeApi, tmp_path: Path, environment: pytest.MonkeyPatch) -> ForgeApi:
    """The forge behind TLS, as `forge.invalid`, with a certificate in a file of its own."""
    alone, both = certificates.make(tmp_path, "forge.invalid")
    github.secure(both)
    github.hook = lambda *_: (200, {}, b"[]")
    environment.setattr(transport, "resolve", lambda _: ["127.0.0.1"])
    environment.setenv("SSL_CERT_FILE", str(alone))
    return github


def test_a_certificate_is_checked_against_the_name_though_the_address_is_pinned(
    secure: ForgeApi, environment: pytest.MonkeyPatch
) -> None:
    port = secure.host.rpartition(":")[2]
    assert transport.get(f"https://forge.invalid:{port}/x", {"Authorization": "Bearer t"}).status == 200

    with pytest.raises(TransientError, match="did not answer"):
        transport.get(f"https://other.invalid:{port}/x", {"Authorization": "Bearer t"})
    environment.setenv("SSL_CERT_FILE", "/dev/null")
    with pytest.raises(TransientError, match="did not answer"):
        transport.get(f"https://forge.invalid:{port}/x", {"Authorization": "Bearer t"})
    assert len(secure.requests) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "localhost", "[64:ff9b::7f00:1]"]
)
def test_an_address_that_is_not_public_is_refused_before_anything_is_sent(
    github: ForgeApi, environment: pytest.MonkeyPatch, host: str
) -> None:
    environment.setenv("PICKET_ALLOW_LOCAL_REPOSITORIES", "false")
    forget()

    with pytest.raises(Unsupported, match="not public"):
        transport.get(f"http://{host}:{github.host.rpartition(':')[2]}/", {})
    assert not github.requests


def test_the_connection_goes_to_the_address_that_was_checked(github: ForgeApi, environment: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere the second time it is looked up must not get the token."""
    asked: list[str] = []

    def resolve(address: Any) -> list[str]:
        asked.append(address.host)
        return ["127.0.0.1"]

    environment.setattr(transport, "resolve", resolve)
    github.hook = lambda *_: (200, {}, b"[]")
    port = github.host.rpartition(":")[2]

    assert transport.get(f"http://name.invalid:{port}/x", {}).status == 200
    assert asked == ["name.invalid"]
    assert github.requests[0][1]["host"] == f"name.invalid:{port}"


def test_the_next_address_is_tried_where_one_does_not_answer(github: ForgeApi, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(transport, "resolve", lambda _: ["127.0.0.2", "127.0.0.1"])
    github.hook = lambda *_: (200, {}, b"[]")

    assert transport.get(f"http://name.invalid:{github.host.rpartition(':')[2]}/x", {}).status == 200


@pytest.mark.parametrize("token", ["a\nb", "a\r\nX: y", "tokén", "a\0"])
def test_a_token_that_is_no_header_is_not_quoted(github: ForgeApi, token: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(github, token=token)

    assert token not in str(caught.value)
    assert not github.requests


def test_an_etag_that_is_none_is_not_kept(github: ForgeApi) -> None:
    github.hook = lambda *_: (200, {"ETag": 'W/"x" evil'}, b"[]")

    assert page(github).etag == ""

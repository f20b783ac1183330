"""Tokens that forges give to accounts: asked for when needed, kept in memory alone, renewed before they end."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pydantic import SecretStr
from tests.support.deployment import forget
from tests.support.forges import ForgeApi, Reply

from picket.commits.repository import parse_address
from picket.effects.forge import client, credentials, minted, statuses, tokens
from picket.effects.forge.client import Caller
from picket.effects.git import transport as git
from picket.effects.mongo.client import collection
from picket.errors import Misconfigured, TransientError, Unauthorized, Unsupported
from picket.orchestration import pages

KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
APP = "12345"


def pem(key: Any) -> bytes:
    plain = serialization.NoEncryption()
    return bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class GitHub(ForgeApi):
    """GitHub with an App that is installed for some; checks its JWT, and gives tokens of no fixed length."""

    def __init__(self) -> None:
        super().__init__("github")
        self.installed: dict[str, dict[str, Any]] = {"/orgs/acme": {"id": 7}, "/users/jo": {"id": 8}}
        self.given: list[str] = []
        self.more: dict[str, Any] = {"permissions": {"contents": "read", "metadata": "read"}}
        self.clock = 0.0
        self.hook = self.app

    def app(self, path: str, headers: dict[str, str]) -> Reply | None:
        """Answer what an App asks."""
        path = path.removeprefix("/api/v3")
        if "/installation" not in path:
            return None
        date = {"Date": f"{datetime.fromtimestamp(time.time() + self.clock, UTC):%a, %d %b %Y %H:%M:%S} GMT"}
        if not self.is_signed(headers["authorization"].removeprefix("Bearer ")):
            return 401, date, b'{"message": "A JSON web token could not be decoded"}'
        if path.endswith("/access_tokens"):
            self.given.append(f"ghs_{APP}_eyJ.{'x' * 700}.{path.split('/')[3]}.{len(self.given)}")
            end = datetime.now(UTC) + timedelta(seconds=3_600 + self.clock)
            made = {"token": self.given[-1], "expires_at": f"{end:%Y-%m-%dT%H:%M:%SZ}", **self.more}
            return 201, date, json.dumps(made).encode()
        found = self.installed.get(path.removesuffix("/installation"))
        return (200, date, json.dumps(found).encode()) if found else (404, date, b"{}")

    def is_signed(self, token: str) -> bool:
        """Check a JWT as GitHub does: signature, issuer, and no more than ten minutes."""
        head, claims, signature = token.split(".")
        KEY.public_key().verify(decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        told, at = json.loads(decoded(claims)), time.time()
        assert json.loads(decoded(head))["alg"] == "RS256"
        return bool(told["iss"] == APP and told["iat"] <= at < told["exp"] <= at + 600)


@pytest.fixture
def github(store: str) -> Iterator[GitHub]:
    assert store
    found = GitHub()
    yield found
    found.close()


@pytest.fixture
def configure(environment: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Put an account into the setting, and what is secret of it into a file."""

    def configure(entry: str, secret: bytes = pem(KEY), **account: Any) -> None:
        path = tmp_path / "secret"
        path.write_bytes(secret)
        field = "key_file" if account["type"] == "github-app" else "secret_file"
        environment.setenv("PICKET_GIT_TOKENS", json.dumps({entry: {field: str(path), **account}}))
        forget()

    return configure


@pytest.fixture
def app(configure: Callable[..., None], github: GitHub) -> Callable[..., None]:
    def app(secret: bytes = pem(KEY), **more: Any) -> None:
        configure(github.host, secret, **{"type": "github-app", "app_id": APP, **more})

    app()
    return app


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What `minted` takes for the time, in its only element."""
    at = [1_000.0]
    monkeypatch.setattr(minted, "clock", lambda: at[0])
    return at


def token(host: str, rest: str = "acme/web") -> str:
    found = tokens.token_for(f"{host}/{rest}")
    assert found is not None
    return found.get_secret_value()


@pytest.mark.usefixtures("app")
def test_an_app_gets_a_token_of_its_installation_and_keeps_it(github: GitHub) -> None:
    first = token(github.host)

    assert first == github.given[0]
    assert len(first) > 700
    assert token(github.host, "acme/other") == token(github.host, "acme") == first
    assert token(github.host, "jo/dotfiles") == github.given[1] != first
    assert [path.removeprefix("/api/v3") for path, _ in github.requests] == [
        "/orgs/acme/installation",
        "/app/installations/7/access_tokens",
        "/orgs/jo/installation",
        "/users/jo/installation",
        "/app/installations/8/access_tokens",
    ]


@pytest.mark.usefixtures("app")
def test_threads_that_want_a_token_at_once_ask_for_one(github: GitHub) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: token(github.host), range(16)))

    assert found == set(github.given)
    assert len(github.given) == 1


def test_git_is_handed_the_apps_token(
    configure: Callable[..., None], github: GitHub, environment: pytest.MonkeyPatch
) -> None:
    configure("github.invalid", type="github-app", app_id=APP)
    environment.setattr(credentials, "api", lambda *_: f"http://{github.host}/api/v3")

    sent = git.credentials(parse_address("https://github.invalid/acme/web"))["GIT_CONFIG_VALUE_0"]

    account = base64.b64decode(sent.removeprefix("Authorization: Basic ")).decode()
    assert account == f"x-access-token:{github.given[0]}"


@pytest.mark.usefixtures("app")
def test_an_account_needs_no_store(github: GitHub, environment: pytest.MonkeyPatch) -> None:
    """As for `picket scan` of a private URL."""
    environment.setenv("MONGODB_URI", "mongodb://127.0.0.1:1")
    forget()

    assert token(github.host) == github.given[0]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("off", [0.0, -7_200.0, 7_200.0])
def test_a_token_is_renewed_before_it_ends_whatever_the_forges_clock_says(
    github: GitHub, clock: list[float], off: float
) -> None:
    github.clock = off
    first = token(github.host)
    clock[0] += 3_200
    assert token(github.host) == first
    clock[0] += 200

    assert token(github.host) == github.given[1] != first


@pytest.mark.usefixtures("app")
def test_a_token_that_is_refused_is_asked_for_once_more(github: GitHub, clock: list[float]) -> None:
    """As after an installation was suspended and taken up again, or its permissions were changed."""
    first, url = SecretStr(token(github.host)), f"http://{github.host}/api/v3/x"
    github.hook = lambda path, headers: (401, {}, b"") if path.endswith("/x") else github.app(path, headers)
    clock[0] += 120

    with pytest.raises(TransientError, match="another one"):
        client.get(Caller("github", first), url, {})
    second = SecretStr(token(github.host))
    assert second != first
    with pytest.raises(Unauthorized):
        client.get(Caller("github", second), url, {})


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("installation", "message"),
    [
        pytest.param(None, "not installed for acme", id="not installed"),
        pytest.param({"id": 7, "suspended_at": "2026-11-01T00:00:00Z"}, "suspended for acme", id="suspended"),
    ],
)
def test_what_is_the_matter_with_an_installation_is_said(github: GitHub, installation: Any, message: str) -> None:
    github.installed = {"/orgs/acme": installation} if installation else {}

    with pytest.raises(Unauthorized, match=message):
        token(github.host)


@pytest.mark.usefixtures("app")
def test_a_reduced_installation_is_told_of(github: GitHub, caplog: pytest.LogCaptureFixture) -> None:
    github.installed["/orgs/acme"]["repository_selection"] = "selected"
    github.more = {"permissions": {"metadata": "read"}}

    with caplog.at_level("INFO"):
        token(github.host)

    assert "selected repositories only" in caplog.text
    assert "may not read what repositories hold" in caplog.text
    assert github.given[0] not in caplog.text


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        pytest.param(b"", "no RSA private key", id="empty"),
        pytest.param(b"-----BEGIN RSA PRIVATE KEY-----\nhunter2\n", "no RSA private key", id="broken"),
        pytest.param(pem(ec.generate_private_key(ec.SECP256R1())), "no RSA private key", id="another kind"),
    ],
)
def test_a_key_that_is_none_is_not_quoted(
    app: Callable[..., None], github: GitHub, secret: bytes, message: str
) -> None:
    app(secret)

    with pytest.raises(Misconfigured, match=message) as caught:
        token(github.host)
    assert "hunter2" not in str(caught.value)
    assert not github.requests


def test_a_file_that_is_not_there_is_said(app: Callable[..., None], github: GitHub, tmp_path: Path) -> None:
    app(key_file=str(tmp_path / "none"))

    with pytest.raises(Misconfigured, match=r"PICKET_GIT_TOKENS: .*FileNotFoundError"):
        token(github.host)


def test_another_apps_key_is_refused(app: Callable[..., None], github: GitHub) -> None:
    app(app_id="777")

    with pytest.raises(Unauthorized, match="does not know the GitHub App"):
        token(github.host)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b'{"token": 7, "expires_at": "x"}', b'{"token": "quoted", "expires_at": "never"}']
)
def test_an_answer_that_holds_no_token_is_not_quoted(github: GitHub, body: bytes) -> None:
    github.hook = lambda path, headers: (201, {}, body) if path.endswith("access_tokens") else github.app(path, headers)

    with pytest.raises(Unsupported, match="InstallationToken") as caught:
        token(github.host)
    assert "quoted" not in str(caught.value)


@pytest.mark.usefixtures("app")
def test_the_limits_of_an_installation_outlive_its_tokens_and_no_token_is_stored(
    github: GitHub, clock: list[float]
) -> None:
    first = SecretStr(token(github.host))
    github.hook = lambda path, headers: github.app(path, headers) or (429, {"Retry-After": "300"}, b"")
    with pytest.raises(client.RateLimited):
        client.get(Caller("github", first), f"http://{github.host}/x", {})
    clock[0] += 3_600
    second = SecretStr(token(github.host))
    asked = len(github.requests)

    with pytest.raises(client.RateLimited):
        client.get(Caller("github", second), f"http://{github.host}/x", {})

    assert len(github.requests) == asked
    assert "ghs_" not in str(list(collection("forge_budgets").find({})))


@pytest.mark.usefixtures("app")
def test_an_organization_is_listed_with_the_apps_token_and_an_order_asks_for_none(github: GitHub) -> None:
    pages.check(github.host, github.host)
    assert not github.requests

    for reference in ("", github.host):
        found = pages.token_of("github", github.host, "acme", reference)
        assert found is not None
        assert found.get_secret_value() == github.given[0]


def test_statuses_are_set_with_an_apps_token(github: GitHub, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(pem(KEY))
    account = {"forge": "github", "app_id": APP, "key_file": str(tmp_path / "key")}
    environment.setenv("PICKET_STATUSES", json.dumps({github.host: account}))
    forget()

    found = statuses.access(f"{github.host}/acme/web")

    assert found is not None
    assert (found[0], found[1].get_secret_value()) == ("github", github.given[0])


@pytest.mark.parametrize("forge", ["bitbucket", "azure"])
def test_an_oauth_server_grants_a_token_for_id_and_secret(
    store: str, configure: Callable[..., None], clock: list[float], forge: str
) -> None:
    assert store
    api = ForgeApi(forge)
    api.hook = lambda *_: (
        200,
        {"Content-Type": "application/json"},
        json.dumps({"access_token": f"eyJ.a.{len(api.requests)}", "expires_in": 3_600}).encode(),
    )
    account = {
        "bitbucket": {"type": "bitbucket-oauth", "client_id": "cid"},
        "azure": {"type": "azure-service-principal", "tenant": "t.example", "client_id": "c-1"},
    }[forge]
    more = {"authority": f"http://{api.host}"} if forge == "azure" else {}
    configure(api.host, b"hunter2\n", **account, **more)
    try:
        first = token(api.host)
        assert token(api.host, "another/x") == first == "eyJ.a.1"
        clock[0] += 3_301
        assert token(api.host) == "eyJ.a.2"
    finally:
        api.close()

    path, headers = api.requests[0]
    sent = {name: values[0] for name, values in parse_qs(api.bodies[0].decode()).items()}
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    if forge == "bitbucket":
        assert (path, sent) == ("/site/oauth2/access_token", {"grant_type": "client_credentials"})
        assert headers["authorization"] == "Basic " + base64.b64encode(b"cid:hunter2").decode()
    else:
        scope = "499b84ac-1321-427f-aa17-267ca6975798/.default"
        assert path == "/t.example/oauth2/v2.0/token"
        assert sent == {
            "grant_type": "client_credentials",
            "client_id": "c-1",
            "client_secret": "hunter2",
            "scope": scope,
        }


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((400, {}, b'{"error": "invalid_client"}'), Unauthorized),
        ((401, {}, b'{"error": "invalid_client"}'), Unauthorized),
        ((200, {}, b'{"access_token": "", "expires_in": 1}'), Unsupported),
        ((200, {}, b'{"access_token": "x", "expires_in": "soon"}'), Unsupported),
        ((302, {"Location": "http://evil.example/"}, b""), Unsupported),
        ((503, {}, b""), TransientError),
        ((429, {"Retry-After": "9"}, b""), TransientError),
    ],
)
def test_a_grant_that_is_none_holds_no_secret(
    store: str, configure: Callable[..., None], reply: Reply, error: type[Exception]
) -> None:
    assert store
    api = ForgeApi("bitbucket")
    api.hook = lambda *_: reply
    configure(api.host, b"hunter2", type="bitbucket-oauth", client_id="cid")
    try:
        with pytest.raises(error) as caught:
            token(api.host)
    finally:
        api.close()
    assert "hunter2" not in f"{caught.value!r}"


def test_a_secret_is_not_sent_in_the_clear_to_another_machine(
    store: str, configure: Callable[..., None], environment: pytest.MonkeyPatch
) -> None:
    assert store
    account = {"type": "azure-service-principal", "tenant": "t", "client_id": "c"}
    for authority, local in [("http://login.example", "true"), ("http://127.0.0.1:1", "false")]:
        environment.setenv("PICKET_ALLOW_LOCAL_REPOSITORIES", local)
        configure("dev.azure.com", b"hunter2", authority=authority, **account)
        with pytest.raises(Misconfigured, match="https"):
            tokens.token_for("dev.azure.com/acme")


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "github-app", "app_id": "1"},
        {"type": "github-app", "app_id": "1\n", "key_file": "k"},
        {"type": "github-app", "app_id": "1", "key_file": "k", "key": "s3cret"},
        {"type": "other", "token": "s3cret"},
        {"type": "azure-service-principal", "tenant": "a/../b", "client_id": "c", "secret_file": "s"},
        {
            "type": "azure-service-principal",
            "tenant": "t",
            "client_id": "c",
            "secret_file": "s",
            "authority": "ftp://x",
        },
        ["s3cret"],
    ],
)
def test_an_account_that_does_not_fit_is_said_and_not_quoted(environment: pytest.MonkeyPatch, entry: Any) -> None:
    environment.setenv("PICKET_GIT_TOKENS", json.dumps({"github.com": entry}))
    forget()

    with pytest.raises(Misconfigured, match="PICKET_GIT_TOKENS") as caught:
        tokens.token_for("github.com/acme/web")
    assert "s3cret" not in str(caught.value)

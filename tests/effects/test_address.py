"""Addresses that lead into a private network are refused, however they are written."""

import base64
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import certificates
from tests.support.deployment import forget
from tests.support.repositories import GitHttpServer, Work

from picket.commits.repository import parse_address
from picket.effects.git import mirror, transport
from picket.effects.git.address import admitted, resolve
from picket.errors import Gone, Unsupported

HIDDEN = [
    pytest.param("64:ff9b::7f00:1", id="loopback by NAT64"),
    pytest.param("64:ff9b::a9fe:a9fe", id="metadata service by NAT64"),
    pytest.param("64:ff9b:1::a00:1", id="private by a network's own NAT64"),
    pytest.param("2002:7f00:1::", id="loopback by 6to4"),
    pytest.param("2002:a00:1::1", id="private by 6to4"),
    pytest.param("::ffff:10.0.0.1", id="private, mapped"),
    pytest.param("::10.0.0.1", id="private, IPv4-compatible"),
    pytest.param("2001::1", id="Teredo"),
]


@pytest.fixture
def looked_up(environment: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the name service answers; local addresses are not admitted."""
    environment.setenv("PICKET_ALLOW_LOCAL_REPOSITORIES", "false")
    forget()
    answers: list[str] = []

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (text, 443, 0, 0)) for text in answers]

    with environment.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield answers


@pytest.mark.parametrize("text", HIDDEN)
def test_an_address_that_stands_for_a_private_one_is_refused(looked_up: list[str], text: str) -> None:
    looked_up.append(text)

    with pytest.raises(Unsupported, match="not public"):
        resolve(admitted("https://forge.example/o/r"))


@pytest.mark.parametrize("text", ["64:ff9b::808:808", "2002:808:808::1", "2606:4700::1111"])
def test_an_address_that_stands_for_a_public_one_is_admitted(looked_up: list[str], text: str) -> None:
    looked_up.append(text)

    assert resolve(admitted("https://forge.example/o/r")) == [text]


@pytest.fixture
def private_forge(tmp_path: Path, environment: pytest.MonkeyPatch) -> Iterator[GitHttpServer]:
    """A forge that serves https on a port of its own and requires a token."""
    alone, both = certificates.make(tmp_path, "localhost")
    (tmp_path / "forge").mkdir()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server = GitHttpServer(tmp_path / "forge", context)
    server.asks_for_token = True
    environment.setenv("GIT_SSL_CAINFO", str(alone))
    yield server
    server.close()


@pytest.mark.parametrize("named", ["host and port", "host"])
def test_a_token_reaches_a_forge_on_a_port_of_its_own(
    private_forge: GitHttpServer, environment: pytest.MonkeyPatch, named: str
) -> None:
    Work(private_forge.root / "o" / "r").commit({"a": "1\n"})
    port = private_forge.url.rpartition(":")[2]
    entry = f"localhost:{port}" if named == "host and port" else "localhost"
    address = parse_address(f"https://localhost:{port}/o/r/.git")
    with pytest.raises(Gone):
        mirror.fetch("without", address)

    environment.setenv("PICKET_GIT_TOKENS", f'{{"{entry}": "t"}}')
    forget()

    assert mirror.fetch("with", address).refs == ("refs/heads/main",)


def test_a_token_for_one_host_is_not_sent_to_another(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_GIT_TOKENS", '{"one.example": "t"}')
    forget()

    assert transport.credentials(parse_address("https://other.example/o/r")) == {}
    key = "GIT_CONFIG_KEY_0"
    assert (
        transport.credentials(parse_address("https://one.example/o/r"))[key] == "http.https://one.example/.extraHeader"
    )


@pytest.mark.parametrize(
    ("host", "token", "account"),
    [
        ("github.com", "t", "x-access-token:t"),
        ("bitbucket.org", "t", "x-token-auth:t"),
        ("bitbucket.org", "jo@corp.io:t", "jo@corp.io:t"),
        ("git.example", "jo:t", "jo:t"),
    ],
)
def test_a_token_is_sent_as_the_user_that_the_forge_wants(
    environment: pytest.MonkeyPatch, host: str, token: str, account: str
) -> None:
    environment.setenv("PICKET_GIT_TOKENS", f'{{"{host}": "{token}"}}')
    forget()

    sent = transport.credentials(parse_address(f"https://{host}/o/r"))["GIT_CONFIG_VALUE_0"]

    assert base64.b64decode(sent.removeprefix("Authorization: Basic ")).decode() == account


def test_azure_gets_a_token_of_entra_as_bearer(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_GIT_TOKENS", '{"dev.azure.com": "eyJh.eyJi.c", "git.example": "eyJh.eyJi.c"}')
    forget()

    for host, kind in [("dev.azure.com", "Bearer"), ("git.example", "Basic")]:
        sent = transport.credentials(parse_address(f"https://{host}/o/r"))["GIT_CONFIG_VALUE_0"]
        assert sent.startswith(f"Authorization: {kind} ")

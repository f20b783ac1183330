"""Every kind of false alarm is dropped or doubted for a reason of its own."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.detection.shapes import a_password, chance
from tests.detection.structures import private_key, segment

from picket.detection import Engine, default_ruleset

HEX = "3f9c27ab81d04e56"


def certificate(host: str) -> str:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), start, start)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode().strip()


@cache
def engine() -> Engine:
    return Engine(default_ruleset())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param('api_key = "kdjfhgqwmzxplkvbtrsw"', "letters only", id="letters"),
        pytest.param('api_key = "83920174650193847562"', "digits only", id="digits"),
        pytest.param('api_token = "read-users-and-groups-v2"', "made of words", id="words"),
        pytest.param(f'auth_key = "sha256-{HEX * 4}"', "digest", id="digest"),
        pytest.param(f'secret_key = "s3://{HEX}/{HEX}"', "address", id="address"),
        pytest.param('auth_token = "2024-05-06T07:08:09.123Z"', "date", id="date"),
        pytest.param('password = "${LIVE_KEY_2}-suffix9"', "template", id="template"),
        pytest.param('passwd = "password123!"', "says password", id="says password"),
        pytest.param('password = "correcthorse"', "a word", id="word"),
        pytest.param('password = "user_password_2"', "joined to a name", id="name"),
        pytest.param('password = "input[name=pass]"', "code", id="selector"),
        pytest.param("""s := "Password:"+fmt.Sprintf("%v", p)""", "code", id="what is joined to a name in a string"),
        pytest.param('password = "$GOPATH9/src/Q7/x"', "code", id="path below a variable"),
        pytest.param('password = "a.b-c9@corp.io"', "address", id="e-mail"),
        pytest.param(f'csrf_token = "q7{chance(30)}"', "its name says", id="CSRF"),
        pytest.param(f'x = ["token", "q7{chance(30)}"]', "next item of a list", id="list"),
        pytest.param('password = "aaaaaaaaaaaa"', "repeated", id="repeated"),
        pytest.param("aws = ['secret_access_key', '" + HEX * 2 + HEX[:8] + "']", "no mix of upper case", id="git sha"),
    ],
)
def test_a_false_alarm_is_dropped_and_the_reason_told(line: str, reason: str) -> None:
    assert engine().scan(line.encode()) == []
    assert any(reason in each.reason for each in engine().explain(line.encode()))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(f"postgres://app:{a_password()}@localhost/shop", "local machine", id="local"),
        pytest.param(f"postgres://app:{a_password()}@db/shop", "without a domain", id="single label"),
        pytest.param(f"postgres://app:{a_password()}@db.example.com/shop", "for examples", id="reserved"),
        pytest.param("postgres://app:postgres@db.corp.io/shop", "says password", id="says password"),
        pytest.param("postgres://app:tigerlily@db.corp.io/shop", "a word", id="word"),
        pytest.param('password = "k7Q!"', "short", id="short"),
    ],
)
def test_a_likely_false_alarm_loses_confidence_with_a_reason(line: str, reason: str) -> None:
    [doubted] = engine().scan(line.encode())
    assert any(reason in each for each in doubted.reasons)
    [plain] = engine().scan(f"postgres://app:{a_password()}@db.corp.io/shop".encode())
    assert doubted.confidence < plain.confidence


def test_armour_around_too_little_for_a_key_is_dropped() -> None:
    begin, end = (f"-----{word} RSA PRIVATE KEY-----" for word in ("BEGIN", "END"))
    content = f"{begin}\nMI{chance(50, 'b64')}\n{end}".encode()
    assert engine().scan(content) == []
    assert "its body is too short for a key" in [each.reason for each in engine().explain(content)]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("tests/ssl/server.key", id="called by its role"),
        pytest.param("tests/test_tls.py", id="in the source of a test"),
        pytest.param("docs/usage.rst", id="in a manual"),
        pytest.param("fixtures/localhost-2.pem", id="for the local machine"),
    ],
)
def test_a_key_made_for_tests_is_reported_and_more_likely_harmless(path: str) -> None:
    content = f"{private_key()}\n".encode()
    [kept] = engine().scan(content, "tests/ssl/payments-gateway.pem")
    [doubted] = engine().scan(content, path)
    [plain] = engine().scan(content, "deploy/payments-gateway.pem")
    assert doubted.confidence < 0.5 < kept.confidence < plain.confidence
    assert "a key for tests or of an example" in doubted.reasons


def test_a_certificate_for_the_local_machine_beside_a_key_in_a_test_folder_counts_against_it() -> None:
    content = f"{private_key()}\n{certificate('localhost')}\n{certificate('localhost')}\n".encode()
    other = f"{private_key()}\n{certificate('payments.corp.io')}\n".encode()
    path = "tests/ssl/payments-gateway.pem"
    [local], [remote] = engine().scan(content, path), engine().scan(other, path)
    assert local.confidence < 0.5 < remote.confidence


def test_a_token_signed_with_a_word_is_more_likely_an_example() -> None:
    head = f"{segment({'alg': 'HS256', 'typ': 'JWT'})}.{segment({'sub': 'u-7712', 'iss': 'corp', 'exp': 1999999999})}"
    weak, strong = (
        base64.urlsafe_b64encode(hmac.digest(word, head.encode(), "sha256")).decode().rstrip("=")
        for word in (b"secret", chance(32).encode())
    )
    [doubted], [believed] = engine().scan(f"{head}.{weak}".encode()), engine().scan(f"{head}.{strong}".encode())
    assert doubted.confidence < 0.5 < believed.confidence

"""Every kind of false alarm is dropped or doubted for a reason of its own."""

from __future__ import annotations

from functools import cache

import pytest
from tests.detection.shapes import a_password, chance

from picket.detection import Engine, default_ruleset

HEX = "3f9c27ab81d04e56"


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

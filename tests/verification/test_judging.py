"""What answers of providers mean; they may be anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.verification.judging import Verdict, judge, without
from picket.verification.model import Verifier
from picket.verification.nearby import Around, combinations, hosts, parts

VERIFIER = Verifier.model_validate(
    {
        "id": "toy",
        "provider": "Toy",
        "rules": ["toy"],
        "source": "https://example.com/docs",
        "request": {"url": "https://api.example.com/{account}"},
        "live": [{"status": [200], "json": {"ok": True}}],
        "dead": [{"status": [401]}, {"status": [200], "json": {"ok": False, "error": "revoked"}}],
        "owner": "user.name",
        "scopes": "scopes",
        "parts": r"(?P<number>\d+):(?P<rest>\w+)",
        "pairs": {"account": {"regex": r"AC[0-9a-f]{4}"}},
        "host": {"regex": r"https://([a-z.]+)/api", "default": "api.example.com"},
    }
)


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, b'{"ok": true}', "live"),
        (200, b'{"ok": 1}', "unknown"),
        (200, b'{"ok": "true"}', "unknown"),
        (200, b'{"ok": false, "error": "revoked"}', "dead"),
        (200, b'{"ok": false, "error": "ratelimited"}', "unknown"),
        (200, b"[" * 100_000, "unknown"),
        (401, b"", "dead"),
        (403, b'{"ok": true}', "unknown"),
        (500, b'{"ok": false, "error": "revoked"}', "unknown"),
    ],
)
def test_only_the_answers_that_are_named_mean_something(status: int, body: bytes, result: str) -> None:
    assert judge(VERIFIER, status, {}, body).result == result


@given(body=st.recursive(st.none() | st.booleans() | st.text(), lambda some: st.dictionaries(st.text(), some)))
def test_no_answer_breaks_it(body: object) -> None:
    assert judge(VERIFIER, 200, {}, str(body).encode()).result == "unknown"


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        ('"read, write"', ("read", "write")),
        ('["read", 1, "write"]', ("read", "write")),
        ('{"read": true, "write": false}', ("read",)),
        ("7", ()),
    ],
)
def test_scopes_come_in_several_shapes(scopes: str, told: tuple[str, ...]) -> None:
    body = '{"ok": true, "user": {"name": "Ada L."}, "scopes": ' + scopes + "}"

    assert judge(VERIFIER, 200, {}, body.encode()) == Verdict("live", owner="Ada L.", scopes=told)


def test_what_quotes_a_secret_is_left_out() -> None:
    assert without(Verdict("live", "", "hush!", ("x-hush", "read")), ["hush", ""]) == Verdict("live", scopes=("read",))


def test_pairs_are_found_around_the_secret_the_nearest_first() -> None:
    text = "AC1111 " + " " * 50 + "AC2222 SECRET AC3333" + " " * 3_000 + "AC4444"
    start = text.index("SECRET")
    around = Around(text, start, start + 6)

    assert [each["account"] for each in combinations(VERIFIER, around)] == ["AC2222", "AC3333", "AC1111"]
    assert list(combinations(VERIFIER, Around("SECRET", 0, 6))) == []


def test_nothing_is_found_within_the_secret() -> None:
    assert list(combinations(VERIFIER, Around("xAC1111x", 0, 8))) == []


def test_hosts_and_parts_are_read() -> None:
    text = "see https://Git.example.org/api https://git.example.org/api SECRET"

    assert hosts(VERIFIER, Around(text.lower(), 60, 66)) == ["git.example.org"]
    assert parts(VERIFIER, "12:ab") == {"number": "12", "rest": "ab"}
    assert parts(VERIFIER, "12:ab!") is None

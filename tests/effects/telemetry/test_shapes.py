"""What may be shown."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import secrets

from picket.effects.telemetry import shapes

SECRETS = [secrets.aws_key(1), secrets.slack_token(2), "gh" + "p_" + "aB3" * 12, "0123456789abcdef" * 2 + "g"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0a" * 32, id="an event of ours"),
        pytest.param("scan-" + "0a" * 16, id="a scan"),
        pytest.param("0a" * 16, id="a request"),
        pytest.param(str(uuid.UUID(int=7)), id="a delivery of GitHub"),
        pytest.param("picket/tick/2026-11-21T12:26:00+00:00", id="a tick of the one-machine stack"),
        pytest.param("", id="none"),
    ],
)
def test_an_id_of_a_known_making_is_shown_as_it_is(text: str) -> None:
    assert shapes.identifier(text) == text


@pytest.mark.parametrize("text", [*SECRETS, "hunter2", "0A" * 32, "a\nb"])
def test_any_other_id_is_a_hash_that_tells_it_from_others(text: str) -> None:
    shown = shapes.identifier(text)

    assert shown.startswith("sha256:")
    assert text not in shown
    assert shown != shapes.identifier(text + "x")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("dev.picket.commitbatch.created.v1", True),
        ("dev.knative.sources.ping", True),
        ("dev.knative.source.github.pull_request", True),
        ("dev.picket.gone.v1" + "2" * 20, False),
        ("com.example.thing", False),
        ("dev.picket." + SECRETS[0], False),
    ],
)
def test_only_types_of_picket_and_knative_are_shown(text: str, shown: bool) -> None:
    assert shapes.event_type(text) == (text if shown else "other")


@pytest.mark.parametrize(
    "text",
    ["github.com/o/r", "local/tmp/a_b/c", "127.0.0.1:8080/o/service-v2-2024-rewrite", "git.example.com/a/b/c/d~e"],
)
def test_a_repository_is_shown_by_its_name(text: str) -> None:
    assert shapes.repository(text) == text


@pytest.mark.parametrize("text", [*(f"github.com/o/{secret}" for secret in SECRETS), "https://u:p@h/o/r", "x", "a b/c"])
def test_what_is_no_repositorys_name_or_has_a_token_in_it_is_a_hash(text: str) -> None:
    assert shapes.repository(text).startswith("sha256:")


@pytest.mark.parametrize("secret", SECRETS)
def test_prose_loses_what_looks_like_a_token(secret: str) -> None:
    assert secret not in shapes.prose(f"could not do it: '{secret}', {secret}/x, k={secret}")


def test_prose_keeps_words_ids_of_ours_and_numbers() -> None:
    text = f"scan scan-{'0a' * 16} is not known; batch {'0b' * 32} (2 of 100) at /usr/lib/python3.11/site.py:7"

    assert shapes.prose(text) == text


def test_prose_loses_credentials_in_urls_and_stays_short() -> None:
    assert shapes.prose("at https://me:hunter2@example.com/x") == "at https://***@example.com/x"
    assert len(shapes.prose("a b " * 1000)) == shapes.MAX_TEXT + 1


@given(st.text(), st.text(alphabet="abcXYZ019_", min_size=16).filter(lambda t: {*t} & {*"abcXYZ"} and {*t} & {*"019"}))
def test_no_token_comes_through_whatever_stands_around_it(around: str, token: str) -> None:
    shown = shapes.prose(f"{around} {token} {around}")

    assert token not in shown or shapes.identifier(token) == token


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (("count", 3), 3),
        (("frames", ["a.py:1 f"]), ["a.py:1 f"]),
        (("document", {"a": 1}), "dict"),
        (("error", ValueError("x")), "ValueError"),
        (("trigger", "scan"), "scan"),
        (("trigger", SECRETS[0]), "other"),
    ],
)
def test_a_field_is_checked_by_its_name_and_what_is_no_text_or_number_is_told_by_its_type(
    given: tuple[str, object], shown: object
) -> None:
    assert shapes.checked(*given) == shown

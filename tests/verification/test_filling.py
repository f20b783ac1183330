"""Requests of verifiers: what comes out of a repository goes where it belongs, and nowhere else."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.verification.filling import Call, Unfit, fill
from picket.verification.model import Template

NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


def made(values: dict[str, str], **template: object) -> Call:
    return fill(Template.model_validate({"url": "https://api.example.com/me", **template}), values, NOW)


@given(secret=st.text(max_size=50))
def test_a_value_in_a_url_stays_one_part_of_it(secret: str) -> None:
    call = made({"secret": secret}, url="https://api.example.com/bot{secret}/me?token={secret}")

    parts = urlsplit(call.url)
    assert (parts.hostname, parts.path.count("/"), parts.fragment) == ("api.example.com", 2, "")
    assert parse_qs(parts.query, keep_blank_values=True)["token"] == [secret]


@given(secret=st.text(max_size=50))
def test_a_value_in_a_body_stays_one_value(secret: str) -> None:
    told = made({"secret": secret}, method="POST", json={"a": ["{secret}"], "b": 1})
    form = made({"secret": secret}, method="POST", form={"a": "{secret}", "b": "1"})

    assert json.loads(told.body) == {"a": [secret], "b": 1}
    assert parse_qs(form.body.decode(), keep_blank_values=True) == {"a": [secret], "b": ["1"]}


@pytest.mark.parametrize(
    ("values", "template"),
    [
        pytest.param({"secret": "a\r\nHost: evil"}, {"headers": {"Authorization": "Bearer {secret}"}}, id="line break"),
        pytest.param({"secret": "ä"}, {"headers": {"Authorization": "Bearer {secret}"}}, id="not ASCII"),
        pytest.param({"secret": "a" * 9_000}, {"form": {"a": "{secret}"}}, id="long"),
        pytest.param({"secret": "a", "host": "evil.example.org/x"}, {"url": "https://{host}/me"}, id="path for a host"),
        pytest.param({"secret": "a", "host": "u@evil.example.org"}, {"url": "https://{host}/me"}, id="user for a host"),
        pytest.param({"secret": "a", "host": "127.0.0.1"}, {"url": "https://{host}/me"}, id="address for a host"),
        pytest.param({"secret": "a", "host": "localhost"}, {"url": "https://{host}/me"}, id="name without a dot"),
    ],
)
def test_what_cannot_go_where_it_should_is_refused_without_being_named(
    values: dict[str, str], template: dict[str, object]
) -> None:
    with pytest.raises(Unfit) as caught:
        made(values, **template)

    assert values["secret"] not in str(caught.value) or len(values["secret"]) == 1


def test_a_call_shows_nothing_but_its_host() -> None:
    assert repr(made({"secret": "hush"}, basic=["{secret}", ""])) == "Call(host='api.example.com')"


def test_a_signature_is_that_of_the_published_algorithm() -> None:
    """The value is what botocore 1.44.8 makes of the same request, with the example key of its documents."""
    call = made(
        {"secret": "wJalrXUtnFEMI" + "/K7MDENG+bPxRfiCY" + "EXAMPLEKEY", "access_key_id": "AKIDEXAMPLE"},
        url="https://sts.amazonaws.com/",
        method="POST",
        form={"Action": "GetCallerIdentity", "Version": "2011-06-15"},
        sign="aws-v4",
    )

    assert call.headers["X-Amz-Date"] == "20150830T123600Z"
    assert "Credential=AKIDEXAMPLE/20150830/us-east-1/sts/aws4_request" in call.headers["Authorization"]
    assert call.headers["Authorization"].endswith(
        "Signature=72764f0c7f2ab5ee21268e1a2bc18e420911c167a2098878c7adb1cc779db7b5"
    )

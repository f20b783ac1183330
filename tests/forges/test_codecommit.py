"""What SNS signs, and what CodeCommit's events in it mean."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.support import sns
from tests.support.deliveries import NEW, OLD, UUID, ZERO

from picket.errors import Malformed
from picket.forges.codecommit.receiving import RECEIVING
from picket.webhooks.events import Ignored, Ping, Push, Repository
from picket.webhooks.receiving import Certified

URL = "https://git-codecommit.us-east-2.amazonaws.com/v1/repos/demo"
REPOSITORY = Repository(URL, f"git-codecommit.us-east-2.amazonaws.com:{UUID}", "private", "2026-06-12T10:23:43.000000Z")


def certified() -> Certified:
    assert RECEIVING.certified is not None
    return RECEIVING.certified


def is_signed(message: dict[str, Any], pem: bytes | None = None, clock: float = 0.0) -> bool:
    return certified().is_signed(json.dumps(message).encode(), pem or sns.certificate(), clock or time.time())


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "s"}], ids=["without a subject", "with one"])
def test_a_message_is_signed_by_either_hash(version: str, more: dict[str, str]) -> None:
    message = sns.message({"a": 1}, version=version, **more)

    assert is_signed(message)
    assert not is_signed({**message, "SignatureVersion": "2" if version == "1" else "1"})


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_a_confirmation_is_signed_with_its_url(kind: str) -> None:
    message = sns.confirmation(kind)

    assert is_signed(message)
    assert not is_signed({**message, "SubscribeURL": message["SubscribeURL"] + "&x=1"})
    assert not is_signed({**message, "Token": "other"})


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "TopicArn", "Type", "Signature", "Subject"])
def test_what_is_changed_is_not_signed(name: str) -> None:
    message = sns.message("x", Subject="s")
    other = {"Type": "UnsubscribeConfirmation", "TopicArn": sns.TOPIC + "2", "Signature": "AAAA"}

    assert not is_signed({**message, name: other.get(name, message[name] + "1")})
    assert not is_signed({each: value for each, value in message.items() if each != name})


def test_an_old_message_is_not_taken() -> None:
    message = sns.message("x")

    assert is_signed(message, clock=time.time() + 3_600)
    assert not is_signed(message, clock=time.time() + 3 * 3_600)
    assert not is_signed(message, clock=time.time() - 3 * 3_600)
    for odd in ("yesterday", "2026-01-01T00:00:00", ""):
        assert not is_signed(sns.signed({**message, "Timestamp": odd}))


def test_another_certificate_proves_nothing() -> None:
    other = sns.certificate(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    elliptic = sns.certificate(ec.generate_private_key(ec.SECP256R1()))

    for pem in (other, elliptic, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        assert not is_signed(sns.message("x"), pem or b"x")


@pytest.mark.parametrize(
    ("url", "is_amazon_s"),
    [
        (sns.CERTIFICATE_URL, True),
        ("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-ab12.pem", True),
        ("https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-ab12.pem", True),
        ("http://sns.us-east-1.amazonaws.com/SimpleNotificationService-ab12.pem", False),
        ("https://sns.us-east-1.amazonaws.com.evil.io/SimpleNotificationService-ab12.pem", False),
        ("https://evil.io/sns.us-east-1.amazonaws.com/SimpleNotificationService-ab12.pem", False),
        ("https://sns.us-east-1.amazonaws.com@evil.io/SimpleNotificationService-ab12.pem", False),
        ("https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-ab12.pem", False),
        ("https://s3.us-east-1.amazonaws.com/SimpleNotificationService-ab12.pem", False),
        ("https://sns.us-east-1.evil.amazonaws.com/SimpleNotificationService-ab12.pem", False),
        ("https://sns.us-east-1.amazonaws.com/x/SimpleNotificationService-ab12.pem", False),
        ("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-ab12.pem?x", False),
        ("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-ab12.pem\n", False),
    ],
)
def test_a_certificate_is_on_a_host_of_amazon_s_alone(url: str, *, is_amazon_s: bool) -> None:
    body = json.dumps(sns.message("x", SigningCertURL=url)).encode()

    assert certified().certificate_url(body) == (url if is_amazon_s else "")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b" " * 3_000_000, b'{"Type": 1}'])
def test_a_body_that_is_no_message_names_no_certificate(body: bytes) -> None:
    assert certified().certificate_url(body) == ""
    assert not certified().is_signed(body, sns.certificate(), time.time())
    assert not RECEIVING.is_signed({}, body, ["", "x"], 0)


def test_a_confirmation_names_its_topic_and_where_it_is_confirmed() -> None:
    message = sns.confirmation()

    assert certified().speaker(message) == sns.TOPIC
    assert certified().confirmation_url(message) == message["SubscribeURL"]
    assert certified().confirmation_url(sns.confirmation("UnsubscribeConfirmation")) == ""
    assert certified().confirmation_url(sns.message("x")) == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.io/?Action=ConfirmSubscription",
        f"https://sns.us-east-1.amazonaws.com.evil.io/?Action=ConfirmSubscription&TopicArn={sns.TOPIC}",
        f"https://sns.us-east-1.amazonaws.com/?Action=Publish&TopicArn={sns.TOPIC}",
        f"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={sns.TOPIC}x",
        f"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Action=x&TopicArn={sns.TOPIC}",
        f"https://sns.us-east-1.amazonaws.com/x?Action=ConfirmSubscription&TopicArn={sns.TOPIC}",
    ],
)
def test_nothing_else_is_fetched_to_confirm(url: str) -> None:
    assert certified().confirmation_url(sns.confirmation(SubscribeURL=url)) == ""


def test_payloads_are_read_where_there_is_no_cryptography() -> None:
    """Only ingest, which verifies, has it in its image."""
    code = (
        "import sys; sys.modules['cryptography'] = None; from picket.effects import senders; "
        "print(len([senders.receiving(name).interpret for name in senders.names()]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert int(done.stdout) >= 10


def change(event: str, **detail: Any) -> dict[str, Any]:
    told = {"event": event, "repositoryName": "demo", "repositoryId": UUID, "referenceType": "branch"}
    return {
        "detail-type": "CodeCommit Repository State Change",
        "source": "aws.codecommit",
        "account": "123456789012",
        "time": "2026-06-12T10:23:43Z",
        "region": "us-east-2",
        "detail": {**told, "referenceName": "main", "referenceFullName": "refs/heads/main", **detail},
    }


def interpret(told: Any, kind: str = "Notification") -> Any:
    return RECEIVING.interpret(kind, sns.message(told))


@pytest.mark.parametrize(
    ("told", "before", "after"),
    [
        pytest.param(change("referenceCreated", commitId=NEW), ZERO, NEW, id="created"),
        pytest.param(change("referenceUpdated", commitId=NEW, oldCommitId=OLD), OLD, NEW, id="updated"),
        pytest.param(change("referenceUpdated", commitId=NEW), "", NEW, id="updated from what is not told"),
        pytest.param(change("referenceDeleted", oldCommitId=OLD), OLD, ZERO, id="deleted"),
    ],
)
def test_a_change_of_a_ref_is_a_push(told: dict[str, Any], before: str, after: str) -> None:
    assert interpret(told) == (Push(REPOSITORY, "refs/heads/main", before, after),)


def test_a_region_of_china_has_hosts_of_its_own() -> None:
    [meaning] = interpret({**change("referenceCreated", commitId=NEW), "region": "cn-north-1"})

    assert meaning.repository.url == "https://git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/demo"


def test_a_trigger_of_the_repository_tells_of_several_refs() -> None:
    references = [
        {"commit": NEW, "ref": "refs/heads/new", "created": True},
        {"commit": NEW, "ref": "refs/heads/main"},
        {"commit": OLD, "ref": "refs/heads/old", "deleted": True},
    ]
    arn = "arn:aws:codecommit:us-east-2:123456789012:demo"
    record = {"awsRegion": "us-east-2", "eventSourceARN": arn, "codecommit": {"references": references}}
    repository = Repository(URL, visibility="private")

    assert interpret({"Records": [record]}) == (
        Push(repository, "refs/heads/new", ZERO, NEW),
        Push(repository, "refs/heads/main", "", NEW),
        Push(repository, "refs/heads/old", "", ZERO),
    )


@pytest.mark.parametrize(
    "told",
    [
        change("unreferencedMergeCommitCreated", referenceFullName=None, commitId=NEW),
        change("referenceUpdated"),
        {"detail-type": "CodeCommit Pull Request State Change", "detail": {}},
        {},
        [],
        "This is a test of a trigger",
        "[" * 10_000,
        '{"a": "\\ud800"}',
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_nothing_reacts_to_is_ignored(told: Any) -> None:
    assert interpret(told) == (Ignored(),)


def test_what_sns_says_of_itself_is_a_ping() -> None:
    assert RECEIVING.interpret("SubscriptionConfirmation", dict(sns.confirmation())) == (Ping(),)


@pytest.mark.parametrize(
    ("told", "place"),
    [
        (change("referenceCreated", commitId="HEAD"), "commitId"),
        (change("referenceCreated", commitId=NEW, repositoryName="../x"), "repositoryName"),
        ({**change("referenceCreated", commitId=NEW), "region": "evil.io/"}, "region"),
        ({"Records": [{"eventSourceARN": "arn:aws:s3:::x", "codecommit": {}}]}, "eventSourceARN"),
        ({"Records": 7}, "Records"),
    ],
)
def test_what_does_not_fit_names_the_place(told: Any, place: str) -> None:
    with pytest.raises(Malformed, match=place):
        interpret(told)

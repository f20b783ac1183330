"""How Amazon SNS signs what it posts.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import StringConstraints, ValidationError

from picket.webhooks.payloads import Model, Text, Url

TOLERANCE_SECONDS = 2 * 3_600
"""How old a message may be: SNS tries for an hour at most. Source: "Amazon SNS message delivery retries"."""
_MOST_BYTES = 2 * 1024 * 1024
"""A message has 256 KiB at most, written as JSON in JSON."""
_HOST = r"https://sns\.[a-z]{2}[a-z0-9-]{1,30}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE = re.compile(_HOST + r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
_CONFIRMATION = re.compile(_HOST + r"/\?[A-Za-z0-9%&=:._~-]{1,2000}")
_CONFIRMS = "SubscriptionConfirmation"
Arn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]{0,20}:sns:[a-z0-9-]{1,32}:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$")
]


class Message(Model):
    """What SNS posts."""

    Type: Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
    MessageId: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]
    TopicArn: Arn
    Message: str
    Timestamp: Annotated[str, StringConstraints(max_length=40)]
    SignatureVersion: Literal["1", "2"]
    Signature: Text
    SigningCertURL: Url
    Subject: Text | None = None
    Token: Text | None = None
    SubscribeURL: Url | None = None

    def signed(self) -> bytes:
        """Return what is signed: names and values of some fields, a line each."""
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        if self.Type != "Notification":
            names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        fields = [(name, getattr(self, name)) for name in names]
        return "".join(f"{name}\n{value}\n" for name, value in fields if value is not None).encode()

    def is_fresh(self, clock: float) -> bool:
        """Return whether it was made about now."""
        try:
            made = datetime.fromisoformat(self.Timestamp)
        except ValueError:
            return False
        return made.tzinfo is not None and abs(clock - made.timestamp()) <= TOLERANCE_SECONDS


def certificate_url(body: bytes) -> str:
    """Return where the certificate of a message is; empty where it is not on a host of Amazon's."""
    message = _read(body)
    url = message.SigningCertURL if message else ""
    return url if _CERTIFICATE.fullmatch(url) else ""


def is_signed(body: bytes, certificate: bytes, clock: float) -> bool:
    """Return whether a message was signed for a certificate, and lately.

    Args:
        body: The message, raw.
        certificate: In PEM.
        clock: Unix time.
    """
    message = _read(body)
    if message is None or not message.is_fresh(clock):
        return False
    try:
        signature = base64.b64decode(message.Signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return _verified(certificate, signature, message.signed(), message.SignatureVersion)


def speaker(payload: dict[str, Any]) -> str:
    """Return the topic that a message is of; empty where it names none."""
    message = _checked(payload)
    return message.TopicArn if message else ""


def confirmation_url(payload: dict[str, Any]) -> str:
    """Return what is to be fetched so that a topic begins to send; empty where nothing is, or it is not Amazon's."""
    message = _checked(payload)
    if message is None or message.Type != _CONFIRMS or not _CONFIRMATION.fullmatch(message.SubscribeURL or ""):
        return ""
    query = parse_qs(urlsplit(message.SubscribeURL or "").query)
    wanted = {"Action": ["ConfirmSubscription"], "TopicArn": [message.TopicArn]}
    return (message.SubscribeURL or "") if all(query.get(name) == value for name, value in wanted.items()) else ""


def _read(body: bytes) -> Message | None:
    if len(body) > _MOST_BYTES:
        return None
    try:
        return _checked(json.loads(body))
    except (ValueError, RecursionError):
        return None


def _checked(payload: object) -> Message | None:
    try:
        return Message.model_validate(payload)
    except ValidationError:
        return None


def _verified(certificate: bytes, signature: bytes, signed: bytes, version: str) -> bool:
    # Only ingest verifies: the others, which read payloads, have no cryptography in their images.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415

    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303 - what SNS signs with by default
    try:
        key = x509.load_pem_x509_certificate(certificate).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True

"""Amazon SNS as far as a subscriber sees it: messages, signed for a certificate of its own, and who confirms."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from picket.effects import exchange
from picket.effects.exchange import Answer, Limits, Outgoing
from picket.effects.forge import transport

TOPIC = "arn:aws:sns:eu-central-1:123456789012:picket"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(of: Any = None) -> bytes:
    """Return a certificate of SNS's key, or another's, in PEM."""
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key((of or key()).public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return made.sign(key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def message(told: Any, kind: str = "Notification", *, version: str = "2", **more: str) -> dict[str, str]:
    """Return a message as SNS posts it, signed."""
    made = {
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": told if isinstance(told, str) else json.dumps(told),
        "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
        **more,
    }
    return signed(made)


def confirmation(kind: str = "SubscriptionConfirmation", topic: str = TOPIC, **more: str) -> dict[str, str]:
    """Return the message that asks whether a subscription is wanted."""
    query = urlencode({"Action": "ConfirmSubscription", "TopicArn": topic, "Token": "2336412f37"})
    url = f"https://sns.eu-central-1.amazonaws.com/?{query}"
    told = {"MessageId": "confirms", "TopicArn": topic, "Token": "2336412f37", "SubscribeURL": url, **more}
    return message("You have chosen …", kind, **told)


def signed(made: dict[str, str]) -> dict[str, str]:
    """Return a message with its signature."""
    names = _NOTIFICATION if made["Type"] == "Notification" else _CONFIRMATION
    text = "".join(f"{name}\n{made[name]}\n" for name in names if name in made)
    algorithm = hashes.SHA256() if made["SignatureVersion"] == "2" else hashes.SHA1()  # noqa: S303 - as SNS does
    signature = key().sign(text.encode(), padding.PKCS1v15(), algorithm)
    return {**made, "Signature": base64.b64encode(signature).decode()}


@dataclass
class Amazon:
    """What stands in for the hosts of SNS; it can be down, and is asked for certificates and confirmations."""

    asked: list[str] = field(default_factory=list)
    status: int = 200
    certificate: bytes = b""

    @property
    def confirmed(self) -> list[str]:
        """The topics that were confirmed."""
        queries = [parse_qs(urlsplit(url).query) for url in self.asked if "Action=ConfirmSubscription" in url]
        return [query["TopicArn"][0] for query in queries]

    def send(self, request: Outgoing, addresses: list[str], limits: Limits) -> Answer:
        """Stand in for `exchange.send`."""
        assert addresses == ["192.0.2.1"]
        assert limits.size < 10**6
        self.asked.append(request.url)
        return Answer(self.status, {}, (self.certificate or certificate()) if request.url.endswith(".pem") else b"")


def stand_in(monkeypatch: pytest.MonkeyPatch) -> Amazon:
    """Put something in the place of Amazon's hosts."""
    amazon = Amazon()
    monkeypatch.setattr(exchange, "send", amazon.send)
    monkeypatch.setattr(transport, "addresses", lambda _origin: ["192.0.2.1"])
    return amazon

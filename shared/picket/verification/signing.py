"""Signature version 4 of AWS.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key: its id, and its secret."""

    identity: str = field(repr=False)
    secret: str = field(repr=False)


def signed(method: str, url: str, body: bytes, access: Key, now: datetime) -> dict[str, str]:
    """Return the headers that sign a request with an access key.

    Args:
        method: Of the request.
        url: Without a query; its host begins with the name of the service.
        body: What is sent.
        access: What it is signed with.
        now: The time, in UTC.
    """
    parts = urlsplit(url)
    service = parts.netloc.partition(".")[0]
    moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    names = "host;x-amz-date"
    canonical = "\n".join(
        [method, parts.path or "/", "", f"host:{parts.netloc}", f"x-amz-date:{moment}", "", names, _hash(body)]
    )
    scope = f"{day}/{_REGION}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, _hash(canonical.encode())])
    key = f"AWS4{access.secret}".encode()
    for part in (day, _REGION, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"Credential={access.identity}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {"X-Amz-Date": moment, "Authorization": f"AWS4-HMAC-SHA256 {credential}"}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

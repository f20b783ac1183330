"""A webhook of the receiver's own, signed as Standard Webhooks.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping

from picket.notices.channel import Channel, Notice, Request

_PREFIX = "whsec_"
_SHORTEST_KEY, _LONGEST_KEY = 24, 64
"""Bytes, as the specification asks."""


def _check(config: Mapping[str, str]) -> str:
    if not config["url"].startswith(("https://", "http://")):
        return "url must be an http URL"
    key = _key(config["secret"])
    if key is None or not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        return f"secret must be {_PREFIX} and {_SHORTEST_KEY} to {_LONGEST_KEY} bytes in base64"
    return ""


def _render(config: Mapping[str, str], notice: Notice, clock: int) -> Request:
    told = {"reason": notice.reason, "message": notice.message, "repository": notice.repository}
    data = {**told, "findings": [dict(one) for one in notice.findings], "count": notice.count}
    body = json.dumps({"type": "finding.notice", "timestamp": notice.at, "data": data}).encode()
    signed = f"{notice.id}.{clock}.".encode() + body
    signature = base64.b64encode(hmac.new(_key(config["secret"]) or b"", signed, hashlib.sha256).digest()).decode()
    headers = {"Content-Type": "application/json", "webhook-id": notice.id, "webhook-timestamp": str(clock)}
    return Request(config["url"], {**headers, "webhook-signature": f"v1,{signature}"}, body)


def _key(secret: str) -> bytes | None:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True) if secret.startswith(_PREFIX) else None
    except binascii.Error:
        return None


CHANNEL = Channel(needs=("url", "secret"), check=_check, render=_render)

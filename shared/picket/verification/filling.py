"""From a template and what is filled into it to a request that can be sent.

A value comes out of a repository, so it is hostile: it is encoded for where it goes, and what could change a request's
shape or host is refused.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlencode, urlsplit

from picket.verification.model import Template
from picket.verification.signing import Key, signed

_HOST = re.compile(r"(?=.{4,253}$)[a-z0-9]([a-z0-9-]{0,62}\.)+[a-z]{2,63}", re.IGNORECASE)
_LONGEST = 8_192
"""Bytes of a value; servers take no longer header."""


class Unfit(ValueError):
    """A value cannot be sent where the template wants it; says where, never what."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a provider. All of it but the host may hold the secret."""

    method: str = field(repr=False)
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    host: str


def fill(template: Template, values: Mapping[str, str], now: datetime) -> Call:
    """Make the request of a template.

    Args:
        template: What to send.
        values: What stands for its names; `host` among them where the template has one.
        now: The time, for a signature.

    Raises:
        Unfit: A value has characters, or a length, that cannot go where it should.
    """
    if any(len(value.encode("utf-8", "surrogateescape")) > _LONGEST for value in values.values()):
        raise Unfit("a value is too long to be sent")
    host = template.host.format_map(values)
    if not _HOST.fullmatch(host):
        raise Unfit("the host is none")
    url = template.url.format_map({**_quoted(values), "host": host})
    if urlsplit(url).hostname != host.lower():
        raise Unfit("the URL leads to another host")
    headers = {name: _header(text.format_map(values), name) for name, text in template.headers.items()}
    if template.basic:
        user, password = (text.format_map(values) for text in template.basic)
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    body = b""
    if template.form is not None:
        body = urlencode({name: text.format_map(values) for name, text in template.form.items()}).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if template.json_ is not None:
        body = json.dumps(_filled(template.json_, values)).encode()
        headers["Content-Type"] = "application/json"
    call = Call(template.method, url, {"User-Agent": "picket", "Accept": "*/*", **headers}, body, host)
    return signed_call(call, values, now) if template.sign else call


def signed_call(call: Call, values: Mapping[str, str], now: datetime) -> Call:
    """Return *call* with the headers of its signature."""
    identity = values.get("access_key_id", values["secret"])
    secret = values.get("secret_access_key", values["secret"])
    key = Key(_header(identity, "access key id"), secret)
    added = signed(call.method, call.url, call.body, key, now)
    return Call(call.method, call.url, {**call.headers, **added}, call.body, call.host)


def _quoted(values: Mapping[str, str]) -> dict[str, str]:
    return {name: quote(value, safe="", errors="surrogateescape") for name, value in values.items()}


def _header(text: str, name: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise Unfit(f"the secret has characters that the header {name} cannot hold")
    return text


def _filled(value: object, values: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return value.format_map(values)
    if isinstance(value, dict):
        return {name: _filled(each, values) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(each, values) for each in value]
    return value

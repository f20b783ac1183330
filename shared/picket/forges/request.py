"""A request to a forge's API, without sending it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request; headers and body may hold a secret."""

    method: Method
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


def with_json(
    method: Method, url: str, payload: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Request:
    """Return a request whose body is JSON."""
    return Request(method, url, {**(headers or {}), "Content-Type": "application/json"}, json.dumps(payload).encode())

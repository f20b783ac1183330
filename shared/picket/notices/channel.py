"""What a notice says, and what a channel makes of it: a request to send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told.

    `id` is the same however often it is sent; `at` is when it arose (RFC 3339). `findings` tell id, kind, rule,
    severity, confidence, path, line and state of the first hundred of `count`; none of them holds a secret or an
    address of a person.
    """

    id: str
    at: str
    repository: str
    reason: str
    message: str
    findings: tuple[Mapping[str, Any], ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """A POST that delivers a notice."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Channel:
    """One type of channel.

    Attributes:
        needs: Names of its settings, beside `type`.
        check: Says what is wrong with its settings; empty if nothing is.
        render: From its settings, the notice and the Unix time to the request.
    """

    needs: tuple[str, ...]
    check: Callable[[Mapping[str, str]], str]
    render: Callable[[Mapping[str, str], Notice, int], Request]

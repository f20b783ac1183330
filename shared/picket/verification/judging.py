"""What a provider's answer says of a credential. The answer is hostile, too: it may name the secret, or nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from picket.verification.model import Condition, Json, Result, Verifier

_LONGEST_TEXT = 200
_MOST_SCOPES = 50
_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a credential now; `reason` says why it is unknown, or in what way it is dead."""

    result: Result
    reason: str = ""
    owner: str = ""
    scopes: tuple[str, ...] = ()


def judge(verifier: Verifier, status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Judge an answer to a verifier's request.

    Args:
        verifier: What was asked.
        status: Of the answer.
        headers: Of the answer, with lower-case names.
        body: As far as it was read.
    """
    told = parsed(body)
    if fits(verifier.live, status, told, body):
        owner, scopes = _found(verifier.owner, headers, told), _texts(_found(verifier.scopes, headers, told))
        name = str(owner) if isinstance(owner, str | int) and not isinstance(owner, bool) else ""
        return Verdict("live", owner=name if _is_short(name) else "", scopes=tuple(scopes[:_MOST_SCOPES]))
    if fits(verifier.dead, status, told, body):
        return Verdict("dead", f"{verifier.provider} does not accept it ({status})")
    return Verdict("unknown", f"{verifier.provider} answered {status}, which says neither")


def fits(conditions: Sequence[Condition], status: int, told: object, body: bytes) -> bool:
    """Return whether an answer meets one of *conditions*.

    Args:
        conditions: What to meet.
        status: Of the answer.
        told: The body as JSON, None if it is none.
        body: The body.
    """
    is_page = body.lstrip()[:1] == b"<"  # of a proxy, a firewall, a login: a status alone may be theirs
    return any(
        status in each.status
        and each.contains.encode() in body
        and all(_equal(at(told, path), value) for path, value in each.json_.items())
        and not (is_page and not each.contains and not each.json_)
        for each in conditions
    )


def at(told: object, path: str) -> object:
    """Return what stands at a dotted path of a JSON document; None if nothing does."""
    for part in path.split("."):
        if isinstance(told, dict):
            told = told.get(part)
        elif isinstance(told, list) and part.isdigit() and int(part) < len(told):
            told = told[int(part)]
        else:
            return None
    return told


def without(verdict: Verdict, secrets: Iterable[str]) -> Verdict:
    """Return a verdict that quotes none of *secrets*, whatever the provider's answer did."""
    hidden = [secret for secret in secrets if secret]

    def is_clean(text: str) -> bool:
        return not any(secret in text for secret in hidden)

    owner = verdict.owner if is_clean(verdict.owner) else ""
    return Verdict(verdict.result, verdict.reason, owner, tuple(scope for scope in verdict.scopes if is_clean(scope)))


def parsed(body: bytes) -> object:
    """Return a body as JSON; None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _equal(found: object, value: Json) -> bool:
    return type(found) is type(value) and found == value


def _found(where: str, headers: Mapping[str, str], told: object) -> object:
    """Return what stands at a header, or at a dotted path of the body."""
    if where.startswith("header:"):
        return headers.get(where.removeprefix("header:").lower(), "")
    return at(told, where) if where else None


def _texts(found: object) -> list[str]:
    """Return the scopes that an answer tells: in a text, a list, or an object of those that are given."""
    some: list[object] = []
    if isinstance(found, str):
        some = list(_SEPARATORS.split(found.strip()))
    elif isinstance(found, list):
        some = found
    elif isinstance(found, dict):
        some = [name for name, is_given in found.items() if is_given is True]
    return [text for text in some if isinstance(text, str) and text and _is_short(text)]


def _is_short(text: str) -> bool:
    return text.isprintable() and len(text) <= _LONGEST_TEXT

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
        owner = _texts(verifier.owner, headers, told)
        scopes = _texts(verifier.scopes, headers, told)
        return Verdict("live", owner=owner[0] if owner else "", scopes=tuple(scopes[:_MOST_SCOPES]))
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
    return any(
        status in each.status
        and each.contains.encode() in body
        and all(_equal(at(told, path), value) for path, value in each.json_.items())
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


def _texts(where: str, headers: Mapping[str, str], told: object) -> list[str]:
    """Return the short, printable texts that stand at a header or a dotted path."""
    if not where:
        return []
    name = where.removeprefix("header:")
    found = headers.get(name.lower(), "") if name != where else at(told, where)
    if isinstance(found, str):
        some = _SEPARATORS.split(found.strip()) if name != where or " " in found else [found]
    elif isinstance(found, list):
        some = [each for each in found if isinstance(each, str)]
    elif isinstance(found, dict):
        some = [name for name, is_given in found.items() if is_given is True]
    else:
        some = [str(found)] if isinstance(found, int) and not isinstance(found, bool) else []
    return [text for text in some if text and text.isprintable() and len(text) <= _LONGEST_TEXT]

"""Asking a provider about a leaked credential: what is asked, and where, is data of ours (`picket.verification`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Protocol

from picket.effects import providers
from picket.effects.exchange import Answer
from picket.errors import PermanentError, TransientError
from picket.settings import settings
from picket.verification import verifier_for
from picket.verification.filling import Call, Unfit, fill
from picket.verification.judging import Verdict, fits, judge, parsed, without
from picket.verification.model import Revocation, Template, Verifier
from picket.verification.nearby import Around, combinations, hosts, is_at_another_port, parts

LATER = timedelta(hours=1)
"""When a provider that did not answer is asked again."""
SOON = timedelta(minutes=5)
"""When a provider is asked about what it was asked to revoke."""
_LONGEST_PAUSE = timedelta(days=1)
_SLOW_DOWN = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Host:
    """Whose host is asked; `is_certain`: what it does not know is dead."""

    name: str
    is_named: bool = False
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking; `pause` is how long not to ask again, where the provider says so."""

    verdict: Verdict
    pause: timedelta = timedelta(0)


class Postponed(Exception):
    """Others are asking the provider: its turn has not come."""


class Turns(Protocol):
    """Lets hosts be asked in turn."""

    def take(self, host: str) -> bool:
        """Take the next turn with a host; False if it has not come."""

    def leave(self, host: str, pause: timedelta) -> None:
        """Leave a host alone for some time."""


def unknown(reason: str, pause: timedelta = timedelta(0)) -> Asked:
    """Say why nothing is known."""
    return Asked(Verdict("unknown", reason), pause)


def verify(rule: str, secret: str, around: Around, turns: Turns = providers) -> Asked:
    """Ask the provider whether a secret still works.

    Raises:
        Postponed: It is not asked now; nothing was sent.
    """
    verifier = verifier_for(rule)
    if verifier is None:
        return unknown("nobody is known who could be asked")
    host = _host(verifier, around)
    if isinstance(host, Asked):
        return host
    asked: list[Asked] = []
    for values in _values(verifier, secret, around, host):
        try:
            asked.append(_once(verifier, values, host, turns))
        except Postponed:
            if not asked:
                raise
            return unknown("other pairs are still to be tried", LATER)
        if asked[-1].verdict.result == "live":
            return asked[-1]
    return _together(verifier, asked)


def _together(verifier: Verifier, asked: list[Asked]) -> Asked:
    """Return what is known where no pair works; of several, none may be the right one."""
    if len(asked) == 1:
        return asked[0]
    if asked:
        reason = f"{verifier.provider} accepts none of the pairs that were found near it"
        return unknown(reason, max(one.pause for one in asked))
    wanted = ", ".join(verifier.pairs)
    return unknown(f"its {wanted} was not found near it" if wanted else "it has another shape than is known")


def revoke(rule: str, secret: str, around: Around, turns: Turns = providers) -> Asked:
    """Ask the provider to make a secret invalid. Whether it did is then for `verify` to see, some minutes later.

    Raises:
        Postponed: It is not asked now; nothing was sent.
    """
    verifier = verifier_for(rule)
    if verifier is None or verifier.revoke is None:
        return unknown("its provider offers no revocation that is known")
    host = _host(verifier, around)
    if isinstance(host, Asked):
        return host
    if verifier.revoke.request.host not in {"{host}", host.name or verifier.request.host}:
        return unknown(f"it may belong to {host.name}, and is revoked at {verifier.revoke.request.host} only")
    found = list(_values(verifier, secret, around, host))
    if len(found) != 1:
        return unknown("what the revocation needs was not found near it, or more than once")
    return _revoked(verifier.provider, verifier.revoke, found[0], host, turns)


def _revoked(provider: str, how: Revocation, values: dict[str, str], host: Host, turns: Turns) -> Asked:
    answer = _answer(how.request, values, host, turns)
    if isinstance(answer, Asked):
        return answer
    if fits(how.done, answer.status, parsed(answer.body), answer.body):
        return unknown(f"{provider} was asked to revoke it, and is asked about it next", SOON)
    return unknown(f"{provider} answered {answer.status} to the revocation", _pause(answer))


def _once(verifier: Verifier, values: dict[str, str], host: Host, turns: Turns) -> Asked:
    answer = _answer(verifier.request, values, host, turns)
    if isinstance(answer, Asked):
        return answer
    verdict = without(judge(verifier, answer.status, answer.headers, answer.body), values.values())
    if verdict.result == "dead" and not host.is_certain:
        return unknown(
            f"{host.name} does not accept it, and it may belong to a host that PICKET_VERIFY_HOSTS would name"
        )
    return Asked(verdict, _pause(answer))


def _answer(template: Template, values: dict[str, str], host: Host, turns: Turns) -> Answer | Asked:
    """Send a request; where there is no answer, say why nothing is known."""
    try:
        call = fill(template, values, datetime.now(UTC))
    except Unfit as error:
        return unknown(str(error))
    if not turns.take(call.host):
        raise Postponed
    answer = _sent(call, host)
    if isinstance(answer, Answer) and (pause := _pause(answer)):
        turns.leave(call.host, pause)
    return answer


def _sent(call: Call, host: Host) -> Answer | Asked:
    try:
        return providers.ask(call, is_named=host.is_named)
    except TransientError as error:
        return unknown(str(error), LATER)
    except PermanentError as error:
        return unknown(str(error))


def _values(verifier: Verifier, secret: str, around: Around, host: Host) -> Iterator[dict[str, str]]:
    """Return what may be filled into the verifier's requests."""
    own = parts(verifier, secret)
    if own is not None:
        for pair in combinations(verifier, around):
            yield {**pair, **own, "secret": secret, "host": host.name}


def _host(verifier: Verifier, around: Around) -> Host | Asked:
    """Return whose host to ask, or why that is not known."""
    if verifier.host is None:
        return Host("")
    own, near = verifier.host.default, hosts(verifier, around)
    others = [name for name in near if name != own]
    if others:
        admitted = next((name for name in others if _is_admitted(name)), None)
        if admitted is None:
            return unknown(f"it may belong to {others[0][:100]}, which PICKET_VERIFY_HOSTS does not name")
        if is_at_another_port(admitted, verifier.request.port, around):
            return unknown(f"{admitted[:100]} is named with another port than is asked")
        return Host(admitted, is_named=True, is_certain=len(near) == 1)
    if not own:
        return unknown("the host that it belongs to was not found near it")
    return Host(own, is_certain=own in near or _is_admitted(own))


def _is_admitted(host: str) -> bool:
    return any(fnmatchcase(host, pattern.lower()) for pattern in settings().verify_hosts)


def _pause(answer: Answer) -> timedelta:
    """Return how long a provider wants to be left alone."""
    if answer.status not in _SLOW_DOWN:
        return timedelta(0)
    told = answer.headers.get("retry-after", "")
    return min(timedelta(seconds=int(told)), _LONGEST_PAUSE) if told.isdigit() and len(told) < 8 else LATER  # noqa: PLR2004 - digits of a number of seconds

"""Asking a provider about a leaked credential: what is asked, and where, is data of ours (`picket.verification`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from picket.effects import providers
from picket.effects.exchange import Answer
from picket.errors import PermanentError, TransientError
from picket.settings import settings
from picket.verification import verifier_for
from picket.verification.filling import Call, Unfit, fill
from picket.verification.judging import Verdict, fits, judge, parsed, without
from picket.verification.model import Template, Verifier
from picket.verification.nearby import Around, combinations, hosts, parts

LATER = timedelta(hours=1)
"""When a provider that did not answer is asked again."""
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


Takes = Callable[[str], bool]
"""Takes a turn with a host; False if it has not come."""


def unknown(reason: str, pause: timedelta = timedelta(0)) -> Asked:
    """Say why nothing is known."""
    return Asked(Verdict("unknown", reason), pause)


def verify(rule: str, secret: str, around: Around, takes_turn: Takes = providers.takes_turn) -> Asked:
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
    verdicts: list[Asked] = []
    for values in _values(verifier, secret, around, host):
        asked = _once(verifier, values, host, takes_turn)
        if asked.verdict.result == "live":
            return asked
        verdicts.append(asked)
    if not verdicts:
        wanted = ", ".join(verifier.pairs)
        return unknown(f"its {wanted} was not found near it" if wanted else "it has another shape than is known")
    return next((one for one in verdicts if one.verdict.result == "unknown"), verdicts[0])


def revoke(rule: str, secret: str, around: Around, takes_turn: Takes = providers.takes_turn) -> Asked:
    """Ask the provider to make a secret invalid; dead if it did.

    Raises:
        Postponed: It is not asked now; nothing was sent.
    """
    verifier = verifier_for(rule)
    if verifier is None or verifier.revoke is None:
        return unknown("its provider offers no revocation that is known")
    host = _host(verifier, around)
    if isinstance(host, Asked):
        return host
    values = next(_values(verifier, secret, around, host), None)
    if values is None:
        return unknown("what the revocation needs was not found near it")
    answer = _answer(verifier.revoke.request, values, host, takes_turn)
    if isinstance(answer, Asked):
        return answer
    if fits(verifier.revoke.done, answer.status, parsed(answer.body), answer.body):
        return Asked(Verdict("dead", f"{verifier.provider} has revoked it"))
    return unknown(f"{verifier.provider} answered {answer.status} to the revocation", _pause(answer))


def _once(verifier: Verifier, values: dict[str, str], host: Host, takes_turn: Takes) -> Asked:
    answer = _answer(verifier.request, values, host, takes_turn)
    if isinstance(answer, Asked):
        return answer
    verdict = without(judge(verifier, answer.status, answer.headers, answer.body), values.values())
    if verdict.result == "dead" and not host.is_certain:
        return unknown(
            f"{host.name} does not accept it, and it may belong to a host that PICKET_VERIFY_HOSTS would name"
        )
    return Asked(verdict, _pause(answer))


def _answer(template: Template, values: dict[str, str], host: Host, takes_turn: Takes) -> Answer | Asked:
    """Send a request; where there is no answer, say why nothing is known."""
    try:
        call = fill(template, values, datetime.now(UTC))
    except Unfit as error:
        return unknown(str(error))
    if not takes_turn(call.host):
        raise Postponed
    return _sent(call, host)


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
        return Host(admitted, is_named=True)
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

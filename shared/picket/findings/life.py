"""The life of a finding: its states, who may move it from one to another, and what each move leaves behind.

A finding is *open* until a person or the policy accepts it for some time, or calls it a false positive, or until it is
fixed. One that comes back after that is open again: a new episode, with a due date of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from picket.errors import Conflict, Malformed
from picket.findings.stored import Changes

State = Literal["open", "accepted", "fixed", "false-positive"]
STATES: tuple[State, ...] = get_args(State)
Actor = Literal["person", "policy", "report", "verification", "scan", "clock"]
"""Who moves a finding: a person, the policy, a tool's report, a check with the provider, a scan that meets it, time."""

REASONS = ("test-data", "remediated", "not-applicable", "not-supported", "false-positive", "risk-accepted")
"""Reasons with a meaning of their own; any other text is a reason, too."""
DUE_DAYS: Mapping[str, int] = {"critical": 7, "high": 30, "medium": 90, "low": 120, "unknown": 30, "info": 120}
"""How long a finding may stay open, by severity, unless `PICKET_DUE_DAYS` says otherwise."""
MAX_ACCEPTED = timedelta(days=366)
MAX_HISTORY = 200
"""Moves and comments that a finding keeps; its newest."""

_FORMER: Mapping[str, State] = {"exempt": "accepted", "resolved": "fixed"}
"""States as former versions stored and named them."""

_ANYBODY: frozenset[Actor] = frozenset(get_args(Actor))
_DECIDES: frozenset[Actor] = frozenset({"person", "policy"})
_MENDS: frozenset[Actor] = frozenset({"person", "policy", "report", "verification"})

MOVES: Mapping[tuple[State, State], frozenset[Actor]] = {
    ("open", "accepted"): _DECIDES,
    ("open", "false-positive"): _DECIDES,
    ("open", "fixed"): _MENDS,
    ("accepted", "accepted"): _DECIDES,  # for longer, or for another reason
    ("accepted", "open"): _DECIDES | {"clock"},
    ("accepted", "false-positive"): _DECIDES,
    ("accepted", "fixed"): _MENDS,
    ("fixed", "open"): _ANYBODY - {"clock"},
    ("fixed", "false-positive"): frozenset({"person"}),
    ("false-positive", "open"): _DECIDES | {"verification"},
    ("false-positive", "accepted"): frozenset({"person"}),
    ("false-positive", "fixed"): frozenset({"person"}),
}
"""Which moves there are, and who may make them. What a tool goes on reporting stays accepted or a false positive."""

_OUT_OF_SIGHT: frozenset[State] = frozenset({"fixed", "false-positive"})
"""Coming back from these begins a new episode."""


@dataclass(frozen=True, slots=True)
class Move:
    """What is to become of a finding, and why: *to* a state, *by* whom, in which role.

    `until` is when an acceptance ends (RFC 3339); `rule` the policy rule that decides, empty for anybody else.
    """

    to: State
    actor: Actor
    by: str
    reason: str = ""
    comment: str = ""
    until: str = ""
    rule: str = ""


def named(state: str) -> State:
    """Return the state that *state* names, in today's spelling or a former one.

    Raises:
        Malformed: It names no state.
    """
    found = _FORMER.get(state, state)
    if found not in STATES:
        raise Malformed(f"a finding is {', '.join(STATES[:-1])} or {STATES[-1]}")
    return found


def stored_as(state: State) -> list[str]:
    """Return how findings in *state* may be stored: what is stored as accepted may be open again."""
    same = [state, *(former for former, present in _FORMER.items() if present == state)]
    return [*same, *stored_as("accepted")] if state == "open" else same


def state_of(finding: Mapping[str, Any], now: datetime) -> State:
    """Return the state of a stored finding as of *now*: an acceptance that has run out no longer counts."""
    state = named(finding["state"])
    return "open" if state == "accepted" and has_run_out(finding, now) else state


def has_run_out(finding: Mapping[str, Any], now: datetime) -> bool:
    """Return whether the acceptance of a finding has ended by *now*."""
    return datetime.fromisoformat(finding["exemption"]["until"]) <= now


def opened_at(finding: Mapping[str, Any]) -> str:
    """Return when the present episode began, RFC 3339."""
    return str(finding.get("opened_at") or finding["created_at"])


def due_at(finding: Mapping[str, Any], due_days: Mapping[str, int]) -> str:
    """Return when an open or accepted finding is due, RFC 3339; empty for one that is neither.

    Args:
        finding: As stored.
        due_days: Days by severity.
    """
    state = named(finding["state"])
    if state in _OUT_OF_SIGHT:
        return ""
    days = due_days.get(finding["severity"], due_days["unknown"])
    return _text(datetime.fromisoformat(opened_at(finding)) + timedelta(days=days))


def moved(finding: Mapping[str, Any], move: Move, now: datetime) -> Changes:
    """Return the fields that *move* sets in a stored finding, one line of its history (`entry`) among them.

    Raises:
        Conflict: There is no such move from where the finding is, or not by that actor.
        Malformed: An acceptance without an end, or one that is not in the next 366 days.
    """
    at, by_clock = _text(now), move.actor == "clock"
    state = named(finding["state"]) if by_clock else state_of(finding, now)
    if move.actor not in MOVES.get((state, move.to), frozenset()):
        raise Conflict(_refusal(state, move))
    fields: Changes = {"state": move.to, "accepted_until": ""}
    if not by_clock:  # what has run out is kept: the policy that gave it must not give it anew
        fields["exemption"] = None
    if move.to == "accepted":
        until = _end(move.until, now)
        fields["exemption"] = {
            "reason": move.reason,
            "approver": move.by,
            "rule": move.rule,
            "comment": move.comment,
            "decided_at": at,
            "until": until,
        }
        fields["accepted_until"] = f"at {until}"
    if move.to == "fixed":
        fields |= {"resolved_at": at, "resolved_by": move.by}
    elif finding.get("resolved_at"):
        fields |= {"resolved_at": "", "resolved_by": ""}
    if move.to == "open" and state in _OUT_OF_SIGHT:
        fields |= {"episode": finding.get("episode", 1) + 1, "opened_at": at}
    return {**fields, "entry": entry(move.by, at, old=state, move=move)}


def entry(by: str, at: str, *, old: str = "", move: Move | None = None) -> dict[str, str]:
    """Return a line of a finding's history: who, when, and what was done; empty members are left out."""
    told: dict[str, str] = {}
    if move is not None:
        told = {"from": old, "to": move.to, "actor": move.actor, "reason": move.reason}
        told |= {"comment": move.comment, "until": move.until, "rule": move.rule}
    return {"at": at, "by": by, **{name: text for name, text in told.items() if text}}


def _refusal(state: State, move: Move) -> str:
    allowed = [to for (start, to), actors in MOVES.items() if start == state and move.actor in actors and to != state]
    if state == move.to:
        return f"the finding is {state} already"
    return f"a finding that is {state} can become {' or '.join(allowed)}, not {move.to}"


def _end(until: str, now: datetime) -> str:
    """Read when an acceptance ends: a date is the end of that day, in UTC."""
    if not until:
        raise Malformed("until: an accepted finding needs an end")
    try:
        found = datetime.fromisoformat(until)
    except ValueError:
        raise Malformed("until: not a date or time of RFC 3339") from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if len(until) == len("2026-01-01") and found < now + MAX_ACCEPTED:
        found += timedelta(days=1)
    if not now < found <= now + MAX_ACCEPTED:
        raise Malformed(f"until: must be within the next {MAX_ACCEPTED.days} days")
    return _text(found)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

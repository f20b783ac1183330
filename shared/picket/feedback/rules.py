"""Feedback rules: their schema in YAML."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from picket.errors import Malformed
from picket.events import ScanKind, Severity
from picket.feedback.fields import complaint

Scalar = str | bool | int | float | None
ExemptionReason = Literal[
    "test-data", "remediated", "not-applicable", "not-supported", "false-positive", "risk-accepted"
]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Operators(_Model):
    """Conditions on one field; all of those given must hold. Globs know `**`; regexes search, and are Python's."""

    glob: str | tuple[str, ...] | None = None
    regex: str | None = None
    lt: float | None = None
    le: float | None = None
    gt: float | None = None
    ge: float | None = None
    exists: bool | None = None
    not_: Scalar | tuple[Scalar, ...] = Field(default=(), alias="not")

    @field_validator("regex")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
        return pattern


Condition = Operators | tuple[Scalar, ...] | Scalar
"""A value (equal), a list (one of), or operators."""


class Set(_Model):
    """Set a finding's severity or confidence."""

    severity: Severity | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None


class Exempt(_Model):
    """Discount a finding, for a reason, until some day."""

    reason: ExemptionReason
    days: Annotated[int, Field(gt=0, le=366)]
    approver: str = ""


class Scan(_Model):
    """Request a scan of the finding's repository."""

    kind: ScanKind = "integral"


class Notify(_Model):
    """Tell somebody: a structured log line."""

    message: Annotated[str, Field(max_length=500)]


class Action(_Model):
    """One thing to do."""

    set: Set | None = None
    exempt: Exempt | None = None
    scan: Scan | None = None
    notify: Notify | None = None


class Rule(_Model):
    """If every condition of `match` holds, do the actions."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    description: str = ""
    match: Annotated[dict[str, Condition], Field(min_length=1)]
    actions: Annotated[tuple[Action, ...], Field(min_length=1)]


class _File(_Model):
    version: Literal[1]
    rules: tuple[Rule, ...]
    disabled: tuple[str, ...] = ()


def parse_rules(text: str, *, name: str) -> tuple[tuple[Rule, ...], frozenset[str]]:
    """Read a file of feedback rules.

    Args:
        text: YAML.
        name: What to call the file in an error.

    Returns:
        The rules, and the ids of shipped rules the file turns off.

    Raises:
        Malformed: It is not YAML, or not that schema, or a rule names a field that is never there; names file, place
            and reason.
    """
    try:
        found = _File.model_validate(yaml.safe_load(text))
    except (RecursionError, OverflowError):
        raise Malformed(f"{name}: nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Malformed(f"{name}: not YAML{f' at line {mark.line + 1}' if mark else ''}") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise Malformed(f"{name}: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}") from None
    except ValueError as error:  # YAML's own types: a date that is none
        raise Malformed(f"{name}: {error}") from None
    for rule in found.rules:
        for field in rule.match:
            if wrong := complaint(field):
                raise Malformed(f"{name}: rule {rule.id}: {wrong}")
    return found.rules, frozenset(found.disabled)


def combined(team: str = "", *, name: str = "") -> tuple[Rule, ...]:
    """Return the shipped rules and then the team's; a team's rule replaces a shipped one of the same id.

    Raises:
        Malformed: As `parse_rules`, or the team's file turns off a rule that there is not.
    """
    shipped, _ = parse_rules(files("picket.feedback").joinpath("defaults.yaml").read_text(), name="defaults.yaml")
    own, disabled = parse_rules(team, name=name) if team else ((), frozenset[str]())
    if unknown := sorted(disabled - {rule.id for rule in shipped}):
        raise Malformed(f"{name}: disabled: there is no shipped rule {unknown[0][:100]}")
    replaced = disabled | {rule.id for rule in own}
    return (*(rule for rule in shipped if rule.id not in replaced), *own)


Context = dict[str, Any]

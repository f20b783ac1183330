"""The policy: rules that react to findings, and which decisions of people need a second one. One YAML file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import cached_property
from importlib.resources import files
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from picket.errors import Malformed
from picket.events import AssetType, ScanKind, Severity
from picket.events.spelling import today
from picket.findings.life import State
from picket.policy.fields import complaint
from picket.policy.templates import FILLED, fields_of

Scalar = str | bool | int | float | None
ExemptionReason = Literal[
    "test-data", "remediated", "not-applicable", "not-supported", "false-positive", "risk-accepted"
]


ToolName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


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
    """Request a scan of the finding's asset, or of another one that the finding names, by these tools or the policy's.

    `asset_value` is a template: `{field}` stands for a field of the finding, and what is filled in must be the name of
    an asset of that type.
    """

    kind: ScanKind = "full"
    asset_type: Literal["domain", "host", "url"] | None = None
    asset_value: Annotated[str, Field(max_length=500)] = ""
    tools: tuple[ToolName, ...] = ()

    @model_validator(mode="after")
    def _names_what_it_scans(self) -> Scan:
        if bool(self.asset_type) != bool(self.asset_value):
            raise ValueError("asset_type and asset_value go together")
        if unknown := sorted(fields_of(self.asset_value) - FILLED):
            raise ValueError(f"a template has no field {unknown[0][:100]!r}; these are: {', '.join(sorted(FILLED))}")
        return self


class RunTools(_Model):
    """Have tools look at the finding's asset: the same as a scan by these tools."""

    run: Annotated[tuple[ToolName, ...], Field(min_length=1)]


class Notify(_Model):
    """Tell somebody: by a structured log line, or through a channel of `PICKET_CHANNELS`."""

    message: Annotated[str, Field(max_length=500)]
    channel: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")] = ""


class Verify(_Model):
    """Ask the provider whether a leaked credential still works, and again after so many hours until it does not."""

    every_hours: Annotated[int, Field(ge=1, le=24 * 366)] = 24


class Action(_Model):
    """One thing to do."""

    set: Set | None = None
    exempt: Exempt | None = None
    scan: Scan | None = None
    tool: RunTools | None = None
    notify: Notify | None = None
    verify: Verify | None = None


class Rule(_Model):
    """If every condition of `match` holds, do the actions."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    description: str = ""
    match: Annotated[dict[str, Condition], Field(min_length=1)]
    actions: Annotated[tuple[Action, ...], Field(min_length=1)]

    @field_validator("match")
    @classmethod
    def _in_todays_spelling(cls, match: dict[str, Condition]) -> dict[str, Condition]:
        return {name: _respelled(condition) if name == "scan.kind" else condition for name, condition in match.items()}


def _respelled(condition: Condition) -> Condition:
    """Return what is asked of a scan's kind in today's spelling."""
    match condition:
        case str():
            return today(condition)
        case tuple():
            return tuple(today(each) if isinstance(each, str) else each for each in condition)
        case Operators() if "not_" in condition.model_fields_set:
            return condition.model_copy(update={"not_": _respelled(condition.not_)})
        case _:
            return condition


class Approval(_Model):
    """Which decisions of a person wait for another one: moves to these states, of findings of these severities."""

    states: Annotated[tuple[State, ...], Field(min_length=1)] = ("accepted",)
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = ("critical", "high")


class Statuses(_Model):
    """Which new findings fail a commit at its forge."""

    severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = ("critical", "high")
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.6


class Tools(_Model):
    """Which third-party tools look at what without being asked; `*` stands for all that are deployed.

    Each condition that is given must hold: the kind of asset, the kind of scan, one of the teams, one of the files.
    """

    run: Annotated[tuple[Annotated[str, Field(pattern=r"^(\*|[a-z0-9][a-z0-9-]{0,63})$")], ...], Field(min_length=1)]
    asset_types: Annotated[tuple[AssetType, ...], Field(min_length=1)] = ("repository",)
    scans: Annotated[tuple[ScanKind, ...], Field(min_length=1)] = ("full", "scheduled", "push")
    teams: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Policy(_Model):
    """A policy file, as its YAML says."""

    version: Literal[1]
    rules: tuple[Rule, ...] = ()
    disabled: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()
    statuses: Statuses = Statuses()
    tools: tuple[Tools, ...] = (Tools(run=("*",), asset_types=get_args(AssetType)),)

    @cached_property
    def digest(self) -> str:
        """Hash of all that the policy says, however it is written: 64 hex digits."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True, exclude_unset=True), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def tools_for(self, asset_type: AssetType, scan: str, teams: Iterable[str]) -> tuple[Tools, ...]:
        """Return what is said of scans of a kind, of assets of a kind and of these teams."""
        mine = frozenset(teams)
        return tuple(
            one
            for one in self.tools
            if asset_type in one.asset_types and scan in one.scans and (not one.teams or mine.intersection(one.teams))
        )

    def needs_approval(self, state: State, severity: str) -> bool:
        """Return whether moving a finding of *severity* to *state* waits for a second person."""
        return any(state in each.states and severity in each.severities for each in self.approvals)


def parse_policy(text: str, *, name: str) -> Policy:
    """Read a policy file.

    Args:
        text: YAML.
        name: What to call the file in an error.

    Raises:
        Malformed: It is not YAML, or not that schema, or a rule names a field that is never there; names file, place
            and reason.
    """
    try:
        found = Policy.model_validate(yaml.safe_load(text))
    except (RecursionError, OverflowError):
        raise Malformed(f"{name}: nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Malformed(f"{name}: not YAML{f' at line {mark.line + 1}' if mark else ''}") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise Malformed(f"{name}: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}") from None
    except ValueError as error:  # YAML's own types: an impossible date
        raise Malformed(f"{name}: {error}") from None
    for rule in found.rules:
        for field in rule.match:
            if wrong := complaint(field):
                raise Malformed(f"{name}: rule {rule.id}: {wrong}")
    return found


def combined(team: str = "", *, name: str = "") -> Policy:
    """Return the shipped policy with the team's added; a team's rule replaces a shipped one of the same id.

    Raises:
        Malformed: As `parse_policy`, or the team's file turns off a rule that does not exist.
    """
    shipped = parse_policy(files("picket.policy").joinpath("defaults.yaml").read_text(), name="defaults.yaml")
    own = parse_policy(team, name=name) if team else Policy(version=1)
    if unknown := sorted(set(own.disabled) - {rule.id for rule in shipped.rules}):
        raise Malformed(f"{name}: disabled: there is no shipped rule {unknown[0][:100]}")
    replaced = {*own.disabled, *(rule.id for rule in own.rules)}
    rules = (*(rule for rule in shipped.rules if rule.id not in replaced), *own.rules)
    approvals = (*shipped.approvals, *own.approvals)
    said = {name: getattr(own, name) for name in ("statuses", "tools") if name in own.model_fields_set}
    return Policy(version=1, rules=rules, approvals=approvals, **said)


Context = dict[str, Any]

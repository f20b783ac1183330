"""Does a rule match? And why, or why not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from picket.events.spelling import today
from picket.policy.rules import Condition, Context, Operators, Rule, Tools

_ABSENT = object()
_MAX_TEXT = 4_096
"""Fields are hostile input: a pattern looks at this many characters at the most."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition: the field, what was wanted, what is there, and whether it holds."""

    field: str
    wanted: str
    found: str
    holds: bool


def explain(rule: Rule, context: Context) -> tuple[Verdict, ...]:
    """Judge every condition of *rule* on *context*, a nested mapping such as `{"finding": {...}, "event": {...}}`."""
    return tuple(
        Verdict(name, _show(condition), _show(_look_up(context, name)), _holds(condition, _look_up(context, name)))
        for name, condition in rule.match.items()
    )


def matches(rule: Rule, context: Context) -> bool:
    """Return whether every condition of *rule* holds."""
    return all(_holds(condition, _look_up(context, name)) for name, condition in rule.match.items())


def is_for(tools: Tools, files: Iterable[str]) -> bool:
    """Return whether what is said of tools holds of a repository with these files."""
    patterns = [_glob(glob) for glob in tools.files]
    return not patterns or any(pattern.fullmatch(path) for path in files for pattern in patterns)


def _look_up(context: Context, name: str) -> object:
    value: Any = context
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return _ABSENT
        value = value[part]
    return today(value) if name == "scan.kind" else value


def _holds(condition: Condition, value: object) -> bool:
    if isinstance(value, list | tuple):
        # A list field matches where one of its members does, as labels and tags should.
        return any(_holds(condition, member) for member in value)
    if isinstance(condition, Operators):
        return _operators_hold(condition, value)
    if isinstance(condition, tuple):
        return any(_equal(wanted, value) for wanted in condition)
    return _equal(condition, value)


def _operators_hold(wanted: Operators, value: object) -> bool:
    present = value is not _ABSENT and value is not None
    tests = [
        (wanted.exists is not None, present == wanted.exists),
        (wanted.glob is not None, present and any(_glob(p).fullmatch(_text(value)) for p in _globs(wanted))),
        (wanted.regex is not None, present and re.search(wanted.regex or "", _text(value)) is not None),
        ("not_" in wanted.model_fields_set, not _holds(wanted.not_, value)),
        (wanted.lt is not None, _compares(value, lambda number: number < (wanted.lt or 0))),
        (wanted.le is not None, _compares(value, lambda number: number <= (wanted.le or 0))),
        (wanted.gt is not None, _compares(value, lambda number: number > (wanted.gt or 0))),
        (wanted.ge is not None, _compares(value, lambda number: number >= (wanted.ge or 0))),
    ]
    return all(result for asked, result in tests if asked)


def _compares(value: object, test: Any) -> bool:  # noqa: ANN401 - a predicate
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(test(value))


def _equal(wanted: object, value: object) -> bool:
    if value is _ABSENT:
        return wanted is None
    return wanted == value and isinstance(wanted, bool) == isinstance(value, bool)


def _globs(wanted: Operators) -> tuple[str, ...]:
    return (wanted.glob,) if isinstance(wanted.glob, str) else (wanted.glob or ())


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    """Translate a glob: `**/` any folders, `*` and `?` within one name."""
    tokens = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    table = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(table.get(token, re.escape(token)) for token in tokens), re.DOTALL)


def _text(value: object) -> str:
    return str(value)[:_MAX_TEXT]


def _show(value: object) -> str:
    if value is _ABSENT:
        return "(absent)"
    if isinstance(value, Operators):
        return str(value.model_dump(exclude_unset=True, by_alias=True))
    return str(list(value)) if isinstance(value, tuple) else repr(value)[:200]

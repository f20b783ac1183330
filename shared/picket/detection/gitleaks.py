"""Reading rules in gitleaks' TOML schema, a team's own or the shipped ones.

Source: https://github.com/gitleaks/gitleaks#configuration. Keys of ours, which gitleaks ignores, stand flat in a
rule: `provider, credential, category, severity, confidence, specificity, before, after, prefilter, prefixes, checks,
encoding, everyGroup, reach, lookback, remediation, docURL`; `model.Rule` says what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, get_args

from picket.detection.checks import CHECKS
from picket.detection.encodings import SECRETS
from picket.detection.linear import Linear, Matcher
from picket.detection.model import Allowlist, Required, Rule, Ruleset, Severity, Specificity
from picket.detection.syntax import compile_pattern
from picket.errors import Malformed

DEPTH = 2
"""How deep `[extend]` may nest. Source: gitleaks' own limit."""

Row = Mapping[str, Any]
Read = Callable[[str], str]

_TEXTS = {
    "id": "id",
    "description": "description",
    "regex": "pattern",
    "path": "path",
    "provider": "provider",
    "credential": "credential",
    "category": "category",
    "severity": "severity",
    "specificity": "specificity",
    "before": "before",
    "after": "after",
    "prefilter": "prefilter",
    "remediation": "remediation",
    "docURL": "doc_url",
    "encoding": "encoding",
}
_LISTS = {"keywords": "keywords", "tags": "tags", "prefixes": "prefixes", "checks": "checks"}
_NUMBERS = {
    "secretGroup": "secret_group",
    "entropy": "entropy",
    "confidence": "confidence",
    "reach": "reach",
    "lookback": "lookback",
}
_FLAGS = {"everyGroup": "every_group", "skipReport": "skip_report"}
_WHOLE = ("secret_group", "reach", "lookback")
_CHOICES: dict[str, tuple[str, ...]] = {
    "severity": get_args(Severity),
    "specificity": get_args(Specificity),
    "encoding": ("", *SECRETS),
}
_APPENDED = ("keywords", "tags", "allowlists", "required")
_TEAM_CHECKS = ("path",)  # a team's rules mean what they say; where they match only moves confidence


def rule_from(row: Row, *, base: Rule | None = None, verify: bool = True) -> Rule:
    """Make a rule of one `[[rules]]` table.

    Args:
        row: The table.
        base: A rule of the same id that it extends: scalars override it, keywords, tags and allow-lists append.
        verify: Compile its patterns to see that they are sound; the shipped rules are verified by tests.

    Raises:
        Malformed: A key has the wrong type, or the rule makes no sense; names the reason, not the rule.
    """
    given = _given(row)
    rule = _extended(base, given) if base else Rule(**{"checks": _TEAM_CHECKS, **_team_defaults(given), **given})
    if not verify:
        return rule
    rule = replace(rule, linear=rule.linear or bool(row.get("regex")))
    check_rule(rule)
    return rule


def _given(row: Row) -> dict[str, Any]:
    """Read what a `[[rules]]` table says, under the names of `Rule`."""
    given: dict[str, Any] = {"id": _typed(row, "id", str)}
    for key, name in _TEXTS.items():
        if key in row:
            given[name] = _typed(row, key, str)
    for key, name in _LISTS.items():
        if key in row:
            given[name] = _texts(row, key)
    for key, name in _NUMBERS.items():
        if row.get(key, 0) != 0:  # which says nothing, as in gitleaks
            given[name] = _typed(row, key, int, *(() if name in _WHOLE else (float,)))
    given |= {name: _typed(row, key, bool) for key, name in _FLAGS.items() if key in row}
    given["keywords"] = tuple(word.lower() for word in given.get("keywords", ()))
    given["allowlists"] = _allowlists(row)
    given["required"] = tuple(_required(each) for each in _tables(row, "required"))
    return given


def ruleset_from(
    document: Row, name: str, defaults: Callable[[], Ruleset], read: Read | None, depth: int = 0
) -> Ruleset:
    """Make a ruleset of a parsed gitleaks document; its digest is left empty.

    Args:
        document: The parsed TOML.
        name: What to call it in errors.
        defaults: Gives the rules that `extend.useDefault` means.
        read: Gives the text of the file that `extend.path` names.
        depth: How many documents extend to this one.

    Raises:
        Malformed: Names document, rule and reason.
    """
    with _naming(name):
        extend = _table(document, "extend")
        base = _base(extend, defaults, read, depth)
        disabled = set(_texts(extend, "disabledRules"))
        rules = {rule.id: rule for rule in base.rules if rule.id not in disabled}
        for number, row in enumerate(_tables(document, "rules"), start=1):
            with _naming(f"rule {row.get('id') or f'number {number}'}"):
                rule = rule_from(row, base=rules.get(str(row.get("id", ""))))
            rules[rule.id] = rule
        with _naming("allowlist"):
            allowlists = base.allowlists + _allowlists(document)
        _verify_references(rules, allowlists)
    return Ruleset(tuple(rules.values()), allowlists)


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Say in an error where it is."""
    try:
        yield
    except Malformed as error:
        raise Malformed(f"{what}: {error}") from None


def _base(extend: Row, defaults: Callable[[], Ruleset], read: Read | None, depth: int) -> Ruleset:
    from tomllib import TOMLDecodeError, loads  # noqa: PLC0415 - only a team's own file needs it

    if extend.get("useDefault") and extend.get("path"):
        raise Malformed("extend.useDefault and extend.path exclude each other")
    if extend.get("useDefault"):
        return replace(defaults(), digest="")
    if not extend.get("path"):
        return Ruleset(())
    path = _typed(extend, "path", str)
    if read is None or depth >= DEPTH:
        raise Malformed("extend.path cannot be followed here")
    try:
        document = loads(read(path))
    except (TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise Malformed(f"extend.path {path}: {error}") from None
    return ruleset_from(document, path, defaults, read, depth + 1)


def _extended(base: Rule, given: dict[str, Any]) -> Rule:
    for name in _APPENDED:
        known = getattr(base, name)
        given[name] = known + tuple(each for each in given.get(name, ()) if each not in known)
    if "pattern" in given:  # what was made for the old pattern does not hold for the new one
        given = {"prefilter": "", "lookback": 0, "before": "", "after": "", "prefixes": ()} | given
        given = {"checks": _TEAM_CHECKS} | given
    return replace(base, **given)


def _team_defaults(given: dict[str, Any]) -> dict[str, Any]:
    """Source of the name test: gitleaks itself tells generic rules by their id."""
    generic = "generic" in given.get("id", "")
    return {"specificity": "generic" if generic else "distinctive", "reach": 4096}


def check_rule(rule: Rule) -> None:
    """Check that a rule can be used.

    Raises:
        Malformed: Something in it is unknown, out of bounds, or does not compile.
    """
    if not rule.pattern and rule.path is None:
        raise Malformed("neither regex nor path is given")
    for what, choices in _CHOICES.items():
        if getattr(rule, what) not in choices:
            raise Malformed(f"{what} is none of {', '.join(filter(None, choices))}")
    if not 0 < rule.confidence < 1:
        raise Malformed("confidence is not between 0 and 1")
    unknown = [check for check in rule.checks if check not in CHECKS]
    if unknown:
        raise Malformed(f"no check is called {unknown[0]}")
    if rule.path is not None:
        with _naming("path does not compile"):
            Linear(rule.path)
    if rule.pattern:
        _verify_regex(rule)


def _verify_regex(rule: Rule) -> None:
    with _naming("regex does not compile"):
        compiled = _compiled(rule)
    if not 0 <= rule.secret_group <= compiled.groups:
        raise Malformed(f"secretGroup is {rule.secret_group}, the regex has {compiled.groups} groups")
    if compiled.match(b""):
        raise Malformed("the regex matches the empty string")


def _compiled(rule: Rule) -> Matcher:
    if rule.linear:
        return Linear(rule.pattern, rule.before, rule.after)
    try:
        return compile_pattern(rule.pattern, rule.before, rule.after)
    except (re.error, OverflowError, RecursionError) as error:
        raise Malformed(str(error)) from None


def _verify_references(rules: Mapping[str, Rule], allowlists: tuple[Allowlist, ...]) -> None:
    for rule in rules.values():
        for required in rule.required:
            if required.rule not in rules:
                raise Malformed(f"rule {rule.id}: it requires {required.rule}, which is no rule")
    for allowlist in allowlists:
        for target in allowlist.target_rules:
            if target not in rules:
                raise Malformed(f"allowlist: it targets {target}, which is no rule")


def _allowlists(row: Row) -> tuple[Allowlist, ...]:
    """Read `[[allowlists]]` and the older `[allowlist]`."""
    tables = _tables(row, "allowlists")
    older = row.get("allowlist")
    return tuple(_allowlist(each) for each in ([older] if isinstance(older, dict) else []) + tables)


def _allowlist(row: Row) -> Allowlist:
    condition = str(row.get("condition", "OR")).upper().replace("&&", "AND").replace("||", "OR")
    target = str(row.get("regexTarget") or "secret")
    if condition not in {"OR", "AND"}:
        raise Malformed("condition is neither OR nor AND")
    if target not in {"secret", "match", "line"}:
        raise Malformed("regexTarget is none of secret, match, line")
    texts = {
        field.name: _texts(row, {"target_rules": "targetRules"}.get(field.name, field.name))
        for field in fields(Allowlist)
        if field.name in {"commits", "paths", "regexes", "stopwords", "target_rules"}
    }
    for key in ("paths", "regexes"):
        for pattern in texts[key]:
            with _naming(f"allowlist {key}"):
                Linear(pattern)
    return Allowlist(str(row.get("description", "")), condition, regex_target=target, **texts)  # type: ignore[arg-type]


def _required(row: Row) -> Required:
    lines, columns = (_typed(row, key, int) if key in row else None for key in ("withinLines", "withinColumns"))
    return Required(_typed(row, "id", str), lines, columns)


def _typed(row: Row, key: str, *types: type) -> Any:  # noqa: ANN401 - what TOML holds
    value = row.get(key)
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise Malformed(f"{key} is not a {types[0].__name__}")
    return value


def _texts(row: Row, key: str) -> tuple[str, ...]:
    value = row.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Malformed(f"{key} is not a list of strings")
    return tuple(value)


def _tables(row: Row, key: str) -> list[Row]:
    value = row.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Malformed(f"{key} is not a list of tables")
    return value


def _table(row: Row, key: str) -> Row:
    value = row.get(key, {})
    if not isinstance(value, dict):
        raise Malformed(f"{key} is not a table")
    return value

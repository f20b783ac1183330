"""The shipped rules are sound, and the sources hold nothing that they find."""

from __future__ import annotations

import re._parser as parser  # type: ignore[import-not-found]
from functools import cache
from pathlib import Path

import pytest

import picket.detection
from picket.detection import Engine, Rule, default_ruleset
from picket.detection.gitleaks import _verify
from picket.detection.syntax import to_python

RULES = default_ruleset().rules
PACKAGE = Path(picket.detection.__file__).parent
SOURCES = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.toml"), *Path(__file__).parent.glob("*.py")]
OPEN_ENDED = 10_000
"""Bytes from which a match is long enough to be finished beyond its window."""


@cache
def engine() -> Engine:
    return Engine(default_ruleset())


def widths(pattern: str) -> tuple[int, int]:
    low, high = parser.parse(to_python(pattern)).getwidth()
    return int(low), int(high)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_shipped_rule_is_sound(rule: Rule) -> None:
    _verify(rule)
    assert rule.provider
    assert rule.credential
    assert rule.remediation
    assert rule.description
    assert "path" in rule.checks


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_window_reaches_back_to_where_a_match_starts(rule: Rule) -> None:
    """The prefilter reports an end; the start must lie no further back than the rule says."""
    least, most = widths(rule.pattern)
    assert least <= rule.reach
    seen = widths(rule.prefilter)[1] if rule.prefilter else most
    if seen < OPEN_ENDED:
        assert seen <= (rule.lookback or rule.reach)


def test_ids_are_unique_and_publishable_keys_are_information_only() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    public = [rule for rule in RULES if "publishable" in rule.id or rule.id.endswith("public-key")]
    assert len(public) >= 3
    assert {rule.severity for rule in public} == {"info"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_source_holds_what_looks_like_a_secret(path: Path) -> None:
    hits = engine().scan(path.read_bytes())
    assert [hit.rule.id for hit in hits if hit.confidence > 0.5] == []

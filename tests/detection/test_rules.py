"""Every shipped rule is sound, finds its format and leaves near misses alone; no source holds what they find."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.detection.promises import FORMATS, IN_CONTEXT, broken, engine
from tests.detection.structures import STRUCTURES

import picket.detection
from picket.detection import Rule, default_ruleset

RULES = default_ruleset().rules
PACKAGE = Path(picket.detection.__file__).parent
SOURCES = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.toml"), *Path(__file__).parent.glob("*.py")]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_shipped_rule_keeps_what_is_promised(rule: Rule) -> None:
    """See `tests/detection/promises.py`; a failure names each place, example and near miss."""
    wrong = broken(rule)

    assert not wrong, f"{rule.id} breaks {len(wrong)} promises:\n" + "\n".join(wrong)


def test_every_shipped_rule_has_examples() -> None:
    assert {rule.id for rule in RULES} == FORMATS.keys() | IN_CONTEXT.keys() | STRUCTURES.keys()


def test_ids_are_unique_and_publishable_keys_are_information_only() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    public = [rule for rule in RULES if "publishable" in rule.id or rule.id.endswith("public-key")]
    assert len(public) >= 3
    assert {rule.severity for rule in public} == {"info"}


def test_no_source_holds_what_looks_like_a_secret() -> None:
    hits = {
        path.name: [hit.rule.id for hit in engine().scan(path.read_bytes()) if hit.confidence > 0.5] for path in SOURCES
    }

    assert {name: found for name, found in hits.items() if found} == {}

"""Every format of the catalogue is served by a rule, or left out for a reason."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from picket.detection import default_ruleset

CATALOGUE = Path(__file__).parents[3] / "shared" / "facts" / "token-formats.csv"
LEFT_OUT = Path(__file__).parent / "left_out.txt"
SERVED = "served by "

Key = tuple[str, str]


def normalized(provider: str, credential: str) -> Key:
    one, two = (re.sub(r"[^a-z0-9]+", " ", text.lower()).strip() for text in (provider, credential))
    return one, two


def rules() -> dict[Key, str]:
    return {normalized(rule.provider, rule.credential): rule.id for rule in default_ruleset().rules}


def left_out() -> dict[Key, str]:
    lines = [line for line in LEFT_OUT.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    rows = [line.split("\t") for line in lines]
    assert all(len(row) == 3 for row in rows)
    return {normalized(provider, credential): reason for provider, credential, reason in rows}


def test_what_another_rule_serves_names_a_rule() -> None:
    ids = {rule.id for rule in default_ruleset().rules}
    named = [reason.removeprefix(SERVED) for reason in left_out().values() if reason.startswith(SERVED)]
    assert [name for name in named if name not in ids] == []
    assert len(named) >= 50


def test_no_format_is_both_left_out_and_served_by_a_rule_of_its_own() -> None:
    assert left_out().keys() & rules().keys() == set()


@pytest.mark.skipif(not CATALOGUE.is_file(), reason="the catalogue of formats is not beside this checkout")
def test_every_format_of_the_catalogue_is_served_or_left_out_for_a_reason() -> None:
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        formats = {normalized(row["provider"], row["credential"]) for row in csv.DictReader(file)}
    assert len(formats) > 1500
    assert formats - rules().keys() - left_out().keys() == set()
    assert left_out().keys() - formats == set()

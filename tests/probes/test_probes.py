"""Probes: each says what to do and where that is told, and an outcome is unknown where nothing is known."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.deployment import ROOT

from picket.probes import PROBES
from picket.probes.posture import checks, history_is_known, is_looked_at

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_says_what_to_do_and_its_link_leads_to_a_heading(name: str) -> None:
    probe = PROBES[name]
    document, _, wanted = probe.link.partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / document).read_text(), re.MULTILINE)

    assert probe.weight > 0
    assert probe.remediation.endswith(".")
    assert wanted in map(anchor, headings)


def test_what_is_not_known_is_never_passed() -> None:
    found = {check.id: check for check in checks({}, "r", NOW)}

    assert {name for name, check in found.items() if check.outcome == "pass"} == set()
    assert {name for name, check in found.items() if check.outcome == "unknown"} == set(PROBES) - {"owner-known"}
    assert all(check.reason for check in found.values())


@pytest.mark.parametrize(
    ("facts", "history", "looked_at"),
    [
        ({}, False, False),
        ({"scanned_at": (NOW - timedelta(days=1)).isoformat()}, False, True),
        ({"scanned_at": (NOW - timedelta(days=30)).isoformat()}, False, False),
        ({"history_scanned_at": NOW.isoformat(), "history_ruleset": "r"}, True, True),
        ({"history_scanned_at": NOW.isoformat(), "history_ruleset": "older"}, True, True),
        ({"history_scanned_at": NOW.isoformat(), "missing_refs": "1 of 2"}, False, False),
    ],
)
def test_what_is_evidence_of_a_look(facts: dict[str, str], *, history: bool, looked_at: bool) -> None:
    found = checks(facts, "r", NOW)

    assert (history_is_known(found), is_looked_at(found)) == (history, looked_at)

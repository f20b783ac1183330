"""Score model v1.1: the worked table, and what each factor does."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.there import there

from picket.findings.stored import Cost
from picket.probes.posture import Check, checks, coverage, rating
from picket.scoring.items import item
from picket.scoring.model import MODEL, Item, cap_of, combine, grade, penalty
from picket.scoring.score import cost, deltas, evaluate, evaluate_team, tally
from picket.scoring.stored import Evaluated

POSTURE_80 = (Check("one", 8.0, "pass", ""), Check("two", 2.0, "fail", ""))
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def costs(found: list[Item]) -> dict[str, Cost]:
    return {item.id: cost(item) for item in found}


def rated(found: list[Item], posture: tuple[Check, ...] = POSTURE_80) -> Evaluated:
    return evaluate(tally(costs(found).values()), posture)


def exact(score: Evaluated) -> float:
    """Return the exact score of what was looked at."""
    return there(score["exact"])


def items(count: int, severity: str, **more: object) -> list[Item]:
    return [replace(Item(f"{severity}-{n:03d}", "x", severity), **more) for n in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param([], 94.0, id="clean"),
        pytest.param(items(10, "low"), 85.8, id="ten lows"),
        pytest.param(items(1, "high"), 84.0, id="one high"),
        pytest.param(items(1, "critical"), 69.0, id="one critical"),
        pytest.param(items(3, "critical"), 57.1, id="three criticals"),
        pytest.param(items(1, "critical", is_live=True), 49.0, id="a live secret"),
        pytest.param(items(30, "medium"), 39.6, id="thirty mediums"),
        pytest.param(items(100, "high"), 24.0, id="a hundred highs"),
    ],
)
def test_the_worked_table_of_the_model(found: list[Item], expected: float) -> None:
    score = rated(found)

    assert (MODEL, score["posture"], score["score"]) == ("v1.1", 80.0, expected)


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        pytest.param({"is_live": True}, 1.5, id="a live secret"),
        pytest.param({"exploitability": 1.0}, 1.5, id="certain to be exploited"),
        pytest.param({"confidence": 0.75}, 0.75, id="as confident as that"),
        pytest.param({"confidence": 0.5}, 0.5, id="the least confidence"),
        pytest.param({"confidence": 0.49}, 0.0, id="what is not shown unless asked for"),
        pytest.param({"is_public": True}, 1.25, id="public repository"),
        pytest.param({"is_test": True, "is_public": True}, 0.5, id="test path"),
        pytest.param({"age_days": 7.0}, 1.0, id="within its time"),
        pytest.param({"age_days": 10.5}, 1.5, id="half a time overdue"),
        pytest.param({"age_days": 1000.0}, 2.0, id="long overdue"),
        pytest.param({"standing": "accepted"}, 0.0, id="exempt"),
        pytest.param({"standing": "fixed"}, 0.25, id="just resolved"),
        pytest.param({"standing": "fixed", "resolved_days": 30.0}, 0.125, id="resolved a month ago"),
        pytest.param({"standing": "fixed", "resolved_days": 90.0}, 0.0, id="resolved long ago"),
    ],
)
def test_each_factor_of_a_penalty(change: dict[str, object], factor: float) -> None:
    [changed] = items(1, "critical", **change)

    assert penalty(changed) == pytest.approx(10.0 * factor)


def test_test_certificates_that_nobody_is_sure_of_neither_cost_nor_cap_anything() -> None:
    doubtful = items(100, "high", confidence=0.35, is_test=True)

    assert rated(doubtful)["score"] == rated([])["score"]


@pytest.mark.parametrize(("confidence", "cap"), [(0.79, ""), (0.8, "critical")])
def test_only_what_is_likely_caps_the_score(confidence: float, cap: str) -> None:
    assert cap_of(Item("i", "x", "critical", confidence=confidence)) == cap
    assert cap_of(Item("i", "x", "critical", confidence=0.1, is_live=True)) == "live"


def test_without_a_look_there_is_no_score_and_without_a_whole_one_no_grade() -> None:
    never = evaluate(tally(()), checks({}, "digest", NOW))
    pushed = {"scanned_at": NOW.isoformat(), "delivered_at": NOW.isoformat(), "team": "t"}
    once = evaluate(tally(()), checks(pushed, "digest", NOW))

    assert (never["score"], never["exact"], never["score_without_exemptions"], never["grade"]) == (
        *(None, None, None),
        "unknown",
    )
    assert (once["score"] is None, once["grade"]) == (False, "unknown")


def test_an_overdue_high_caps_lower_than_a_high() -> None:
    [fresh], [overdue] = items(1, "high"), items(1, "high", age_days=31.0)

    assert combine(0, Counter([cap_of(fresh)]), 100) == 84.0
    assert combine(0, Counter([cap_of(overdue)]), 100) == 79.0


def test_the_score_is_shown_with_and_without_exemptions() -> None:
    score = rated(items(1, "critical", standing="accepted"))

    assert (score["score"], score["score_without_exemptions"]) == (94.0, 69.0)


@pytest.mark.parametrize(
    ("score", "share", "expected"),
    [(90, 1, "A"), (89.9, 1, "B"), (80, 1, "B"), (70, 1, "C"), (60, 1, "D"), (59.9, 1, "F"), (100, 0.49, "unknown")],
)
def test_grades_and_that_unknown_is_not_good(score: float, share: float, expected: str) -> None:
    assert grade(score, share) == expected


ANY_ITEM = st.builds(
    Item,
    id=st.uuids().map(str),
    label=st.just("x"),
    severity=st.sampled_from(["critical", "high", "medium", "low", "unknown", "info"]),
    confidence=st.floats(0, 1),
    age_days=st.floats(0, 400),
    is_live=st.booleans(),
    is_public=st.booleans(),
    is_test=st.booleans(),
    standing=st.sampled_from(["open", "accepted", "fixed", "false-positive"]),
    resolved_days=st.floats(0, 200),
)


@given(st.lists(ANY_ITEM, max_size=12), st.lists(ANY_ITEM, max_size=12), st.integers(0, 12))
def test_the_deltas_of_a_change_sum_to_it(before: list[Item], after: list[Item], kept: int) -> None:
    former, old, new = rated(before), costs(before), costs([*before[:kept], *after])
    weighs = tally(new.values(), tally(old.values(), former["tally"], sign=-1))
    score = evaluate(weighs, (Check("one", 1.0, "pass", ""), Check("two", 1.0, "fail", "")))

    moved = deltas(former, score, old, new)

    assert weighs == tally(new.values())

    assert sum(delta["delta"] for delta in moved) == pytest.approx(exact(score) - exact(former), abs=1e-4)


@given(st.lists(ANY_ITEM, max_size=20), ANY_ITEM)
def test_another_open_item_never_raises_the_score(found: list[Item], more: Item) -> None:
    with_it = rated([*found, replace(more, id="another")])

    assert 0 <= exact(with_it) <= exact(rated(found)) + 1e-9


def test_a_team_is_three_quarters_mean_and_a_quarter_its_weakest() -> None:
    team = evaluate_team([("a", 100.0, 1.0), ("b", 50.0, 3.0)])

    assert team.score == round(0.75 * (100 + 150) / 4 + 0.25 * 55.0, 1)
    assert evaluate_team([]).score is None


def test_an_exemption_that_has_run_out_counts_as_open() -> None:
    finding = {
        "_id": "f",
        "severity": "critical",
        "confidence": 1.0,
        "created_at": NOW.isoformat(),
        "state": "exempt",
        "first": {"path": "tests/a.py"},
        "evidence": {"rule": "r"},
        "exemption": {"until": (NOW + timedelta(days=1)).isoformat()},
    }

    assert item(finding, {}, NOW).standing == "accepted"
    assert item(finding, {}, NOW + timedelta(days=2)).standing == "open"
    assert item(finding, {"visibility": "public"}, NOW).is_test


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("tests/a.py", True),
        ("src/__tests__/a.ts", True),
        ("a/test_b.py", True),
        ("a/b.spec.ts", True),
        ("docs/examples/x.env", True),
        ("src/contest.py", False),
        ("latest/config.yml", False),
        ("src/attestation.go", False),
    ],
)
def test_which_paths_are_tests(path: str, *, is_test: bool) -> None:
    finding = {"_id": "f", "severity": "low", "confidence": 1.0, "created_at": NOW.isoformat(), "state": "open"}

    assert item({**finding, "first": {"path": path}, "evidence": {"rule": "r"}}, {}, NOW).is_test is is_test


def test_posture_counts_what_is_missing_as_nothing_and_shows_it_as_unknown() -> None:
    unknown = checks({}, "digest", NOW)
    watched = checks(
        {
            "history_scanned_at": "x",
            "history_ruleset": "digest",
            "scanned_at": NOW.isoformat(),
            "delivered_at": NOW.isoformat(),
            "team": "t",
        },
        "digest",
        NOW,
    )

    assert (rating(unknown), round(coverage(unknown), 3)) == (0.0, round(2.5 / 32.5, 3))
    assert (rating(watched), coverage(watched)) == (100.0, 1.0)


@pytest.mark.parametrize(
    ("field", "value", "check", "outcome"),
    [
        ("history_ruleset", "older", "history-scanned", "fail"),
        ("scanned_at", (NOW - timedelta(days=8)).isoformat(), "recent-scan", "unknown"),
        ("delivered_at", (NOW - timedelta(days=31)).isoformat(), "webhook-delivers", "unknown"),
        ("unannounced_at", NOW.isoformat(), "commits-announced", "fail"),
    ],
)
def test_stale_evidence_does_not_pass(field: str, value: str, check: str, outcome: str) -> None:
    found = checks({"history_scanned_at": "x", "history_ruleset": "d", field: value}, "d", NOW)

    assert next(one for one in found if one.id == check).outcome == outcome

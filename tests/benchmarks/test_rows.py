"""What the benchmarks make of their figures. No test asserts a time."""

import json
import sys

import pytest
from tests.benchmarks.processes import ChildFailed, measure
from tests.benchmarks.row import Row, as_json, number, percentile, ratio, table


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        pytest.param(Row("r", "m", 0.4, limit=0.5), "ok", id="below what it may be"),
        pytest.param(Row("r", "m", 0.5, limit=0.5), "ok", id="just what it may be"),
        pytest.param(Row("r", "m", 0.6, limit=0.5), "missed", id="above what it may be"),
        pytest.param(Row("r", "m", 0.6, limit=0.5, at_least=True), "ok", id="above what it must be"),
        pytest.param(Row("r", "m", 0.4, limit=0.5, at_least=True), "missed", id="below what it must be"),
        pytest.param(Row("r", "m", 0.4), "info", id="no budget"),
        pytest.param(Row("r", "m", limit=0.5), "later", id="nothing to measure yet"),
        pytest.param(Row("r", "m", 0.0, limit=0.5), "ok", id="zero is a value"),
    ],
)
def test_a_row_says_whether_its_budget_is_kept(row: Row, verdict: str) -> None:
    assert row.verdict == verdict


def test_a_ratio_is_ours_by_theirs() -> None:
    assert ratio(3.0, 2.0) == 1.5


@pytest.mark.parametrize("theirs", [0.0, -1.0])
def test_nothing_is_compared_with_nothing(theirs: float) -> None:
    with pytest.raises(ValueError, match="nothing to compare with"):
        ratio(1.0, theirs)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        pytest.param([5.0], 99, 5.0, id="one value is every percentile"),
        pytest.param(list(range(1, 101)), 50, 50, id="the middle"),
        pytest.param(list(range(100, 0, -1)), 99, 99, id="in any order"),
        pytest.param(list(range(1, 51)), 99, 50, id="of few values the largest"),
        pytest.param([1.0, 2.0], 0, 1.0, id="the smallest"),
    ],
)
def test_a_percentile_is_one_of_the_values(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.5, "1234"), (99.44, "99.4"), (0.12345, "0.123"), (2.0, "2"), (0.0, "0")],
)
def test_numbers_have_three_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_the_table_has_value_budget_verdict_and_what_was_measured() -> None:
    rows = [
        Row("scan", "engine against git", 0.75, limit=0.5, figures={"engine s": 1.5, "git s": 2.0}),
        Row("rate", "pushes", 0.5, limit=0.4, at_least=True),
        Row("memory", "peak", 120.0, unit="MB", limit=300.0),
        Row("hook", "one commit", unit="ms", limit=150.0, note="not there yet"),
    ]
    head, *lines = table(rows).splitlines()
    assert head.split() == ["what", "value", "budget", "verdict"]
    assert [" ".join(line.split()) for line in lines] == [
        "scan 0.75 x ≤ 0.5 x missed",
        "engine against git; engine s 1.5, git s 2",
        "rate 0.5 x ≥ 0.4 x ok",
        "pushes",
        "memory 120 MB ≤ 300 MB ok",
        "peak",
        "hook - ≤ 150 ms later",
        "one commit; not there yet",
    ]


def test_a_table_of_nothing_is_its_head() -> None:
    assert len(table([]).splitlines()) == 1


def test_the_json_has_every_row_with_its_verdict() -> None:
    rows = [Row("scan", "engine", 0.25, limit=0.5, figures={"engine s": 1.0}), Row("memory", "peak", 9.0, unit="MB")]
    document = json.loads(json.dumps(as_json(rows, {"cores": 2})))
    assert document["machine"] == {"cores": 2}
    assert document["rows"][0] == {
        "name": "scan",
        "measured": "engine",
        "value": 0.25,
        "unit": "x",
        "ratio": 0.25,
        "budget": 0.5,
        "budget_is": "at most",
        "verdict": "ok",
        "figures": {"engine s": 1.0},
        "note": "",
    }
    assert (document["rows"][1]["ratio"], document["rows"][1]["verdict"]) == (None, "info")


def test_a_child_that_fails_is_an_error_that_quotes_it() -> None:
    with pytest.raises(ChildFailed, match=r"ended with 1: no such thing"):
        measure([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_a_child_that_does_not_end_is_killed() -> None:
    with pytest.raises(ChildFailed, match="ended with -9"):
        measure([sys.executable, "-c", "import time; time.sleep(60)"], seconds=0.5)


def test_the_output_of_a_child_is_kept_when_asked_for() -> None:
    assert measure([sys.executable, "-c", "print('x')"], keep=True).output == "x\n"

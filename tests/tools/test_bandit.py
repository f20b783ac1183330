"""Bandit's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, written
from tests.support.reports.code import BANDIT

from picket.errors import Malformed


def test_a_result_is_a_weakness_at_its_lines() -> None:
    problem = only("bandit", BANDIT)
    [place] = problem.places
    assert (problem.kind, problem.rule, problem.cwe) == ("weakness", "B602", ("CWE-78",))
    assert (problem.severity, problem.confidence) == ("high", 0.7)
    assert (place.path, place.start_line, place.end_line) == ("app/views.py", 6, 7)
    assert problem.link.startswith("https://bandit.")


@pytest.mark.parametrize(
    ("severity", "confidence", "expected"),
    [
        ("LOW", "HIGH", ("low", 0.9)),
        ("MEDIUM", "LOW", ("medium", 0.4)),
        ("UNDEFINED", "UNDEFINED", ("medium", 0.8)),
        (None, None, ("medium", 0.8)),
    ],
)
def test_severity_and_confidence_are_two_things(severity: Any, confidence: Any, expected: tuple[str, float]) -> None:
    document = changed(BANDIT, "results", 0, "issue_severity", to=severity)
    problem = only("bandit", changed(document, "results", 0, "issue_confidence", to=confidence))
    assert (problem.severity, problem.confidence) == expected


def test_what_quotes_a_password_is_not_kept() -> None:
    password = "hunter" + "2-in-clear"
    result = BANDIT["results"][0] | {"issue_text": f"Possible hardcoded password: '{password}'", "code": password}
    assert password not in written(parsed("bandit", changed(BANDIT, "results", to=[result])))


def test_a_file_that_it_cannot_read_is_left_out() -> None:
    error = {"filename": "./app/broken.py", "reason": "syntax error while parsing AST from file"}
    [left_out] = parsed("bandit", changed(BANDIT, "errors", to=[error])).left_out
    assert left_out.where == "./app/broken.py"


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.py", "", "a\x00b"])
def test_a_path_elsewhere_is_left_out(path: str) -> None:
    report = parsed("bandit", changed(BANDIT, "results", 0, "filename", to=path))
    assert (report.problems, [one.where for one in report.left_out]) == ((), ["results[0]"])


def test_a_rule_too_long_to_keep_is_left_out_unquoted() -> None:
    report = parsed("bandit", changed(BANDIT, "results", 0, "test_id", to="<b>" * 1_000))
    assert not report.problems
    assert "<b>" not in written(report)


@pytest.mark.parametrize("value", [10**30, -1, "six", [], {}])
def test_a_line_that_is_none_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(Malformed, match=r"results\.0\.line_number"):
        parsed("bandit", changed(BANDIT, "results", 0, "line_number", to=value))


def test_a_link_that_runs_a_script_is_dropped() -> None:
    assert only("bandit", changed(BANDIT, "results", 0, "more_info", to="javascript:alert(1)")).link == ""


def test_a_run_is_complete_with_and_without_results_and_failed_otherwise() -> None:
    assert [incomplete("bandit", status) for status in (0, 1)] == ["", ""]
    assert "status 2" in incomplete("bandit", 2)
    assert "signal 9" in incomplete("bandit", -9)
    assert [failed("bandit", status) for status in (0, 1, 2, -9)] == [False, False, True, True]
    assert arguments("bandit")[:2] == ("--recursive", ".")

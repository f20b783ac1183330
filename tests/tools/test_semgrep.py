"""Semgrep's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, written
from tests.support.reports.code import SEMGREP

from picket.errors import Malformed

EXTRA = ("results", 0, "extra")


def test_a_result_is_a_weakness_called_without_the_path_of_its_rules_file() -> None:
    problem = only("semgrep", SEMGREP)
    [place] = problem.places
    assert (problem.kind, problem.rule, problem.cwe) == ("weakness", "shell-true", ("CWE-78",))
    assert (problem.severity, problem.confidence) == ("high", 0.7)
    assert (place.path, place.start_line, place.end_line, place.end_column) == ("app/views.py", 6, 7, 47)
    assert only("semgrep", changed(SEMGREP, "results", 0, "check_id", to="shell-true")).rule == "shell-true"


@pytest.mark.parametrize(
    ("word", "severity"),
    [("WARNING", "medium"), ("INFO", "low"), ("CRITICAL", "critical"), ("LOW", "low"), ("EXPERIMENT", "medium")],
)
def test_old_and_new_severities(word: str, severity: str) -> None:
    assert only("semgrep", changed(SEMGREP, *EXTRA, "severity", to=word)).severity == severity


def test_a_fingerprint_for_people_with_an_account_makes_no_two_results_one() -> None:
    twice = [*SEMGREP["results"], SEMGREP["results"][0] | {"path": "app/other.py"}]
    assert len(parsed("semgrep", changed(SEMGREP, "results", to=twice)).problems) == 2


@pytest.mark.parametrize(
    ("cwe", "expected"),
    [("CWE-89: SQL", ("CWE-89",)), (["CWE-89", "CWE-79", 7], ("CWE-79", "CWE-89")), (None, ()), ({"a": 1}, ())],
)
def test_a_weakness_is_a_text_or_a_list(cwe: Any, expected: tuple[str, ...]) -> None:
    assert only("semgrep", changed(SEMGREP, *EXTRA, "metadata", "cwe", to=cwe)).cwe == expected


def test_neither_message_nor_lines_are_kept() -> None:
    document = changed(SEMGREP, *EXTRA, "lines", to="the-code-itself")
    assert "the-code-itself" not in written(parsed("semgrep", document))


def test_errors_and_skipped_files_are_left_out() -> None:
    errors = [{"code": 3, "level": "warn", "type": ["PartialParsing", []], "path": "a.py"}, {"level": "error"}]
    skipped = [{"path": "big.py", "reason": "exceeded_size_limit"}, {"path": "x.md", "reason": "wrong_language"}]
    document = changed(changed(SEMGREP, "errors", to=errors), "paths", "skipped", to=skipped)
    found = [one.where for one in parsed("semgrep", changed(document, "skipped_rules", to=[{}])).left_out]
    assert found == ["a.py", "errors[1]", "big.py", "skipped_rules"]


def test_what_its_user_ignores_is_passed_over() -> None:
    assert parsed("semgrep", changed(SEMGREP, *EXTRA, "is_ignored", to=True)).problems == ()


def test_a_path_elsewhere_is_left_out() -> None:
    report = parsed("semgrep", changed(SEMGREP, "results", 0, "path", to="../x.py"))
    assert (report.problems, len(report.left_out)) == ((), 1)


@pytest.mark.parametrize("line", [10**20, -1, "x", []])
def test_a_line_that_is_none_is_refused(line: Any) -> None:
    with pytest.raises(Malformed, match=r"start\.line"):
        parsed("semgrep", changed(SEMGREP, "results", 0, "start", "line", to=line))


def test_runs() -> None:
    assert [incomplete("semgrep", status) for status in (0, 1)] == ["", ""]
    assert "rules" in incomplete("semgrep", 7)
    assert [failed("semgrep", status) for status in (0, 1, 2, 7)] == [False, False, True, True]
    said = arguments("semgrep", data="/data")
    assert {"--metrics=off", "--disable-version-check", "/data/rules"} <= set(said)

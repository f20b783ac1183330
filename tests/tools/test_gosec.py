"""gosec's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, running, written
from tests.support.reports.code import GOSEC

from picket.errors import Malformed
from picket.tools.running import Ended


def test_an_issue_is_a_weakness() -> None:
    problem = only("gosec", GOSEC)
    [place] = problem.places
    assert (problem.kind, problem.rule, problem.cwe) == ("weakness", "G204", ("CWE-78",))
    assert (problem.severity, problem.confidence) == ("high", 0.7)
    assert (place.path, place.start_line, place.end_line) == ("cmd/main.go", 12, 14)
    assert "the-code-itself" not in written(parsed("gosec", GOSEC))


@pytest.mark.parametrize(("line", "expected"), [("7", (7, 7)), ("1-2", (1, 2))])
def test_lines_are_text(line: str, expected: tuple[int, int]) -> None:
    [place] = only("gosec", changed(GOSEC, "Issues", 0, "line", to=line)).places
    assert (place.start_line, place.end_line) == expected


@pytest.mark.parametrize("line", ["", "x", "-1", "1-", "9" * 50, "\N{ARABIC-INDIC DIGIT ONE}"])
def test_a_line_that_is_none_is_left_out(line: str) -> None:
    report = parsed("gosec", changed(GOSEC, "Issues", 0, "line", to=line))
    assert (report.problems, len(report.left_out)) == ((), 1)


def test_absolute_paths_are_left_out() -> None:
    assert len(parsed("gosec", changed(GOSEC, "Issues", 0, "file", to="/src/cmd/main.go")).left_out) == 1


@pytest.mark.parametrize(("name", "value"), [("nosec", True), ("suppressions", [{"kind": "inSource"}])])
def test_what_is_suppressed_is_passed_over(name: str, value: Any) -> None:
    assert parsed("gosec", changed(GOSEC, "Issues", 0, name, to=value)).problems == ()


def test_what_does_not_compile_is_left_out() -> None:
    errors = {"bad.go": [{"line": 2, "column": 14, "error": "expected"}], "": [{"error": "x"}]}
    assert len(parsed("gosec", changed(GOSEC, "Golang errors", to=errors)).left_out) == 2


def test_other_shapes_are_refused() -> None:
    with pytest.raises(Malformed, match="Issues"):
        parsed("gosec", changed(GOSEC, "Issues", to="x"))
    assert parsed("gosec", changed(GOSEC, "Issues", to=None)).problems == ()


def test_runs() -> None:
    assert [incomplete("gosec", status) for status in (0, 1)] == ["", ""]
    assert [failed("gosec", status) for status in (0, 1, 2)] == [False, False, True]
    assert arguments("gosec")[-1] == "./..."


def test_a_run_without_packages_has_no_report_though_its_status_says_so() -> None:
    said = "[gosec] 2026/01/01 00:00:00 No packages found"
    assert "no Go packages" in incomplete("gosec", 1, said)
    assert running("gosec").failed(Ended(1, said))

"""Gitleaks' reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, written
from tests.support.reports.credentials import GITLEAKS, SECRET

from picket.errors import Malformed


def test_a_finding_is_a_secret_whose_value_is_never_written() -> None:
    problem = only("gitleaks", GITLEAKS)
    [place] = problem.places
    assert (problem.kind, problem.rule, problem.severity) == ("secret", "github-pat", "high")
    assert problem.secret == SECRET
    assert (place.path, place.start_line, place.start_column, place.end_column) == ("settings.py", 3, 10, 49)
    assert SECRET not in written(parsed("gitleaks", GITLEAKS))


def test_one_leak_with_two_fingerprints_has_one_value() -> None:
    again = GITLEAKS[0] | {"Commit": "a" * 40, "StartLine": 9, "EndLine": 9, "Fingerprint": "other"}
    assert {each.secret for each in parsed("gitleaks", [*GITLEAKS, again]).problems} == {SECRET}


@pytest.mark.parametrize("hidden", ["REDACTED", "gh...", "", None])
def test_a_value_that_is_hidden_is_none(hidden: Any) -> None:
    assert only("gitleaks", changed(GITLEAKS, 0, "Secret", to=hidden)).secret == ""


def test_a_file_elsewhere_is_left_out_and_the_secret_not_quoted() -> None:
    report = parsed("gitleaks", changed(GITLEAKS, 0, "File", to="/home/a/settings.py"))
    assert (report.problems, len(report.left_out)) == ((), 1)
    assert SECRET not in written(report)


@pytest.mark.parametrize("name", ["Secret", "StartLine", "File", "RuleID"])
def test_an_odd_value_is_refused_and_not_quoted(name: str) -> None:
    with pytest.raises(Malformed, match=name) as raised:
        parsed("gitleaks", changed(GITLEAKS, 0, name, to=[SECRET]))
    assert SECRET not in str(raised.value)


def test_runs() -> None:
    assert incomplete("gitleaks", 0) == ""
    assert incomplete("gitleaks", 0, "11:46AM ERR failed to read a file")
    assert incomplete("gitleaks", 126)
    assert [failed("gitleaks", status) for status in (0, 1)] == [False, True]
    assert arguments("gitleaks")[0] == "dir"

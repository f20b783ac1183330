"""Kingfisher's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, written
from tests.support.reports.credentials import KINGFISHER, SECRET

from picket.errors import Malformed

FINDING = ("findings", 0, "finding")


def test_a_finding_is_a_secret_whose_value_is_never_written() -> None:
    problem = only("kingfisher", KINGFISHER)
    [place] = problem.places
    assert (problem.kind, problem.rule, problem.confidence) == ("secret", "betterleaks.github-pat", 0.9)
    assert problem.secret == SECRET
    assert (place.path, place.start_line, place.start_column, place.end_column) == ("settings.py", 3, 10, 49)
    assert SECRET not in written(parsed("kingfisher", KINGFISHER))


def test_a_value_that_is_hidden_is_none() -> None:
    assert only("kingfisher", changed(KINGFISHER, *FINDING, "snippet", to="[REDACTED:481fc68b]")).secret == ""


def test_an_active_credential_is_graver() -> None:
    document = changed(KINGFISHER, *FINDING, "validation", "status", to="Active Credential")
    assert only("kingfisher", document).severity == "critical"


@pytest.mark.parametrize("name", ["scan_partial", "scan_failed", "pending"])
def test_what_it_did_not_look_at_is_left_out(name: str) -> None:
    [left_out] = parsed("kingfisher", changed(KINGFISHER, "audit", "summary", name, to=1)).left_out
    assert left_out.where.endswith(name)


def test_a_file_elsewhere_is_left_out() -> None:
    report = parsed("kingfisher", changed(KINGFISHER, *FINDING, "path", to="/tree/settings.py"))
    assert (report.problems, len(report.left_out)) == ((), 1)


@pytest.mark.parametrize("name", ["snippet", "line", "path"])
def test_an_odd_value_is_refused_and_not_quoted(name: Any) -> None:
    with pytest.raises(Malformed, match=name) as raised:
        parsed("kingfisher", changed(KINGFISHER, *FINDING, name, to=[SECRET]))
    assert SECRET not in str(raised.value)


def test_runs() -> None:
    assert [incomplete("kingfisher", status) for status in (0, 200)] == ["", ""]
    assert incomplete("kingfisher", 1)
    assert [failed("kingfisher", status) for status in (0, 200, 1)] == [False, False, True]
    assert {"--no-validate", "--no-update-check"} <= set(arguments("kingfisher"))

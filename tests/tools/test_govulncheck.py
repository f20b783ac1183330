"""govulncheck's reports and runs."""

import json
from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed
from tests.support.reports.vulnerabilities import GOVULNCHECK

from picket.errors import Malformed
from picket.tools import TOOLS
from picket.tools.reports import read


def test_findings_of_one_vulnerability_are_one_problem_at_the_repositorys_own_call() -> None:
    problem = only("govulncheck", GOVULNCHECK)
    assert (problem.advisory, problem.aliases) == ("CVE-2099-31", ("GHSA-2222-3333-6666", "GO-2099-0001"))
    assert (problem.component, problem.version, problem.fixed_in) == ("pkg:golang/example.com/a", "v1.2.0", "v1.2.3")
    assert (problem.severity, problem.confidence) == ("medium", 0.95)
    assert [(place.path, place.start_line) for place in problem.places] == [("main.go", 12)]


def test_what_is_not_called_is_less_sure() -> None:
    problem = only("govulncheck", GOVULNCHECK[:-1])
    assert (problem.confidence, problem.places) == (0.4, ())


def test_values_stand_one_behind_another_over_lines() -> None:
    body = "".join(json.dumps(value, indent=2) for value in GOVULNCHECK).encode()
    assert len(read(body, "govulncheck", "", TOOLS).problems) == 1


def test_a_finding_that_names_no_module_or_a_file_elsewhere_is_left_out() -> None:
    bare = [*GOVULNCHECK[:4], {"finding": {"osv": "GO-2099-0001", "trace": []}}]
    outside = changed(GOVULNCHECK, 5, "finding", "trace", 1, "position", "filename", to="/elsewhere/x.go")
    for document in (bare, outside):
        report = parsed("govulncheck", document)
        assert (report.problems, len(report.left_out)) == ((), 1)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", None, ""])
def test_without_a_database_nothing_is_found_and_all_seems_well(time: Any) -> None:
    document = changed(GOVULNCHECK[:2], 0, "config", "db_last_modified", to=time)
    assert len(parsed("govulncheck", document).left_out) == 1
    assert "database" in incomplete("govulncheck", 0, document=document)


@pytest.mark.parametrize("value", [7, {"osv": []}, {"osv": "x", "trace": [7]}])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="finding"):
        parsed("govulncheck", changed(GOVULNCHECK, 4, "finding", to=value))


def test_runs() -> None:
    assert incomplete("govulncheck", 0, document=GOVULNCHECK) == ""
    assert incomplete("govulncheck", 1, document=GOVULNCHECK)
    assert [failed("govulncheck", status) for status in (0, 1)] == [False, True]
    assert "file:///data/govulncheck" in arguments("govulncheck", data="/data")

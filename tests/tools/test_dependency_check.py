"""Dependency-Check's reports."""

from typing import Any

import pytest
from tests.support.reports import changed, only, parsed, written
from tests.support.reports.registries import DEPENDENCY_CHECK

from picket.errors import Malformed

DEPENDENCY = ("dependencies", 0)


def test_a_vulnerability_of_the_package_that_it_is_surest_of() -> None:
    problem = only("dependency-check", DEPENDENCY_CHECK)
    assert (problem.kind, problem.advisory) == ("vulnerability", "CVE-2099-8")
    assert (problem.component, problem.version) == ("pkg:maven/com.example/made-up", "1.2")
    assert (problem.severity, problem.cvss, problem.cwe) == ("critical", 9.8, ("CWE-502",))
    assert problem.confidence == 0.8


@pytest.mark.parametrize("packages", [[], None, [{"id": "cpe:/a:x"}]])
def test_without_a_package_it_is_of_the_file_and_a_guess(packages: Any) -> None:
    problem = only("dependency-check", changed(DEPENDENCY_CHECK, *DEPENDENCY, "packages", to=packages))
    assert (problem.component, problem.version, problem.confidence) == ("pkg:generic/made-up-1.2.jar", "", 0.4)


@pytest.mark.parametrize(
    ("path", "places"), [("/src/x.jar", []), ("lib/x.jar", ["lib/x.jar"]), ("../x.jar", []), (None, [])]
)
def test_a_place_is_kept_where_it_is_below_the_top(path: Any, places: list[str]) -> None:
    problem = only("dependency-check", changed(DEPENDENCY_CHECK, *DEPENDENCY, "filePath", to=path))
    assert [place.path for place in problem.places] == places


def test_what_is_suppressed_is_passed_over() -> None:
    assert "CVE-2099-9" not in written(parsed("dependency-check", DEPENDENCY_CHECK))


def test_an_error_of_the_analysis_makes_the_report_partial() -> None:
    exceptions = [{"exception": {"message": "no data at https://me:x@example.com"}}]
    report = parsed("dependency-check", changed(DEPENDENCY_CHECK, "scanInfo", "analysisExceptions", to=exceptions))
    assert [one.where for one in report.left_out] == ["scanInfo.analysisExceptions[0]"]
    assert "example.com" not in written(report)


def test_what_is_known_to_be_exploited() -> None:
    known = {"vulnerabilityName": "x"}
    document = changed(DEPENDENCY_CHECK, *DEPENDENCY, "vulnerabilities", 0, "knownExploitedVulnerability", to=known)
    assert only("dependency-check", document).is_exploited


def test_a_dependency_without_vulnerabilities() -> None:
    report = parsed("dependency-check", changed(DEPENDENCY_CHECK, *DEPENDENCY, "vulnerabilities", to=None))
    assert (report.problems, report.tool_version) == ((), "12.1.0")


@pytest.mark.parametrize("value", ["x", [7], {}])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="dependencies"):
        parsed("dependency-check", changed(DEPENDENCY_CHECK, "dependencies", to=value))

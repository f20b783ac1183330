"""Trivy's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, parsed, written
from tests.support.reports.vulnerabilities import TRIVY, TRIVY_OF_AN_IMAGE

from picket.errors import Malformed
from picket.findings.model import Problem
from picket.tools.trivy.report import check_id

VULNERABILITY = ("Results", 0, "Vulnerabilities", 0)
CHECK = ("Results", 1, "Misconfigurations", 0)


def by_kind(document: Any) -> dict[str, Problem]:
    return {problem.kind: problem for problem in parsed("trivy", document).problems}


def test_a_vulnerability() -> None:
    problem = by_kind(TRIVY)["vulnerability"]
    assert (problem.advisory, problem.aliases) == ("CVE-2099-5", ("GHSA-2222-3333-5555",))
    assert (problem.component, problem.version) == ("pkg:npm/%40a/lodash", "4.17.0")
    assert (problem.severity, problem.cvss, problem.cwe) == ("high", 7.5, ("CWE-1321",))
    assert problem.fixed_in == "4.17.1, 5.0.0"
    assert problem.places[0].path == "package-lock.json"


def test_a_distributions_advisory_is_of_many_vulnerabilities_and_no_alias() -> None:
    problem = next(each for each in parsed("trivy", TRIVY_OF_AN_IMAGE).problems if each.advisory == "CVE-2099-7")
    assert problem.aliases == ()


def test_an_images_packages_are_source_packages_and_files() -> None:
    """The target names image, tag and release: it is no place."""
    system, python = parsed("trivy", TRIVY_OF_AN_IMAGE).problems
    assert (system.component, system.places, system.severity) == ("pkg:deb/debian/openssl", (), "medium")
    assert python.component == "pkg:pypi/django"
    assert python.places[0].path.endswith("Django.dist-info/METADATA")


def test_a_language_without_a_file_has_no_place_in_an_image() -> None:
    document = changed(TRIVY_OF_AN_IMAGE, "Results", 1, "Vulnerabilities", 0, "PkgPath", to=None)
    assert parsed("trivy", document).problems[1].places == ()


@pytest.mark.parametrize(
    ("told", "today"),
    [
        ("KSV017", "KSV-0017"),
        ("AVD-KSV-0017", "KSV-0017"),
        ("KSV-0017", "KSV-0017"),
        ("DS002", "DS-0002"),
        ("AVD-AWS-0086", "AWS-0086"),
        ("my own check", "my own check"),
        ("", ""),
    ],
)
def test_a_check_is_spelt_in_one_way(told: str, today: str) -> None:
    assert check_id(told) == today


def test_a_failed_check() -> None:
    problem = by_kind(changed(TRIVY, *CHECK, "ID", to="AVD-KSV-0017"))["misconfiguration"]
    assert (problem.rule, problem.severity) == ("KSV-0017", "high")
    assert (problem.places[0].path, problem.places[0].start_line) == ("k8s/web.yaml", 12)


@pytest.mark.parametrize("status", ["PASS", "EXCEPTION"])
def test_a_check_that_did_not_fail_is_no_problem(status: str) -> None:
    assert "misconfiguration" not in by_kind(changed(TRIVY, *CHECK, "Status", to=status))


def test_what_is_not_affected_is_no_problem_and_what_will_not_be_fixed_is_one() -> None:
    assert "vulnerability" not in by_kind(changed(TRIVY, *VULNERABILITY, "Status", to="not_affected"))
    assert "vulnerability" in by_kind(changed(TRIVY, *VULNERABILITY, "Status", to="will_not_fix"))


def test_of_a_secret_the_line_is_not_kept() -> None:
    assert by_kind(TRIVY)["secret"].rule == "github-pat"
    assert "half-masked" not in written(parsed("trivy", TRIVY))


def test_empty_lists_are_not_written_or_null() -> None:
    without = {name: value for name, value in TRIVY.items() if name != "Results"}
    assert parsed("trivy", without).problems == ()
    assert parsed("trivy", changed(TRIVY, "Results", to=[{"Target": "x", "Vulnerabilities": None}])).problems == ()


def test_a_target_elsewhere_is_left_out() -> None:
    report = parsed("trivy", changed(TRIVY, "Results", 0, "Target", to="../../package-lock.json"))
    assert [one.where for one in report.left_out] == ["Results[0].Vulnerabilities[0]"]


def test_odd_scores_do_not_count() -> None:
    scores = {"ghsa": {"V3Score": 99.0}, "nvd": {"V3Score": 5.0, "V40Score": 6.5}}
    assert by_kind(changed(TRIVY, *VULNERABILITY, "CVSS", to=scores))["vulnerability"].cvss == 0.0
    other = changed(changed(TRIVY, *VULNERABILITY, "CVSS", to=scores), *VULNERABILITY, "SeveritySource", to="other")
    assert by_kind(other)["vulnerability"].cvss == 6.5


@pytest.mark.parametrize(("name", "value"), [("SchemaVersion", 1), ("SchemaVersion", "x"), ("Results", "x")])
def test_another_shape_is_refused(name: str, value: Any) -> None:
    with pytest.raises(Malformed, match=name):
        parsed("trivy", changed(TRIVY, name, to=value))


def test_runs() -> None:
    assert incomplete("trivy", 0) == ""
    assert incomplete("trivy", 1)
    assert [failed("trivy", status) for status in (0, 1)] == [False, True]
    assert {"--skip-db-update", "--offline-scan", "--disable-telemetry"} <= set(arguments("trivy", data="/d"))
    assert "/d/trivy" in arguments("trivy", data="/d")
    assert arguments("trivy", asset_type="image", archive="/a.tar")[-2:] == ("--input", "/a.tar")


def test_a_file_that_it_cannot_parse_makes_a_run_incomplete() -> None:
    """It ends with status 0 all the same."""
    line = "2026-01-01T00:00:00Z\tERROR\t"
    assert incomplete("trivy", 0, f'{line}[terraform parser] Error parsing file\tfile_path="bad.tf"\n')
    assert not incomplete("trivy", 0, f"{line}[misconfig] Falling back to embedded checks\terr=none\n")

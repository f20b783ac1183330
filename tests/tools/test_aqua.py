"""Aqua's reports."""

from typing import Any

import pytest
from tests.support.reports import changed, only, parsed, written
from tests.support.reports.credentials import SECRET
from tests.support.reports.platforms import AQUA, AQUA_FORMERLY

from picket.errors import Malformed
from picket.findings.model import Problem
from picket.tools import TOOLS

FOUND = ("resources", 0, "vulnerabilities", 0)


def problems(document: Any) -> list[Problem]:
    return list(parsed("aqua", document).problems)


def test_a_vulnerability_of_a_package_of_the_images_system() -> None:
    problem = problems(AQUA)[0]
    assert (problem.kind, problem.advisory) == ("vulnerability", "CVE-2099-7")
    assert (problem.component, problem.version, problem.fixed_in) == ("pkg:deb/debian/openssl", "3.0.9-1", "3.0.10-1")
    assert (problem.severity, problem.cvss, problem.places) == ("medium", 7.5, ())


def test_a_cpe_that_is_neither_cpe_nor_package_url_tells_the_ecosystem() -> None:
    assert problems(AQUA)[1].component == "pkg:npm/lodash"


@pytest.mark.parametrize("cpe", ["pkg:/npm", "pkg:/", "pkg:/npm:*", "", None])
def test_a_shorter_one_is_read_too(cpe: Any) -> None:
    document = changed(
        changed(AQUA, "resources", 1, "resource", "cpe", to=cpe), "resources", 2, "resource", "cpe", to=cpe
    )
    assert problems(document)[1].component.endswith("/lodash")


def test_what_is_at_several_paths_is_one_problem() -> None:
    found = [each for each in problems(AQUA) if each.advisory == "CVE-2099-5"]
    assert [[place.path for place in each.places] for each in found] == [["app/a/package.json", "app/b/package.json"]]


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        ({"aqua_severity": "negligible", "vendor_severity": "high"}, "info"),
        ({"aqua_severity": "critical"}, "critical"),
        ({"vendor_severity": "low", "nvd_severity_v3": "high", "nvd_severity": "medium"}, "high"),
        ({"nvd_score_v3": 9.5}, "critical"),
        ({"aqua_score": 5}, "medium"),
        ({"aqua_score": 55}, "medium"),
        ({}, "medium"),
    ],
)
def test_whose_severity_counts(told: dict[str, Any], severity: str) -> None:
    assert problems(changed(AQUA, *FOUND, to={"name": "CVE-2099-7", **told}))[0].severity == severity


def test_of_a_sensitive_file_only_its_place_is_kept() -> None:
    report = parsed("aqua", AQUA)
    [problem] = [each for each in report.problems if each.kind == "secret"]
    assert (problem.rule, problem.places[0].path, problem.secret) == ("sensitive-item", "app/key.pem", "")
    assert SECRET not in written(report)


def test_scans_may_come_in_a_list() -> None:
    document = [{"image_name": "a", "results": AQUA}, {"image_name": "b", "results": {"resources": []}}]
    assert len(problems(document)) == 3


def test_the_former_shape_names_files() -> None:
    problem = only("aqua", AQUA_FORMERLY)
    assert (problem.advisory, problem.component, problem.severity) == ("CVE-2099-7", "pkg:generic/libssl.so", "high")
    assert (problem.places[0].path, problem.remediation) == ("usr/lib/libssl.so", "Update it")


def test_partial_results_did_not_succeed() -> None:
    assert parsed("aqua", AQUA).succeeded
    assert not parsed("aqua", {**AQUA, "partial_results": True}).succeeded


def test_what_has_no_name_is_left_out() -> None:
    assert len(parsed("aqua", changed(AQUA, *FOUND, to={})).left_out) == 1


@pytest.mark.parametrize("value", ["x", [7], [{}]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="resources"):
        TOOLS["aqua"].parse(changed(AQUA, "resources", to=value), "aqua")

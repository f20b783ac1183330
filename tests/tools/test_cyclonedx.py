"""CycloneDX: bills of materials, and what is said of vulnerabilities."""

import json
from typing import Any

import pytest
from tests.support.reports import changed, only, parsed
from tests.support.reports.bills import CYCLONEDX
from tests.support.reports.vulnerabilities import SYFT

from picket.errors import Malformed
from picket.tools import TOOLS
from picket.tools.reports import read

FOUND = ("vulnerabilities", 0)
AFFECTED = (*FOUND, "affects", 0)


def test_a_vulnerability_of_a_component_inside_another() -> None:
    problem = only("cyclonedx", CYCLONEDX)
    assert (problem.kind, problem.advisory, problem.aliases) == (
        "vulnerability",
        "CVE-2099-1001",
        ("GHSA-2222-3333-4444",),
    )
    assert (problem.component, problem.version) == ("pkg:pypi/django", "4.0.0")
    assert (problem.cwe, problem.remediation) == (("CWE-20", "CWE-89"), "Update it")
    assert problem.link == "https://github.com/advisories/GHSA-2222-3333-4444"


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_versions_that_are_read(version: str) -> None:
    assert len(parsed("cyclonedx", changed(CYCLONEDX, "specVersion", to=version)).problems) == 1


@pytest.mark.parametrize("version", ["1.3", "2.0", "1.6.1", ""])
def test_other_versions_are_not_recognised_and_refused(version: str) -> None:
    document = changed(CYCLONEDX, "specVersion", to=version)
    assert not TOOLS["cyclonedx"].recognises(document)
    with pytest.raises(Malformed, match="specVersion"):
        TOOLS["cyclonedx"].parse(document, "x")


def test_the_highest_score_of_cvss_3_and_4_counts() -> None:
    """Of several ratings, version 2's 10.0 and somebody's word are others' scales."""
    problem = only("cyclonedx", CYCLONEDX)
    assert (problem.cvss, problem.severity) == (7.5, "high")


@pytest.mark.parametrize(
    ("ratings", "severity", "score"),
    [
        ([{"severity": "low", "method": "CVSSv2"}, {"severity": "high"}], "high", 0.0),
        ([{"score": 9.1, "method": "CVSSv3"}], "critical", 9.1),
        ([{"score": 0.0, "method": "CVSSv3", "severity": "none"}], "info", 0.0),
        ([{"score": 77.0, "method": "CVSSv3"}], "medium", 0.0),
        ([{"severity": "unknown"}], "medium", 0.0),
        ([], "medium", 0.0),
        (None, "medium", 0.0),
    ],
)
def test_how_grave_it_is(ratings: Any, severity: str, score: float) -> None:
    problem = only("cyclonedx", changed(CYCLONEDX, *FOUND, "ratings", to=ratings))
    assert (problem.severity, problem.cvss) == (severity, score)


@pytest.mark.parametrize("state", ["not_affected", "false_positive", "resolved", "resolved_with_pedigree"])
def test_states_that_are_no_problem(state: str) -> None:
    report = parsed("cyclonedx", changed(CYCLONEDX, *FOUND, "analysis", to={"state": state}))
    assert (report.problems, report.left_out) == ((), ())


@pytest.mark.parametrize("analysis", [{"state": "exploitable"}, {"state": "in_triage"}, {}, None])
def test_states_that_are_a_problem(analysis: Any) -> None:
    assert only("cyclonedx", changed(CYCLONEDX, *FOUND, "analysis", to=analysis))


@pytest.mark.parametrize(
    "reference",
    [
        "urn:cdx:00000000-0000-4000-8000-000000000001/1#2",
        "urn:cdx:00000000-0000-4000-8000-000000000009/1#pkg%3Apypi%2Fdjango%404.0.0",
        "pkg:pypi/django@4.0.0",
    ],
)
def test_a_component_is_named_by_a_link_to_another_document_too(reference: str) -> None:
    problem = only("cyclonedx", changed(CYCLONEDX, *AFFECTED, "ref", to=reference))
    assert (problem.component, problem.version) == ("pkg:pypi/django", "4.0.0")


@pytest.mark.parametrize("reference", ["3", "root", "", "urn:cdx:x/1", None])
def test_what_affects_nothing_that_is_told_is_left_out(reference: Any) -> None:
    report = parsed("cyclonedx", changed(CYCLONEDX, *AFFECTED, "ref", to=reference))
    assert report.problems == ()
    assert [one.where for one in report.left_out] == ["vulnerabilities[0].affects[0]"]


@pytest.mark.parametrize("affects", [[], None])
def test_what_says_nothing_of_what_it_affects_is_left_out(affects: Any) -> None:
    report = parsed("cyclonedx", changed(CYCLONEDX, *FOUND, "affects", to=affects))
    assert [one.where for one in report.left_out] == ["vulnerabilities[0]"]


def test_a_component_of_which_no_version_is_affected_has_no_problem() -> None:
    versions = [{"range": "vers:pypi/>=4.0.1", "status": "unaffected"}]
    report = parsed("cyclonedx", changed(CYCLONEDX, *AFFECTED, "versions", to=versions))
    assert (report.problems, report.left_out) == ((), ())


def test_each_component_is_a_problem_of_its_own() -> None:
    affects = [{"ref": "1"}, {"ref": "2"}]
    found = parsed("cyclonedx", changed(CYCLONEDX, *FOUND, "affects", to=affects)).problems
    assert [each.component for each in found] == ["pkg:npm/outer", "pkg:pypi/django"]


def test_a_vulnerability_without_an_id_is_left_out() -> None:
    assert parsed("cyclonedx", changed(CYCLONEDX, *FOUND, "id", to=None)).left_out[0].where.startswith("vuln")


@pytest.mark.parametrize(
    "tools", [[{"name": "grype", "version": "1"}], {"components": [{"name": "Grype", "version": "1"}]}]
)
def test_the_tools_version_is_told_in_two_ways(tools: Any) -> None:
    document = changed(CYCLONEDX, "metadata", "tools", to=tools)
    assert TOOLS["cyclonedx"].parse(document, "grype").tool_version == "1"


@pytest.mark.parametrize("name", ["aquasecurity:trivy:SrcName", "syft:metadata:source"])
def test_a_package_of_a_system_is_its_source_package(name: str) -> None:
    component = {
        "bom-ref": "2",
        "purl": "pkg:deb/debian/libssl3@3.0.9-1?arch=amd64",
        "version": "3.0.9-1",
        "properties": [{"name": "x", "value": "y"}, {"name": name, "value": "openssl"}],
    }
    problem = only("cyclonedx", changed(CYCLONEDX, "components", to=[component]))
    assert (problem.component, problem.version) == ("pkg:deb/debian/openssl", "3.0.9-1")


def test_a_tool_with_a_format_of_its_own_may_write_this_one() -> None:
    report = read(json.dumps(CYCLONEDX).encode(), "trivy", "", TOOLS)
    assert (len(report.problems), report.tool_version) == (1, "0.74.0")
    assert read(json.dumps(SYFT).encode(), "syft", "syft", TOOLS).tool_version == "1.57.1"


def test_a_bill_of_materials_alone_has_no_problems_and_closes_none() -> None:
    report = parsed("cyclonedx", SYFT)
    assert (report.problems, len(report.left_out)) == ((), 1)
    assert parsed("cyclonedx", {**SYFT, "vulnerabilities": []}).left_out == ()


def test_components_that_are_nested_without_end_are_refused() -> None:
    inner: dict[str, Any] = {"name": "x"}
    for _ in range(2_000):
        inner = {"name": "x", "components": [inner]}
    with pytest.raises(Malformed, match="CycloneDX"):
        TOOLS["cyclonedx"].parse({**CYCLONEDX, "components": [inner]}, "x")


@pytest.mark.parametrize("value", ["x", [7], {}])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="vulnerabilities"):
        parsed("cyclonedx", changed(CYCLONEDX, "vulnerabilities", to=value))

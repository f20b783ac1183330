"""Nuclei's reports."""

import json
from typing import Any

import pytest
from tests.support.reports import changed, parsed, written
from tests.support.reports.credentials import SECRET
from tests.support.reports.platforms import NUCLEI

from picket.errors import Malformed
from picket.tools import TOOLS
from picket.tools.reports import read


def test_a_template_of_a_cve_is_a_vulnerability_of_the_product() -> None:
    problem = parsed("nuclei", NUCLEI).problems[0]
    assert (problem.kind, problem.rule, problem.advisory) == ("vulnerability", "CVE-2099-41:body", "CVE-2099-41")
    assert (problem.component, problem.cwe) == ("pkg:generic/made-up", ("CWE-502",))
    assert (problem.severity, problem.cvss, problem.exploitability) == ("critical", 9.8, 0.5)
    assert (problem.link, problem.remediation) == ("https://example.com/advisory", "Update it")


@pytest.mark.parametrize("metadata", [None, {}, {"product": None}, {"product": ["a"]}])
def test_without_a_product_it_is_of_the_template(metadata: Any) -> None:
    problem = parsed("nuclei", changed(NUCLEI, 0, "info", "metadata", to=metadata)).problems[0]
    assert problem.component == "CVE-2099-41"


@pytest.mark.parametrize(
    ("cves", "advisory"),
    [
        (["CVE-2099-1", "CVE-2099-2"], "CVE-2099-1"),
        ("cve-2099-1", "CVE-2099-1"),
        ([], ""),
        (None, ""),
    ],
)
def test_a_cve_may_be_a_list_text_or_null(cves: Any, advisory: str) -> None:
    problem = parsed("nuclei", changed(NUCLEI, 0, "info", "classification", "cve-id", to=cves)).problems[0]
    assert (problem.advisory, problem.aliases) == (advisory, ())
    assert problem.kind == ("vulnerability" if advisory else "misconfiguration")


@pytest.mark.parametrize(
    ("severity", "tags", "kind"),
    [
        ("info", [], "exposure"),
        ("INFO", None, "exposure"),
        ("low", ["Tech"], "exposure"),
        ("low", "panel,login", "exposure"),
        ("high", ["config", "exposure"], "misconfiguration"),
        ("medium", None, "misconfiguration"),
    ],
)
def test_what_a_result_without_a_cve_is(severity: str, tags: Any, kind: str) -> None:
    info = {"name": "x", "severity": severity, "tags": tags}
    assert parsed("nuclei", changed(NUCLEI, 1, "info", to=info)).problems[1].kind == kind


def test_matchers_of_one_template_are_rules_of_their_own() -> None:
    assert [each.rule for each in parsed("nuclei", NUCLEI).problems] == [
        "CVE-2099-41:body",
        "tech-detect:nginx",
        "git-config",
    ]


def test_of_a_url_user_query_and_fragment_are_not_kept() -> None:
    assert [each.resource for each in parsed("nuclei", NUCLEI).problems] == [
        "https://shop.example.com:8443/admin",
        "shop.example.com:443",
        "https://shop.example.com/.git/config",
    ]


def test_request_response_and_command_are_never_kept() -> None:
    assert SECRET not in written(parsed("nuclei", NUCLEI))


def test_a_matcher_that_did_not_match_is_no_problem() -> None:
    assert len(parsed("nuclei", changed(NUCLEI, 0, "matcher-status", to=False)).problems) == 2


@pytest.mark.parametrize("at", ["", None, "http://[x"])
def test_a_result_of_nowhere_is_left_out(at: Any) -> None:
    report = parsed("nuclei", changed(NUCLEI[2:], 0, "matched", to=at))
    assert [one.where for one in report.left_out] == ["[0]"]


@pytest.mark.parametrize("lines", [1, 3])
def test_lines_are_read_with_a_log_between_them(lines: int) -> None:
    body = "\nsome line of its log\n".join(json.dumps(each) for each in NUCLEI[:lines])
    assert len(read(body.encode(), "x", "", TOOLS).problems) == lines


def test_results_may_be_one_list() -> None:
    assert len(read(json.dumps(NUCLEI).encode(), "nuclei", "", TOOLS).problems) == 3


def test_nothing_found_is_an_empty_file() -> None:
    assert read(b"", "nuclei", "nuclei", TOOLS).problems == ()


@pytest.mark.parametrize("value", ["x", 7, None, {"severity": 7}])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="info"):
        TOOLS["nuclei"].parse(changed(NUCLEI, 0, "info", to=value), "nuclei")

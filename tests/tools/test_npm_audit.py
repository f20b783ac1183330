"""npm audit's reports, of npm 6 and of npm 7 and later."""

import json
from typing import Any

import pytest
from tests.support.reports import changed, only, parsed
from tests.support.reports.registries import NPM_AUDIT, NPM_AUDIT_6, NPM_AUDIT_ERROR

from picket.errors import Malformed
from picket.tools import TOOLS
from picket.tools.reports import read

VIA = ("vulnerabilities", "lodash", "via", 0)


def test_only_the_package_that_is_vulnerable_itself_is_a_problem() -> None:
    """A package that is affected by another names that in `via`; its severity is the worst of all."""
    problem = only("npm-audit", NPM_AUDIT)
    assert (problem.kind, problem.advisory, problem.aliases) == ("vulnerability", "GHSA-2222-3333-5555", ())
    assert (problem.component, problem.severity, problem.cvss) == ("pkg:npm/lodash", "medium", 5.3)
    assert problem.cwe == ("CWE-1321",)


def test_which_version_is_installed_is_not_told() -> None:
    assert only("npm-audit", NPM_AUDIT).version == ""


def test_a_scope_is_a_namespace() -> None:
    assert only("npm-audit", changed(NPM_AUDIT, *VIA, "dependency", to="@a/b")).component == "pkg:npm/%40a/b"


@pytest.mark.parametrize(
    ("fix", "version", "advice"),
    [
        (True, "", ""),
        (False, "", ""),
        (None, "", ""),
        ({"name": "lodash", "version": "4.17.21"}, "4.17.21", ""),
        ({"name": "shop-ui", "version": "2.0.0"}, "", "Install shop-ui 2.0.0, which needs it."),
    ],
)
def test_a_fix_may_be_a_version_of_what_needs_it(fix: Any, version: str, advice: str) -> None:
    problem = only("npm-audit", changed(NPM_AUDIT, "vulnerabilities", "lodash", "fixAvailable", to=fix))
    assert (problem.fixed_in, problem.remediation) == (version, advice)


def test_an_advisory_without_an_id_of_others_has_npms_number() -> None:
    assert (
        only("npm-audit", changed(NPM_AUDIT, *VIA, "url", to="https://npmjs.com/advisories/1")).advisory
        == "npm:1090001"
    )


def test_npm_6_tells_what_is_installed_and_the_ways_to_it_are_not_read() -> None:
    ways = ["a>" * 5_000 + "lodash"] * 1_000
    problem = only("npm-audit", changed(NPM_AUDIT_6, "advisories", "1065", "findings", 0, "paths", to=ways))
    assert (problem.advisory, problem.aliases) == ("CVE-2099-5", ("GHSA-2222-3333-5555",))
    assert (problem.component, problem.version, problem.fixed_in) == ("pkg:npm/lodash", "4.17.0", ">=4.17.12")
    assert (problem.severity, problem.cwe) == ("high", ("CWE-1321",))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ENOAUDIT", "the registry answers no such question"),
        ("ENOLOCK", "there is no lock file"),
        ("E405", "it ended with an error"),
        (None, "it ended with an error"),
    ],
)
def test_an_error_is_no_report_and_the_reason_is_said(code: Any, reason: str) -> None:
    document = changed(NPM_AUDIT_ERROR, "error", "code", to=code)
    with pytest.raises(Malformed) as raised:
        read(json.dumps(document).encode(), "x", "", TOOLS)
    assert str(raised.value) == f"npm could not ask for advisories: {reason}"


@pytest.mark.parametrize("error", ["x", 7, None, []])
def test_an_error_of_another_shape_is_none_either(error: Any) -> None:
    with pytest.raises(Malformed, match="ended with an error"):
        TOOLS["npm-audit"].parse({"error": error}, "npm-audit")


def test_nothing_found_is_no_problem() -> None:
    assert parsed("npm-audit", changed(NPM_AUDIT, "vulnerabilities", to={})).problems == ()
    assert parsed("npm-audit", changed(NPM_AUDIT_6, "advisories", to={})).problems == ()


@pytest.mark.parametrize("value", ["x", [7], None, {"lodash": 7}])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="vulnerabilities"):
        parsed("npm-audit", changed(NPM_AUDIT, "vulnerabilities", to=value))

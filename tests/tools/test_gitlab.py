"""GitLab's security reports."""

from typing import Any

import pytest
from tests.support.reports import changed, only, parsed, written
from tests.support.reports.credentials import SECRET
from tests.support.reports.platforms import GITLAB, GITLAB_DEPENDENCIES, GITLAB_IMAGE, GITLAB_SECRETS

from picket.errors import Malformed
from picket.tools import TOOLS

FOUND = ("vulnerabilities", 0)


def test_a_weakness_has_the_rule_that_found_it() -> None:
    """Identifiers of weaknesses are of many rules, and stand before it."""
    problem = only("gitlab", GITLAB)
    assert (problem.kind, problem.rule, problem.cwe) == ("weakness", "bandit.B303-1", ("CWE-327",))
    assert (problem.severity, problem.confidence, problem.title) == ("high", 0.9, "Use of a weak hash")
    assert (problem.places[0].path, problem.places[0].start_line, problem.places[0].end_line) == (
        "shop/hashes.py",
        7,
        8,
    )
    assert problem.link == "https://semgrep.dev/r/x"


def test_where_only_a_weakness_is_told_that_is_the_rule() -> None:
    identifiers = [{"type": "cwe", "name": "CWE-79", "value": "CWE-79"}]
    problem = only("gitlab", changed(GITLAB, *FOUND, "identifiers", to=identifiers))
    assert (problem.rule, problem.cwe) == ("CWE-79", ("CWE-79",))


def test_scanners_of_configuration_report_as_sast_too() -> None:
    assert only("gitlab", changed(GITLAB, "scan", "scanner", "id", to="kics")).kind == "misconfiguration"


def test_what_is_likely_a_false_alarm_counts_less() -> None:
    flags = [{"type": "flagged-as-likely-false-positive", "origin": "x", "description": "y"}]
    assert only("gitlab", changed(GITLAB, *FOUND, "flags", to=flags)).confidence == 0.4


def test_a_secrets_value_is_kept_nowhere_but_to_be_sealed() -> None:
    report = parsed("gitlab", GITLAB_SECRETS)
    [problem] = report.problems
    assert (problem.kind, problem.rule, problem.secret) == ("secret", "github-pat", SECRET)
    assert SECRET not in written(report)


def test_without_its_value_a_secret_has_its_place() -> None:
    problem = only("gitlab", changed(GITLAB_SECRETS, *FOUND, "raw_source_code_extract", to=None))
    assert (problem.secret, problem.places[0].path, problem.places[0].start_line) == ("", "settings.py", 3)


def test_a_packages_ecosystem_is_that_of_its_file() -> None:
    problem = only("gitlab", GITLAB_DEPENDENCIES)
    assert (problem.kind, problem.advisory, problem.aliases) == (
        "vulnerability",
        "CVE-2099-8",
        ("GHSA-2222-3333-7777",),
    )
    assert (problem.component, problem.version) == ("pkg:maven/com.example/made-up", "1.2")
    assert (problem.severity, problem.cwe, problem.places[0].path) == ("medium", ("CWE-502",), "app/pom.xml")


@pytest.mark.parametrize(
    ("path", "files", "component"),
    [
        ("a/yarn.lock", [], "pkg:npm/%40a/b"),
        ("requirements.txt", None, "pkg:pypi/%40a/b"),
        ("a/deps", [{"path": "a/deps", "package_manager": "yarn"}], "pkg:npm/%40a/b"),
        ("a/deps", [{"path": "a/deps", "package_manager": "Bundler"}], "pkg:gem/%40a/b"),
        ("a/deps", [], "pkg:generic/%40a/b"),
    ],
)
def test_ecosystems(path: str, files: Any, component: str) -> None:
    document = changed(GITLAB_DEPENDENCIES, "dependency_files", to=files)
    document = changed(document, *FOUND, "location", "file", to=path)
    document = changed(document, *FOUND, "location", "dependency", "package", "name", to="@a/b")
    assert only("gitlab", document).component.replace("%2F", "/") == component


def test_an_advisory_of_one_scanner_alone() -> None:
    identifiers = [{"type": "gemnasium", "value": "0b1c"}]
    assert only("gitlab", changed(GITLAB_DEPENDENCIES, *FOUND, "identifiers", to=identifiers)).advisory == "0b1c"


@pytest.mark.parametrize("system", ["debian 12.0", "debian:12", "Debian"])
def test_a_package_of_an_image_is_its_systems_and_in_no_file(system: str) -> None:
    problem = only("gitlab", changed(GITLAB_IMAGE, *FOUND, "location", "operating_system", to=system))
    assert (problem.component, problem.version, problem.places) == ("pkg:deb/debian/openssl", "3.0.9-1", ())


@pytest.mark.parametrize("dependency", [None, {}, {"package": {"name": ""}}])
def test_what_names_no_package_is_left_out(dependency: Any) -> None:
    report = parsed("gitlab", changed(GITLAB_DEPENDENCIES, *FOUND, "location", "dependency", to=dependency))
    assert [one.where for one in report.left_out] == ["vulnerabilities[0]"]


def test_what_names_no_rule_or_no_file_is_left_out() -> None:
    assert len(parsed("gitlab", changed(GITLAB, *FOUND, "identifiers", to=None)).left_out) == 1
    assert len(parsed("gitlab", changed(GITLAB, *FOUND, "location", "file", to="/builds/x.py")).left_out) == 1


def test_a_run_that_failed_did_not_succeed() -> None:
    assert parsed("gitlab", GITLAB).succeeded
    assert not parsed("gitlab", changed(GITLAB, "scan", "status", to="failure")).succeeded


@pytest.mark.parametrize("kind", ["dast", "api_fuzzing", "", None])
def test_other_types_are_not_recognised_and_refused(kind: Any) -> None:
    document = changed(GITLAB, "scan", "type", to=kind)
    assert not TOOLS["gitlab"].recognises(document)
    with pytest.raises(Malformed, match=r"scan\.type"):
        TOOLS["gitlab"].parse(document, "x")


@pytest.mark.parametrize("value", ["x", [7], {}])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="vulnerabilities"):
        parsed("gitlab", changed(GITLAB, "vulnerabilities", to=value))

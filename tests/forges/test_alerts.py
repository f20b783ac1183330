"""What forges' security alerts mean: a report of one problem, that it is gone, a scan, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.deliveries import NEW

from picket.errors import Malformed
from picket.findings.model import Place
from picket.forges.github.payloads import parse
from picket.forges.gitlab.receiving import RECEIVING as GITLAB
from picket.webhooks.alerts import advisory, component, places, severity, tool_name
from picket.webhooks.events import ForgeEvent, Ignored, ReportTold, ScanWanted

REPOSITORY = {"id": 7, "clone_url": "https://github.com/o/r.git", "private": True}


def one(event: str, action: str, **more: Any) -> ForgeEvent:
    [meaning] = parse(event, {"action": action, "repository": REPOSITORY, **more})
    return meaning


def dependabot(action: str, **more: Any) -> ForgeEvent:
    package = {"ecosystem": "pip", "name": "Ansible_Core"}
    alert = {
        "number": 5,
        "html_url": "https://github.com/o/r/security/dependabot/5",
        "dependency": {"package": package, "manifest_path": "path/requirements.txt", "scope": "runtime"},
        "security_advisory": {
            "ghsa_id": "GHSA-8f4m-hccc-8qph",
            "cve_id": "CVE-2021-20191",
            "summary": "Something is disclosed",
            "severity": "low",
            "cwes": [{"cwe_id": "CWE-532", "name": "x"}],
            "epss": {"percentage": 0.25, "percentile": 0.5},
        },
        "security_vulnerability": {"severity": "medium", "first_patched_version": {"identifier": "2.9.18"}},
        **more,
    }
    return one("dependabot_alert", action, alert=alert)


@pytest.mark.parametrize("action", ["created", "reintroduced", "reopened", "auto_reopened"])
def test_a_vulnerable_dependency_is_reported(action: str) -> None:
    told = dependabot(action)

    assert isinstance(told, ReportTold)
    assert (told.tool, told.part, told.complete, told.ref) == ("dependabot", "alert 5", True, "")
    [problem] = told.report.problems
    assert (problem.kind, problem.advisory, problem.component) == (
        "vulnerability",
        "CVE-2021-20191",
        "pkg:pypi/ansible-core",
    )
    assert (problem.severity, problem.cwe, problem.exploitability) == ("medium", ("CWE-532",), 0.25)
    assert problem.remediation == "Update Ansible_Core to 2.9.18."
    assert problem.places == (Place(path="path/requirements.txt"),)


def test_an_alert_that_is_fixed_reports_that_its_problem_is_gone() -> None:
    told = dependabot("fixed")

    assert isinstance(told, ReportTold)
    assert (told.part, told.complete, told.report.problems) == ("alert 5", True, ())


@pytest.mark.parametrize("action", ["dismissed", "auto_dismissed", "assignees_changed", "of tomorrow"])
def test_what_people_decide_at_the_forge_opens_and_closes_nothing(action: str) -> None:
    assert dependabot(action) == Ignored()


def test_the_legacy_alert_is_a_report_of_the_same_alert() -> None:
    alert = {"id": 91, "number": 5, "affected_package_name": "rack", "external_identifier": "CVE-2018-16470"}
    told = one("repository_vulnerability_alert", "create", alert={**alert, "severity": "moderate", "fixed_in": "2.0.6"})
    gone = one("repository_vulnerability_alert", "resolve", alert=alert)
    unnumbered = one("repository_vulnerability_alert", "create", alert={**alert, "number": None})

    assert isinstance(told, ReportTold)
    assert isinstance(gone, ReportTold)
    assert isinstance(unnumbered, ReportTold)
    assert (told.tool, told.part, unnumbered.part) == ("dependabot", "alert 5", "alert id 91")
    assert told.report.problems[0].severity == "medium"
    assert gone.report.problems == ()
    assert one("repository_vulnerability_alert", "dismiss", alert=alert) == Ignored()


def code_scanning(action: str, ref: str = "refs/heads/main", *, tool: str = "CodeQL", **rule: Any) -> ForgeEvent:
    instance = {
        "ref": ref,
        "commit_sha": NEW,
        "location": {"path": "src/a.java", "start_line": 84, "end_line": 85, "start_column": 1, "end_column": 2},
    }
    rules = {"id": "java/sql-injection", "severity": "error", "tags": ["external/cwe/cwe-089", "security"], **rule}
    alert = {"number": 10, "rule": rules, "tool": {"name": tool}, "most_recent_instance": instance}
    return one("code_scanning_alert", action, alert=alert, ref=ref, commit_oid=NEW)


@pytest.mark.parametrize("action", ["created", "reopened", "reopened_by_user", "appeared_in_branch"])
def test_a_weakness_is_reported_with_commit_and_place(action: str) -> None:
    told = code_scanning(action)

    assert isinstance(told, ReportTold)
    assert (told.tool, told.part, told.ref, told.commit) == ("codeql", "alert 10", "refs/heads/main", NEW)
    [problem] = told.report.problems
    assert (problem.kind, problem.rule, problem.severity) == ("weakness", "java/sql-injection", "high")
    assert problem.cwe == ("CWE-89",)
    assert problem.places == (Place(path="src/a.java", start_line=84, end_line=85),)


def test_a_scanner_of_images_reports_vulnerabilities() -> None:
    told = code_scanning("created", tool="Trivy", id="CVE-2023-123456", security_severity_level="critical")

    assert isinstance(told, ReportTold)
    [problem] = told.report.problems
    assert (problem.kind, problem.advisory, problem.severity) == ("vulnerability", "CVE-2023-123456", "critical")


def test_what_is_fixed_in_a_branch_is_gone_there() -> None:
    told = code_scanning("fixed")

    assert isinstance(told, ReportTold)
    assert (told.ref, told.report.problems) == ("refs/heads/main", ())


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(code_scanning("created", "refs/pull/11/merge"), id="of a pull request"),
        pytest.param(code_scanning("fixed", "refs/pull/11/merge"), id="fixed in a pull request"),
        pytest.param(code_scanning("closed_by_user"), id="closed by a person"),
        pytest.param(code_scanning("created", ""), id="without a ref"),
    ],
)
def test_an_alert_of_no_branch_or_closed_by_a_person_is_ignored(told: ForgeEvent) -> None:
    assert told == Ignored()


def test_a_scanner_of_secrets_asks_for_a_scan_as_a_secret_alert_does() -> None:
    location = {"location": {"type": "commit", "details": {"path": "a", "commit_sha": NEW}}, "alert": {"number": 1}}

    assert isinstance(code_scanning("created", tool="Gitleaks"), ScanWanted)
    assert isinstance(one("secret_scanning_alert", "created", alert={"number": 1}), ScanWanted)
    assert isinstance(one("secret_scanning_alert", "reopened", alert={"number": 1}), ScanWanted)
    assert isinstance(one("secret_scanning_alert_location", "created", **location), ScanWanted)


@pytest.mark.parametrize("action", ["resolved", "validated", "publicly_leaked", "assigned", "unassigned"])
def test_other_news_of_a_secret_asks_for_nothing(action: str) -> None:
    assert one("secret_scanning_alert", action, alert={"number": 1}) == Ignored()


def test_a_secret_in_an_issue_is_in_no_commit() -> None:
    location = {"location": {"type": "issue_body", "details": {}}}

    assert one("secret_scanning_alert_location", "created", **location) == Ignored()


@pytest.mark.parametrize(("patched", "problems"), [("", 1), (None, 1), ("1.2.3", 0)])
def test_an_advisory_of_the_repository_s_own_stands_until_it_is_patched(patched: str | None, problems: int) -> None:
    affected = [{"package": {"ecosystem": "npm", "name": "@acme/shop"}, "patched_versions": patched}]
    own = {"ghsa_id": "GHSA-8f4m-hccc-8qph", "cve_id": None, "severity": "high", "vulnerabilities": affected}
    told = one("repository_advisory", "published", repository_advisory={**own, "state": "published"})

    assert isinstance(told, ReportTold)
    assert len(told.report.problems) == problems
    if problems:
        assert told.report.problems[0].component == "pkg:npm/%40acme/shop"
        assert told.report.problems[0].advisory == "GHSA-8f4m-hccc-8qph"


def vulnerability(**more: Any) -> ForgeEvent:
    attributes = {
        "url": "https://git.corp.io/g/sub/p/-/security/vulnerabilities/42",
        "title": "Potential SQL Injection",
        "state": "detected",
        "project_id": 7,
        "location": {"file": "app/user.rb", "start_line": 3},
        "severity": "high",
        "report_type": "sast",
        "identifiers": [{"external_type": "semgrep_id", "external_id": "rails.sql", "name": "rails.sql"}],
        **more,
    }
    identifiers = [*attributes["identifiers"], {"external_type": "cwe", "external_id": "89", "name": "CWE-89"}]
    payload = {"object_kind": "vulnerability", "object_attributes": {**attributes, "identifiers": identifiers}}
    [meaning] = GITLAB.interpret("Vulnerability Hook", payload)
    return meaning


def test_gitlab_s_weakness_is_reported() -> None:
    told = vulnerability()

    assert isinstance(told, ReportTold)
    assert (told.repository.url, told.repository.forge_key) == ("https://git.corp.io/g/sub/p.git", "git.corp.io:7")
    assert (told.tool, told.part, told.complete) == ("gitlab-sast", "vulnerability 42", True)
    [problem] = told.report.problems
    assert (problem.kind, problem.rule, problem.cwe) == ("weakness", "rails.sql", ("CWE-89",))


def test_gitlab_s_vulnerable_dependency_is_reported() -> None:
    identifiers = [{"external_type": "cve", "external_id": "CVE-2024-1234", "name": "CVE-2024-1234"}]
    location = {"file": "Gemfile.lock", "dependency": {"package": {"name": "pg"}, "version": "1.2.3"}}
    told = vulnerability(report_type="dependency_scanning", identifiers=identifiers, location=location)

    assert isinstance(told, ReportTold)
    [problem] = told.report.problems
    assert (problem.kind, problem.advisory, problem.component) == ("vulnerability", "CVE-2024-1234", "pg")


@pytest.mark.parametrize("more", [{"state": "resolved"}, {"resolved_on_default_branch": True}], ids=str)
def test_what_gitlab_no_longer_finds_is_gone(more: dict[str, Any]) -> None:
    told = vulnerability(**more)

    assert isinstance(told, ReportTold)
    assert told.report.problems == ()


@pytest.mark.parametrize(
    ("more", "meaning"),
    [
        ({"state": "dismissed"}, Ignored),
        ({"report_type": "dast"}, Ignored),
        ({"location": None}, Ignored),
        ({"report_type": "secret_detection"}, ScanWanted),
        ({"report_type": "secret_detection", "state": "dismissed"}, Ignored),
    ],
    ids=str,
)
def test_other_news_of_gitlab_s(more: dict[str, Any], meaning: type) -> None:
    assert isinstance(vulnerability(**more), meaning)


@pytest.mark.parametrize("url", ["https://git.corp.io/g/p", "/-/security/1", "x/-/"])
def test_a_vulnerability_that_does_not_say_where_it_is_does_not_fit(url: str) -> None:
    with pytest.raises(Malformed, match="url"):
        vulnerability(url=url)


def test_what_alerts_are_made_of() -> None:
    assert advisory(["ghsa-8f4m-HCCC-8qph", "cve-2021-20191"]) == "CVE-2021-20191"
    assert advisory(["GHSA-8F4M-hccc-8qph", None]) == "GHSA-8f4m-hccc-8qph"
    assert advisory(["java/sql-injection"]) == ""
    assert component("maven", "org.acme:shop") == "pkg:maven/org.acme/shop"
    assert component("unheard-of", "shop") == "shop"
    assert severity(None, "MODERATE") == "medium"
    assert severity("none", "x") == "medium"
    assert tool_name("Anchore Container Vulnerability Report (T0)", "x") == "anchore-container-vulnerability-report-t0"
    assert tool_name("\u00e9", "x") == "x"
    assert [places(path) for path in ("/etc/passwd", "../a", "file://a", "", None)] == [()] * 5


@pytest.mark.parametrize(
    ("event", "more", "place"),
    [
        ("dependabot_alert", {"alert": {"number": "x"}}, "alert.number"),
        ("code_scanning_alert", {"alert": {"number": 1, "rule": {}}, "ref": "refs/heads/a b"}, "ref"),
        ("secret_scanning_alert_location", {}, "location"),
        ("repository_advisory", {"repository_advisory": 7}, "repository_advisory"),
    ],
)
def test_what_does_not_fit_names_the_place(event: str, more: dict[str, Any], place: str) -> None:
    with pytest.raises(Malformed, match=place):
        one(event, "created", **more)

"""Trivy Operator's custom resources."""

from typing import Any

import pytest
from tests.support.reports import changed, only, parsed, written
from tests.support.reports.clusters import OPERATOR_CHECKS, OPERATOR_SECRETS, TRIVY_OPERATOR, operator_report

from picket.errors import Malformed
from picket.findings.controls import control_of
from picket.tools import TOOLS

LABELS = ("metadata", "labels")
FOUND = ("report", "vulnerabilities", 0)


def test_a_vulnerability() -> None:
    problem = only("trivy-operator", TRIVY_OPERATOR)
    assert (problem.kind, problem.advisory, problem.severity, problem.cvss) == (
        "vulnerability",
        "CVE-2099-7",
        "high",
        7.5,
    )
    assert (problem.component, problem.version, problem.fixed_in) == ("pkg:deb/debian/openssl", "3.0.9-1", "3.0.10-1")
    assert parsed("trivy-operator", TRIVY_OPERATOR).tool_version == "0.74.0"


@pytest.mark.parametrize(
    ("of", "kind", "component"),
    [
        ("os-pkgs", "", "pkg:deb/debian/openssl"),
        ("lang-pkgs", "python-pkg", "pkg:pypi/openssl"),
        ("", "", "pkg:generic/openssl"),
    ],
)
def test_without_a_package_url_it_is_of_the_system_or_a_language(of: str, kind: str, component: str) -> None:
    document = changed(TRIVY_OPERATOR, *FOUND, "packagePURL", to="")
    document = changed(changed(document, *FOUND, "class", to=of), *FOUND, "packageType", to=kind)
    assert only("trivy-operator", document).component == component


@pytest.mark.parametrize(
    ("kind", "name", "resource"),
    [
        ("ReplicaSet", "web-6d4cf56db6", "deployment/shop/web"),
        ("ReplicaSet", "web-7cb64cb677", "deployment/shop/web"),
        ("ReplicaSet", "web", "replicaset/shop/web"),
        ("ReplicaSet", "web-backend", "replicaset/shop/web-backend"),
        ("StatefulSet", "web-6d4cf56db6", "statefulset/shop/web-6d4cf56db6"),
    ],
)
def test_a_replica_set_is_told_as_the_deployment_whose_name_stays(kind: str, name: str, resource: str) -> None:
    document = changed(TRIVY_OPERATOR, *LABELS, "trivy-operator.resource.kind", to=kind)
    document = changed(document, *LABELS, "trivy-operator.resource.name", to=name)
    assert only("trivy-operator", document).resource == resource


def test_a_name_that_is_too_long_for_a_label_stands_in_an_annotation() -> None:
    document = changed(OPERATOR_CHECKS, *LABELS, to={"trivy-operator.resource.kind": "Role"})
    annotations = {"trivy-operator.resource.name": "system:x", "trivy-operator.resource.namespace": "shop"}
    document = changed(document, "metadata", "annotations", to=annotations)
    assert only("trivy-operator", document).resource == "role/shop/system:x"


@pytest.mark.parametrize("kind", ["ConfigAuditReport", "RbacAssessmentReport", "ClusterRbacAssessmentReport"])
def test_a_failed_check_is_a_misconfiguration_and_one_that_passed_is_none(kind: str) -> None:
    problem = only("trivy-operator", {**OPERATOR_CHECKS, "kind": kind})
    assert (problem.kind, problem.rule, problem.resource) == ("misconfiguration", "KSV-0017", "deployment/shop/web")
    assert control_of("trivy-operator", problem.rule) == "k8s-privileged"
    assert "should set privileged" not in written(parsed("trivy-operator", OPERATOR_CHECKS))


def test_of_a_secret_the_line_is_not_kept() -> None:
    problem = only("trivy-operator", OPERATOR_SECRETS)
    assert (problem.kind, problem.rule, problem.severity) == ("secret", "github-pat", "critical")
    assert problem.places[0].path == "app/settings.py"
    assert "half-masked" not in written(parsed("trivy-operator", OPERATOR_SECRETS))


def test_a_webhook_may_send_it_without_its_kind() -> None:
    bare = {name: value for name, value in TRIVY_OPERATOR.items() if name not in {"apiVersion", "kind"}}
    assert only("trivy-operator", bare).advisory == "CVE-2099-7"
    assert only("trivy-operator", {**bare, "apiVersion": "", "kind": ""}).advisory == "CVE-2099-7"


def test_a_webhook_may_send_it_in_an_envelope() -> None:
    assert only("trivy-operator", {"verb": "update", "operatorObject": TRIVY_OPERATOR}).advisory == "CVE-2099-7"


def test_that_a_report_was_deleted_says_nothing() -> None:
    report = parsed("trivy-operator", {"verb": "delete", "operatorObject": TRIVY_OPERATOR})
    assert (report.problems, [one.where for one in report.left_out]) == ((), ["verb"])


@pytest.mark.parametrize("kind", ["List", "VulnerabilityReportList"])
def test_a_list_of_several(kind: str) -> None:
    document = {"apiVersion": "v1", "kind": kind, "items": [TRIVY_OPERATOR, OPERATOR_CHECKS, OPERATOR_SECRETS]}
    found = parsed("trivy-operator", document).problems
    assert [each.kind for each in found] == ["vulnerability", "misconfiguration", "secret"]


def test_nothing_found_is_no_problem() -> None:
    assert parsed("trivy-operator", operator_report("VulnerabilityReport", vulnerabilities=None)).problems == ()
    assert TOOLS["trivy-operator"].parse({"kind": "List", "items": []}, "trivy-operator").problems == ()


@pytest.mark.parametrize(
    "document",
    [
        {"apiVersion": "v1", "kind": "List", "items": []},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}, "spec": {}},
        {"apiVersion": "wgpolicyk8s.io/v1alpha2", "report": {}, "metadata": TRIVY_OPERATOR["metadata"]},
        {"verb": "update", "operatorObject": {}},
        {"report": {}},
    ],
)
def test_other_resources_are_none_of_its_own(document: Any) -> None:
    assert not TOOLS["trivy-operator"].recognises(document)


@pytest.mark.parametrize("value", ["x", [7], {}])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="vulnerabilities"):
        parsed("trivy-operator", changed(TRIVY_OPERATOR, "report", "vulnerabilities", to=value))

"""Kubescape's reports."""

from typing import Any

import pytest
from tests.support.reports import changed, only, parsed
from tests.support.reports.clusters import KUBESCAPE

from picket.errors import Malformed
from picket.findings.controls import control_of

CONTROL = ("results", 0, "controls", 0)


def test_a_control_that_a_resource_failed() -> None:
    problem = only("kubescape", KUBESCAPE)
    assert (problem.kind, problem.rule, problem.title) == ("misconfiguration", "C-0057", "Privileged container")
    assert problem.attribute == "spec.template.spec.containers[0].securityContext.privileged,spec.x"
    assert problem.link == "https://kubescape.io/docs/controls/c-0057/"
    assert control_of("kubescape", problem.rule) == "k8s-privileged"


def test_the_resource_is_told_without_the_hash_of_the_checkout() -> None:
    problem = only("kubescape", KUBESCAPE)
    assert (problem.resource, problem.places[0].path) == ("deployment/shop/web", "k8s/web.yaml")


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        (10, "critical"),
        (9, "critical"),
        (8, "high"),
        (7, "high"),
        (5.5, "medium"),
        (3, "low"),
        (0, "medium"),
        (99, "medium"),
        (None, "medium"),
    ],
)
def test_a_severity_is_a_band_of_the_score(score: Any, severity: str) -> None:
    document = changed(KUBESCAPE, "summaryDetails", "controls", "C-0057", "scoreFactor", to=score)
    assert only("kubescape", document).severity == severity


@pytest.mark.parametrize("status", ["passed", "skipped", "irrelevant"])
def test_a_control_that_was_not_failed_is_no_problem(status: str) -> None:
    """One with an exception has passed, though its rules have failed."""
    report = parsed("kubescape", changed(KUBESCAPE, *CONTROL, "status", to={"status": status}))
    assert (report.problems, report.left_out) == ((), ())


def test_formerly_only_rules_told_whether_they_failed() -> None:
    assert only("kubescape", changed(KUBESCAPE, *CONTROL, "status", to=None)).rule == "C-0057"


def test_what_runs_in_a_cluster_is_in_no_file() -> None:
    assert only("kubescape", changed(KUBESCAPE, "resources", 0, "source", to=None)).places == ()


def test_a_subject_of_a_role_has_its_name_at_the_top() -> None:
    subject = {"kind": "ServiceAccount", "name": "Bot", "namespace": "shop", "relatedObjects": []}
    assert (
        only("kubescape", changed(KUBESCAPE, "resources", 0, "object", to=subject)).resource
        == "serviceaccount/shop/bot"
    )


def test_nothing_looked_at_is_no_problem() -> None:
    without = {name: value for name, value in KUBESCAPE.items() if name != "resources"}
    assert parsed("kubescape", {**without, "results": None}).problems == ()


@pytest.mark.parametrize("resources", [[], None, [{"resourceID": "x"}]])
def test_a_resource_that_is_not_told_is_left_out(resources: Any) -> None:
    report = parsed("kubescape", changed(KUBESCAPE, "resources", to=resources))
    assert [one.where for one in report.left_out] == ["results[0].controls[0]"]


def test_a_file_elsewhere_is_left_out() -> None:
    report = parsed("kubescape", changed(KUBESCAPE, "resources", 0, "source", "relativePath", to="../web.yaml"))
    assert len(report.left_out) == 1


@pytest.mark.parametrize("value", ["x", [7], [{}]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="results"):
        parsed("kubescape", changed(KUBESCAPE, "results", to=value))

"""KubeLinter's reports."""

from typing import Any

import pytest
from tests.support.reports import changed, only, parsed, written
from tests.support.reports.clusters import KUBE_LINTER

from picket.errors import Malformed
from picket.findings.controls import control_of

OBJECT = ("Reports", 0, "Object")


def test_a_failed_check() -> None:
    problem = only("kube-linter", KUBE_LINTER)
    assert (problem.kind, problem.rule, problem.title) == (
        "misconfiguration",
        "privileged-container",
        "Containers that are privileged",
    )
    assert (problem.resource, problem.remediation) == ("deployment/shop/web", "Do not run it as privileged.")
    assert control_of("kube-linter", problem.rule) == "k8s-privileged"


def test_neither_severity_nor_line_is_told() -> None:
    problem = only("kube-linter", KUBE_LINTER)
    assert (problem.severity, problem.places[0].path, problem.places[0].start_line) == ("medium", "k8s/web.yaml", 0)


def test_a_severity_is_told_where_its_settings_have_one() -> None:
    assert (
        only("kube-linter", changed(KUBE_LINTER, "Reports", 0, "Diagnostic", "Severity", to="critical")).severity
        == "critical"
    )


def test_a_diagnostic_quotes_the_manifest_and_is_not_kept() -> None:
    report = parsed("kube-linter", KUBE_LINTER)
    assert 'container \\"web\\"' not in written(report)
    assert KUBE_LINTER["Reports"][0]["Object"]["Metadata"]["Raw"] not in written(report)
    assert report.tool_version == "0.7.1"


@pytest.mark.parametrize("path", ["/tree/k8s/web.yaml", "../web.yaml", ""])
def test_a_file_elsewhere_is_left_out(path: str) -> None:
    report = parsed("kube-linter", changed(KUBE_LINTER, *OBJECT, "Metadata", "FilePath", to=path))
    assert [one.where for one in report.left_out] == ["Reports[0]"]


def test_nothing_found_is_written_as_null() -> None:
    assert parsed("kube-linter", changed(KUBE_LINTER, "Reports", to=None)).problems == ()


@pytest.mark.parametrize("value", ["x", [7], [{}]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="Reports"):
        parsed("kube-linter", changed(KUBE_LINTER, "Reports", to=value))

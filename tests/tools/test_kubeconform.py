"""kubeconform's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, written
from tests.support.reports.configuration import KUBECONFORM

from picket.errors import Malformed


def test_a_value_that_does_not_fit_is_a_misconfiguration_of_a_resource_and_its_setting() -> None:
    problem = only("kubeconform", KUBECONFORM)
    assert (problem.kind, problem.rule, problem.severity) == ("misconfiguration", "schema", "medium")
    assert (problem.resource, problem.attribute) == ("Deployment/web", "spec/replicas")
    assert problem.places[0].path == "k8s/web.yaml"
    assert "the-value-itself" not in written(parsed("kubeconform", KUBECONFORM))


def test_each_value_counts_and_a_resource_without_one_too() -> None:
    errors = [{"path": "/a"}, {"path": "/b"}]
    assert len(parsed("kubeconform", changed(KUBECONFORM, "resources", 0, "validationErrors", to=errors)).problems) == 2
    assert only("kubeconform", changed(KUBECONFORM, "resources", 0, "validationErrors", to=None)).attribute == ""


@pytest.mark.parametrize("status", ["statusSkipped", "statusError"])
def test_what_is_not_validated_is_left_out(status: str) -> None:
    report = parsed("kubeconform", changed(KUBECONFORM, "resources", 0, "status", to=status))
    assert (report.problems, len(report.left_out)) == ((), 1)


@pytest.mark.parametrize(
    "message",
    [
        "error while parsing: missing 'kind' key",
        "error while parsing: missing 'apiVersion' key",
        "json: cannot unmarshal array into Go value of type map[string]interface {}",
    ],
)
def test_a_file_that_is_none_of_kubernetes_is_passed_over(message: str) -> None:
    resource = {"filename": "values.yaml", "status": "statusError", "msg": message}
    report = parsed("kubeconform", {"resources": [resource]})
    assert (report.problems, report.left_out) == ((), ())


def test_a_file_elsewhere_is_left_out() -> None:
    assert len(parsed("kubeconform", changed(KUBECONFORM, "resources", 0, "filename", to="/x.yaml")).left_out) == 1


@pytest.mark.parametrize("value", [[7], [{"status": 7, "filename": "a"}], [{"status": "x", "filename": None}]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="resources"):
        parsed("kubeconform", {"resources": [KUBECONFORM["resources"][0], *value]})


def test_runs() -> None:
    assert [incomplete("kubeconform", status) for status in (0, 1)] == ["", ""]
    assert failed("kubeconform", 2)
    said = arguments("kubeconform", data="/data")
    assert "/data/schemas/{{.ResourceKind}}{{.KindSuffix}}.json" in said
    assert "-verbose" in said

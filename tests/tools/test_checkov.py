"""Checkov's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, written
from tests.support.reports.configuration import CHECKOV, CHECKOV_OF_NOTHING

from picket.errors import Malformed

CHECK = ("results", "failed_checks", 0)


def test_a_failed_check_is_a_misconfiguration_of_a_resource_and_its_setting() -> None:
    problem = only("checkov", CHECKOV)
    [place] = problem.places
    assert (problem.kind, problem.rule) == ("misconfiguration", "CKV_K8S_16")
    assert problem.resource == "Deployment.default.web"
    assert problem.attribute == "spec/containers/[0]/securityContext/privileged"
    assert (place.path, place.start_line, place.end_line) == ("k8s/web.yaml", 1, 15)


def test_the_order_of_settings_does_not_matter() -> None:
    keys = [["b", "a", "resource_type"], ["resource_type", "a", "b", "a"]]
    documents = (changed(CHECKOV, *CHECK, "check_result", "evaluated_keys", to=each) for each in keys)
    assert [only("checkov", document).attribute for document in documents] == ["a,b", "a,b"]


def test_severity_is_unknown_without_an_account_and_not_harmless() -> None:
    assert only("checkov", CHECKOV).severity == "medium"
    assert only("checkov", changed(CHECKOV, *CHECK, "severity", to="CRITICAL")).severity == "critical"


def test_the_top_is_a_list_an_object_or_a_summary() -> None:
    several = parsed("checkov", [CHECKOV, changed(CHECKOV, "check_type", to="terraform")])
    assert len(several.problems) == 2
    assert several.tool_version == "3.3.30"
    nothing = parsed("checkov", CHECKOV_OF_NOTHING)
    assert (nothing.problems, nothing.left_out, nothing.succeeded) == ((), (), True)


def test_files_that_it_cannot_read_are_left_out() -> None:
    [left_out] = parsed("checkov", changed(CHECKOV, "results", "parsing_errors", to=["a.tf"])).left_out
    assert left_out.where == "a.tf"
    quiet = changed(changed(CHECKOV, "summary", "parsing_errors", to=3), "results", "parsing_errors", to=None)
    assert "3 files" in parsed("checkov", quiet).left_out[0].reason


def test_a_rendered_chart_is_left_out() -> None:
    report = parsed("checkov", changed(CHECKOV, "check_type", to="helm"))
    assert not report.problems
    assert "rendered" in report.left_out[0].reason


def test_a_path_is_told_from_the_folder_that_it_was_started_in() -> None:
    inner = changed(changed(CHECKOV, *CHECK, "file_path", to="/web.yaml"), *CHECK, "repo_file_path", to="/k8s/web.yaml")
    outer = changed(CHECKOV, *CHECK, "repo_file_path", to="/../tmp/x/web.yaml")
    assert [only("checkov", each).places[0].path for each in (inner, outer)] == ["k8s/web.yaml", "k8s/web.yaml"]
    hostile = changed(changed(CHECKOV, *CHECK, "file_path", to="/../x"), *CHECK, "repo_file_path", to=None)
    assert len(parsed("checkov", hostile).left_out) == 1


def test_the_hash_of_a_secret_is_not_kept() -> None:
    digest = "a" * 20 + "b" * 20
    document = changed(changed(CHECKOV, *CHECK, "check_id", to="CKV_SECRET_2"), *CHECK, "resource", to=digest)
    assert only("checkov", document).kind == "secret"
    assert digest not in written(parsed("checkov", document))


def test_a_vulnerability_is_left_out() -> None:
    document = changed(CHECKOV, *CHECK, "vulnerability_details", to={"id": "CVE-2020-1"})
    assert "vulnerability" in parsed("checkov", document).left_out[0].reason


@pytest.mark.parametrize("value", [{}, "text", 7, [7]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="Checkov"):
        parsed("checkov", changed(CHECKOV, "results", "failed_checks", to=value))


def test_runs() -> None:
    assert [incomplete("checkov", status) for status in (0, 1)] == ["", ""]
    assert incomplete("checkov", 2)
    assert failed("checkov", 2)
    assert "--skip-download" in arguments("checkov")
    assert "--quiet" not in arguments("checkov")


def test_checks_that_a_repository_brings_are_refused() -> None:
    """They are Python, which would be run."""
    said = arguments("checkov")
    assert said[said.index("--external-checks-public-key") + 1] == "/dev/null"

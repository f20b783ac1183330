"""What Helm's linter writes, and its runs."""

import pytest
from tests.support.reports import arguments, failed, incomplete, parsed, written
from tests.support.reports.configuration import HELM

from picket.errors import Malformed
from picket.tools import TOOLS
from picket.tools.reports import read


def test_a_result_is_a_misconfiguration_of_a_file_of_the_chart() -> None:
    problems = read(HELM.encode(), "helm", "", TOOLS).problems
    assert [(each.rule, each.severity, each.places[0].path) for each in problems] == [
        ("lint-info", "info", "deploy/chart/Chart.yaml"),
        ("lint-error", "medium", "deploy/chart/templates/a.yaml"),
        ("lint-warning", "low", "templates/b.yaml"),
    ]
    assert "the-value-itself" not in written(parsed("helm", HELM))


def test_a_template_that_no_file_is_named_of_is_of_their_folder() -> None:
    [problem] = parsed("helm", "==> Linting chart\n[ERROR] templates/: parse error at (c/templates/a.yaml:2)").problems
    assert problem.places[0].path == "chart/templates"


@pytest.mark.parametrize("chart", ["/tree/chart", "../chart"])
def test_a_chart_elsewhere_is_left_out(chart: str) -> None:
    report = parsed("helm", f"==> Linting {chart}\n[ERROR] a.yaml: x")
    assert (report.problems, len(report.left_out)) == ((), 1)


def test_a_chart_that_it_cannot_read_is_left_out() -> None:
    text = (
        "==> Linting x\nError unable to check Chart.yaml file in chart: stat x/Chart.yaml: no such file or directory\n"
    )
    assert len(parsed("helm", text).left_out) == 1


@pytest.mark.parametrize("body", [b"", b"hello", b"\xff", b"[1]", b'"==> Linting"'])
def test_other_text_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body, "helm", "helm", TOOLS)


def test_sarif_of_its_name_is_still_sarif() -> None:
    assert read(b'{"version": "2.1.0", "runs": [{"results": []}]}', "helm", "", TOOLS).succeeded


def test_very_long_output_is_bounded() -> None:
    report = parsed("helm", "==> Linting x\n" + "[INFO] a.yaml: b\n" * 10_001)
    assert len(report.problems) < 10_001
    assert report.left_out


def test_runs() -> None:
    assert [incomplete("helm", status) for status in (0, 1)] == ["", ""]
    assert failed("helm", 137)
    charts = ("deploy/chart/Chart.yaml", "Chart.yaml", "deploy/chart/templates/x.yaml")
    assert arguments("helm", files=charts) == ("lint", "--", ".", "deploy/chart")

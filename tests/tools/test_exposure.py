"""Reports and runs of Picket's own look at manifests."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, running, written
from tests.support.reports.configuration import EXPOSURE

from picket.errors import Malformed
from picket.findings.kinds import KINDS
from picket.findings.kinds.kind import Lines
from picket.findings.model import LeftOut, Problem


def test_an_exposure_is_of_a_workload_a_peer_and_a_port() -> None:
    problem = only("exposure", EXPOSURE)
    assert (problem.kind, problem.rule, problem.severity) == ("exposure", "ingress-from-internet", "high")
    assert (problem.resource, problem.attribute) == ("shop/Deployment/web", "TCP/8080")
    assert (problem.places[0].path, problem.places[0].start_line) == ("k8s/web.yaml", 2)


def test_what_is_not_known_is_left_out_and_the_drawing_is_not_kept() -> None:
    report = parsed("exposure", EXPOSURE)
    assert report.left_out == (LeftOut(where="shop/Chart.yaml", reason="helm is not installed"),)
    assert "<svg" not in written(report)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "secret"),
        ("rule", "open-port"),
        ("rule", "ingress-<b>"),
        ("severity", "worst"),
        ("confidence", 2),
        ("resource", ""),
        ("resource", "x" * 1_001),
        ("attribute", "TCP"),
        ("attribute", "TCP/80 <b>"),
        ("places", [{"path": 3}]),
    ],
)
def test_other_values_are_refused(field: str, value: Any) -> None:
    with pytest.raises(Malformed, match=rf"problems\.0\.{field}"):
        parsed("exposure", changed(EXPOSURE, "problems", 0, field, to=value))


def test_a_file_elsewhere_is_left_out() -> None:
    report = parsed("exposure", changed(EXPOSURE, "problems", 0, "places", 0, "path", to="../x"))
    assert (report.problems, len(report.left_out)) == ((), 2)


def test_identity_is_neither_the_file_nor_the_severity_and_open_ports_have_one_too() -> None:
    def identity(problem: Problem) -> Any:
        return KINDS["exposure"].identify("exposure", problem, Lines())

    problem = only("exposure", EXPOSURE)
    moved = problem.model_copy(update={"places": (), "severity": "low", "title": "x"})
    assert identity(problem) == identity(moved) == (("shop/Deployment/web", "ingress-from-internet", "TCP/8080"),)
    others = [problem.model_copy(update={field: "x"}) for field in ("resource", "rule", "attribute")]
    assert len({identity(one) for one in (problem, *others)}) == 4
    port = Problem(kind="exposure", rule="open-port", severity="low", resource="tcp/443")
    assert identity(port) == (("tcp/443", "open-port", ""),)


def test_runs() -> None:
    assert arguments("exposure") == ("-P", "-m", "picket.exposure", ".")
    assert running("exposure").wants(["a.py", "k/a.yaml", "b.yml"]) == ("b.yml", "k/a.yaml")
    assert (incomplete("exposure", 0), failed("exposure", 0), failed("exposure", 1)) == ("", False, True)

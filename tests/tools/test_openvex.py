"""OpenVEX: what suppliers say of vulnerabilities."""

from typing import Any

import pytest
from tests.support.reports import changed, only, parsed
from tests.support.reports.bills import OPENVEX

from picket.errors import Malformed
from picket.tools import TOOLS

SAID = ("statements", 0)


def test_a_product_that_is_affected() -> None:
    problem = only("openvex", OPENVEX)
    assert (problem.kind, problem.advisory, problem.aliases) == (
        "vulnerability",
        "CVE-2099-1001",
        ("GHSA-2222-3333-4444",),
    )
    assert (problem.component, problem.version, problem.severity) == ("pkg:pypi/django", "4.0.0", "medium")
    assert problem.remediation == "Update it"


@pytest.mark.parametrize(
    ("status", "count"), [("affected", 1), ("under_investigation", 1), ("fixed", 0), ("not_affected", 0)]
)
def test_which_statuses_are_a_problem(status: str, count: int) -> None:
    report = parsed("openvex", changed(OPENVEX, *SAID, "status", to=status))
    assert (len(report.problems), report.left_out) == (count, ())


def test_another_status_is_left_out() -> None:
    assert len(parsed("openvex", changed(OPENVEX, *SAID, "status", to="perhaps")).left_out) == 1


def test_of_a_product_with_parts_a_part_is_affected() -> None:
    """govulncheck calls every product `Unknown Product`."""
    products = [{"@id": "Unknown Product", "subcomponents": [{"@id": "pkg:golang/example.com/a@v1.2.0"}]}]
    problem = only("openvex", changed(OPENVEX, *SAID, "products", to=products))
    assert (problem.component, problem.version) == ("pkg:golang/example.com/a", "v1.2.0")


def test_a_product_may_have_its_package_url_among_its_identifiers() -> None:
    products = [{"@id": "https://example.com/x", "identifiers": {"purl": "pkg:npm/x@1"}}]
    assert only("openvex", changed(OPENVEX, *SAID, "products", to=products)).component == "pkg:npm/x"


@pytest.mark.parametrize("products", [[{"@id": "Unknown Product"}], [], None])
def test_what_is_of_no_package_is_left_out(products: Any) -> None:
    report = parsed("openvex", changed(OPENVEX, *SAID, "products", to=products))
    assert (report.problems, [one.where for one in report.left_out]) == ((), ["statements[0]"])


def test_the_first_versions_wrote_text() -> None:
    statement = {"vulnerability": "CVE-2099-1001", "products": ["pkg:pypi/django@4.0.0"], "status": "affected"}
    document = changed(OPENVEX, "statements", to=[statement])
    problem = only("openvex", changed(document, "@context", to="https://openvex.dev/ns"))
    assert (problem.advisory, problem.component) == ("CVE-2099-1001", "pkg:pypi/django")


@pytest.mark.parametrize(
    ("times", "count"),
    [
        (("2099-01-01T00:00:00Z", "2099-01-02T00:00:00Z"), 0),
        (("2099-01-02T00:00:00+01:00", "2099-01-01T22:00:00Z"), 1),
        (("", ""), 0),
        (("x", "2099-13-01"), 0),
    ],
)
def test_of_statements_about_the_same_the_newest_counts(times: tuple[str, str], count: int) -> None:
    first = {**OPENVEX["statements"][0], "timestamp": times[0]}
    second = {**first, "status": "not_affected", "timestamp": times[1]}
    assert len(parsed("openvex", changed(OPENVEX, "statements", to=[first, second])).problems) == count


def test_a_vulnerability_without_a_name_is_left_out() -> None:
    assert len(parsed("openvex", changed(OPENVEX, *SAID, "vulnerability", to={"@id": "x"})).left_out) == 1


@pytest.mark.parametrize("context", ["https://example.com/openvex.dev/ns", "", None, ["https://openvex.dev/ns"]])
def test_another_context_is_another_format(context: Any) -> None:
    assert not TOOLS["openvex"].recognises(changed(OPENVEX, "@context", to=context))


@pytest.mark.parametrize("value", ["x", [7], [{}]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="statements"):
        parsed("openvex", changed(OPENVEX, "statements", to=value))

"""pip-audit's reports."""

from typing import Any

import pytest
from tests.support.reports import changed, only, parsed, written
from tests.support.reports.registries import PIP_AUDIT

from picket.errors import Malformed
from picket.tools import TOOLS

SKIPPED = {"name": "django", "skip_reason": "Dependency not found on PyPI and could not be audited: x"}


def test_a_vulnerability() -> None:
    problem = only("pip-audit", PIP_AUDIT)
    assert (problem.kind, problem.advisory) == ("vulnerability", "CVE-2099-1001")
    assert problem.aliases == ("GHSA-2222-3333-4444", "PYSEC-2099-1")
    assert (problem.component, problem.version, problem.fixed_in) == ("pkg:pypi/django", "4.0.0", "4.0.1, 4.1.2")


def test_a_severity_is_not_told() -> None:
    assert only("pip-audit", PIP_AUDIT).severity == "medium"


def test_what_was_skipped_was_not_looked_at() -> None:
    """pip-audit says «No known vulnerabilities» of it all the same, and ends with 0."""
    report = parsed("pip-audit", {"dependencies": [SKIPPED, {**SKIPPED, "name": "x"}], "fixes": []})
    assert report.problems == ()
    assert [one.where for one in report.left_out] == ["dependencies[0]", "dependencies[1]"]
    assert "not found" not in written(report)


def test_what_was_looked_at_beside_it_counts() -> None:
    report = parsed("pip-audit", changed(PIP_AUDIT, "dependencies", 1, to=SKIPPED))
    assert (len(report.problems), len(report.left_out)) == (1, 1)


def test_the_former_shape_is_a_list() -> None:
    assert only("pip-audit", PIP_AUDIT["dependencies"]).advisory == "CVE-2099-1001"
    assert len(parsed("pip-audit", [SKIPPED]).left_out) == 1


@pytest.mark.parametrize("document", [[], [{"name": "x"}], [{"name": "x", "version": "1"}], [7], {"dependencies": []}])
def test_other_lists_are_none_of_its_own(document: Any) -> None:
    assert not TOOLS["pip-audit"].recognises(document)


@pytest.mark.parametrize("value", ["x", [7], [{}]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="dependencies"):
        parsed("pip-audit", changed(PIP_AUDIT, "dependencies", to=value))

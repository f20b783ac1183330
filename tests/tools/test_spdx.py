"""SPDX: bills of materials, of which none is a problem."""

from typing import Any

import pytest
from tests.support.reports import changed, parsed
from tests.support.reports.bills import SPDX

from picket.errors import Malformed
from picket.tools import TOOLS


@pytest.mark.parametrize("version", ["SPDX-2.2", "SPDX-2.3"])
def test_a_bill_of_materials_has_no_problems_and_closes_none(version: str) -> None:
    """A reference to an advisory does not say that this version is affected."""
    report = parsed("spdx", changed(SPDX, "spdxVersion", to=version))
    assert (report.problems, len(report.left_out)) == ((), 1)


def test_the_tools_version_is_told_among_the_creators() -> None:
    assert TOOLS["spdx"].parse(SPDX, "syft").tool_version == "1.57.1"
    assert TOOLS["spdx"].parse(SPDX, "trivy").tool_version == ""
    assert TOOLS["spdx"].parse(changed(SPDX, "creationInfo", to=None), "syft").tool_version == ""


@pytest.mark.parametrize("version", ["SPDX-2.1", "SPDX-3.0", "", None, 2])
def test_other_versions_are_not_recognised_and_refused(version: Any) -> None:
    document = changed(SPDX, "spdxVersion", to=version)
    assert not TOOLS["spdx"].recognises(document)
    with pytest.raises(Malformed, match="spdxVersion"):
        TOOLS["spdx"].parse(document, "x")


@pytest.mark.parametrize("value", ["x", [7], [{}]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="packages"):
        parsed("spdx", changed(SPDX, "packages", to=value))

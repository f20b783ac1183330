"""Syft's bills of materials and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, parsed
from tests.support.reports.vulnerabilities import SYFT

from picket.errors import Malformed
from picket.tools import TOOLS


def test_a_bill_of_materials_has_no_problems() -> None:
    report = parsed("syft", SYFT)
    assert (report.problems, report.left_out, report.tool_version) == ((), (), "1.57.1")


def test_tools_were_a_list_before_version_1_5() -> None:
    assert (
        parsed("syft", changed(SYFT, "metadata", "tools", to=[{"name": "syft", "version": "1.0"}])).tool_version
        == "1.0"
    )


def test_another_tools_bill_is_none_of_its_own() -> None:
    assert not TOOLS["syft"].recognises(changed(SYFT, "metadata", "tools", to=[{"name": "other"}]))


@pytest.mark.parametrize("value", ["x", [7], {}])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="components"):
        parsed("syft", changed(SYFT, "components", to=value))


def test_runs() -> None:
    assert incomplete("syft", 0) == ""
    assert incomplete("syft", 1)
    assert failed("syft", 1)
    assert arguments("syft")[:2] == ("scan", "dir:.")
    assert "/a.tar" in arguments("syft", asset_type="image", archive="/a.tar")

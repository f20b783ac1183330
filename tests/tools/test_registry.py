"""The registry of tools and formats, and the table of them that people read."""

import re
from pathlib import Path

import pytest

from picket.tools import TOOLS

README = (Path(__file__).parents[2] / "functions" / "README.md").read_text()
ROWS = {
    row[1]: row[0]
    for row in re.finditer(r"^\| `([a-z-]+)` \|.*$", README.partition("## Reports of tools")[2], re.MULTILINE)
}


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_tool_is_called_as_in_the_registry_and_stands_in_the_table(name: str) -> None:
    assert TOOLS[name].name == name
    assert name in ROWS


@pytest.mark.parametrize("name", sorted(name for name, tool in TOOLS.items() if tool.running))
def test_the_table_tells_the_licence_and_where_a_tool_comes_from(name: str) -> None:
    running = TOOLS[name].running
    assert running is not None
    assert running.licence.removeprefix("LicenseRef-") in ROWS[name]
    registry = (
        {"pypi": "PyPI", "go": "Go", "debian": "Debian"}[running.package.registry] if running.package else "no registry"
    )
    assert f"| {registry}" in ROWS[name]


@pytest.mark.parametrize("name", sorted(name for name, tool in TOOLS.items() if tool.running and tool.running.package))
def test_what_is_said_to_be_tested_is_the_version_that_is_installed(name: str) -> None:
    running = TOOLS[name].running
    assert running is not None
    assert running.package is not None
    version = running.package.version.partition("+")[0]
    assert f"| {version} |" in ROWS[name] or f"| {version}:" in ROWS[name] or "| documents |" in ROWS[name]

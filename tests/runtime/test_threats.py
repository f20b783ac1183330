"""The threat model: each row names a defence, and the test that sees it work."""

import ast
import re

import pytest
from tests.support.deployment import ROOT

NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", (ROOT / ".github" / "SECURITY.md").read_text())))


def test_the_readme_has_a_threat_model() -> None:
    assert len(NAMED) >= 15


@pytest.mark.parametrize(("path", "test"), NAMED)
def test_a_test_that_the_readme_names_is_there(path: str, test: str) -> None:
    module = ast.parse((ROOT / path).read_text())

    assert test in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}

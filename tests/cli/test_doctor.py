"""`picket doctor` against a running stack."""

from pathlib import Path

import pytest
from tests.cli.test_commands import as_json, picket
from tests.support.stack import Running, picket_up

pytestmark = pytest.mark.stack


def test_a_stack_that_is_in_order_is_told_to_be(tmp_path: Path) -> None:
    with picket_up(tmp_path / "data") as stack:
        found = as_json(stack, "doctor")
        assert {one["check"]: one["state"] for one in found["checks"] if one["state"] != "ok"} == {
            "rules": "skipped",
            "space": "skipped",
        }
        told = picket("doctor", server=stack.url)
        assert told.returncode == 0
        assert "broker" in told.stdout
        _nothing_else_is_told(stack)


def _nothing_else_is_told(stack: Running) -> None:
    """The address of the store holds a password in a cluster."""
    assert "mongodb://" not in picket("doctor", server=stack.url).stdout

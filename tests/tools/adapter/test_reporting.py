"""What a run is said to have come to."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.support import secrets

from picket.events import ToolRequested
from picket.tools.adapter import reporting
from picket.tools.adapter.workplace import Ended, Order, Workplace
from picket.tools.record import Record

REQUEST = {
    "repository": "r",
    "run": "run-1",
    "tool": "hadolint",
    "asset_type": "repository",
    "asset": "r",
    "nonce": "n",
    "report": "file:x",
    "commit": "",
    "material": "",
}
ORDER = Order(tool="hadolint", asset_type="repository", asset="r")


def place(tmp_path: Path, written: bytes, **record: object) -> Workplace:
    """Return the folder of a run that wrote this."""
    made = Workplace(tmp_path)
    made.output.mkdir()
    (made.output / "stdout").write_bytes(written)
    ended = Ended(record=Record.model_validate(record), output="stdout", root=str(made.tree))
    made.ended_file.write_text(ended.model_dump_json())
    return made


@pytest.mark.parametrize("depth", [200, 900, 5_000])
def test_a_report_that_is_nested_deeply_is_one_that_failed(tmp_path: Path, depth: int) -> None:
    """Not an error of the step, which would be tried again, and then be silent."""
    run = place(tmp_path, b"[" * depth + b"]" * depth)
    _, state, reason = reporting._outcome(ToolRequested.model_validate(REQUEST), ORDER, run)
    assert (state, bool(reason)) == ("Failed", True)


def test_arguments_that_name_a_file_by_a_secret_show_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "settings", lambda: SimpleNamespace(hmac_key=b"k" * 32))
    secret = secrets.aws_key(9)
    run = place(tmp_path, b"[]", arguments=["--", f"{secret}.Dockerfile"], errors=f"{'x ' * 1_980}{secret}")
    outcome, state, _ = reporting._outcome(ToolRequested.model_validate(REQUEST), ORDER, run)
    assert state == "Done"
    assert secret not in outcome.model_dump_json()
    assert type(outcome).model_validate_json(outcome.model_dump_json())


def test_a_report_is_no_file_but_the_tools_own(tmp_path: Path) -> None:
    """What runs beside the tool can write in the folder that the steps share, but not read what this step may."""
    secret = tmp_path / "secret"
    secret.write_text("[]")
    run = place(tmp_path, b"[]")
    (run.output / "stdout").unlink()
    (run.output / "stdout").symlink_to(secret)
    _, state, reason = reporting._outcome(ToolRequested.model_validate(REQUEST), ORDER, run)
    assert (state, reason) == ("Failed", "its report is no file")

    run.ended_file.write_text(run.ended_file.read_text().replace('"stdout"', f'"{secret}"'))
    _, state, reason = reporting._outcome(ToolRequested.model_validate(REQUEST), ORDER, run)
    assert (state, reason) == ("Failed", "it is not told how it ended")

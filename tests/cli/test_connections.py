"""`picket webhooks connect` ends with 0 only if every webhook is there."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from picket.cli import connections
from picket.cli.app import app

FOUND: dict[str, Any] = {
    "id": "github.com/acme",
    "state": "Connected",
    "reason": "",
    "remarks": [],
    "each": False,
    "by_state": {"Kept": 1},
    "delivered": True,
    "hooks": [],
}


class Server:
    """Answers every request alike."""

    found = FOUND

    def __init__(self, _server: str) -> None:
        """Connect to nothing."""

    def send(self, *_: object) -> dict[str, Any]:
        return self.found

    def get(self, *_: object) -> dict[str, Any]:
        return self.found

    def find(self, *_: object) -> dict[str, Any]:
        return self.found


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 0),
        ({"each": True, "by_state": {"Kept": 3}}, 0),
        ({"each": True, "by_state": {}}, 1),
        ({"each": True, "by_state": {"Kept": 2, "New": 1}}, 1),
        ({"by_state": {"Failed": 1}}, 1),
        ({"by_state": {"Kept": 1, "Waiting": 1}}, 1),
        ({"by_state": {"Kept": 1, "Left": 1}}, 1),
        ({"state": "Failed", "by_state": {}, "reason": "no right\x1b[2J"}, 1),
        ({"state": "Waiting", "by_state": {}}, 1),
    ],
)
def test_only_what_is_whole_ends_with_0(monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], status: int) -> None:
    monkeypatch.setattr(Server, "found", {**FOUND, **more})
    monkeypatch.setattr(connections, "Client", Server)

    done = CliRunner().invoke(app, ["webhooks", "connect", "github", "acme", "--timeout", "0"])

    assert done.exit_code == status, done.output
    assert "\x1b" not in done.output


@pytest.mark.parametrize(("state", "status"), [("Gone", 0), ("Orphaned", 1), ("Disconnecting", 1)])
def test_a_disconnect_ends_with_0_once_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, state: str, status: int
) -> None:
    monkeypatch.setattr(Server, "found", {**FOUND, "state": state})
    monkeypatch.setattr(connections, "Client", Server)

    done = CliRunner().invoke(app, ["webhooks", "disconnect", "github.com/acme", "--timeout", "0"])

    assert done.exit_code == status, done.output

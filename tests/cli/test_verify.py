"""`picket verify` and `picket revoke` end with what is known: 0 only where every credential is dead."""

from typing import Any

import pytest
from typer.testing import CliRunner

from picket.cli import verify as command
from picket.cli.app import app


class Answers:
    """An API whose provider says *results*, each after the finding was read once without an answer."""

    def __init__(self, results: dict[str, str]) -> None:
        self.results, self.reads = results, dict.fromkeys(results, 0)
        self.sent: list[tuple[str, str, Any]] = []

    def send(self, method: str, path: str, body: Any) -> Any:
        self.sent.append((method, path, body))
        return {"requested_at": "2026-11-26T10:00:00Z"}

    def get(self, path: str) -> Any:
        name = path.rpartition("/")[2]
        self.reads[name] += 1
        at = "2026-11-26T10:00:01Z" if self.reads[name] > 1 else "2026-11-25T10:00:00Z"
        said = {"result": self.results[name], "reason": "", "owner": "ada", "scopes": ["read"], "at": at}
        return {"id": name, "provider": "GitHub", "verification": said}


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ({"a": "dead", "b": "dead"}, 0),
        ({"a": "dead", "b": "live", "c": "unknown"}, 1),
        ({"a": "dead", "b": "unknown"}, 2),
    ],
)
def test_the_status_says_what_is_known(results: dict[str, str], status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Answers(results)
    monkeypatch.setattr(command, "Client", lambda _server: api)
    monkeypatch.setattr(command, "PAUSE", 0.0)

    done = CliRunner().invoke(app, ["verify", *results])

    assert done.exit_code == status
    assert done.output.splitlines() == [f"{result:8} GitHub  {name}  ada (read)" for name, result in results.items()]


def test_without_an_answer_in_time_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Answers({"a": "dead"})
    monkeypatch.setattr(command, "Client", lambda _server: api)
    monkeypatch.setattr(api, "get", lambda _path: {"id": "a", "provider": "GitHub", "verification": None})

    done = CliRunner().invoke(app, ["verify", "a", "--timeout", "1"])

    assert (done.exit_code, "no answer in time" in done.output) == (2, True)


def test_a_revocation_wants_the_id_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Answers({"a": "dead"})
    monkeypatch.setattr(command, "Client", lambda _server: api)
    monkeypatch.setattr(command, "PAUSE", 0.0)

    assert CliRunner().invoke(app, ["revoke", "a"]).exit_code == 2
    assert api.sent == []
    assert CliRunner().invoke(app, ["revoke", "a", "--confirm", "a"]).exit_code == 0
    assert api.sent == [("POST", "/findings/a/revoke", {"confirm": "a"})]

"""`picket scan` in this process, with a home of its own."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.repositories import Work

from picket.cli.scan import main


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.out))

    @property
    def findings(self) -> list[dict[str, Any]]:
        return list(self.json["findings"])


Picket = Callable[..., Done]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled rules, made once for all tests here."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def picket(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Picket:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "PICKET_HASH_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object, stdin: bytes | str = b"", as_json: bool = True) -> Done:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        try:
            status = main([*(["--format", "json"] if as_json else []), *map(str, arguments)])
        except SystemExit as end:  # argparse's own, for options that are wrong
            status = int(str(end.code))
        return Done(status, *capsys.readouterr())

    return run


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path / "work")

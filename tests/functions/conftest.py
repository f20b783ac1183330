"""What tests of statuses have in common."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work
from tests.support.statuses import Announce, Api


@pytest.fixture
def api(forge: GitHttpServer) -> Api:
    found = Api()
    forge.also = found.answer
    return found


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"README": "x\n"})
    return made


@pytest.fixture
def configure(environment: pytest.MonkeyPatch, forge: GitHttpServer, tmp_path: Path) -> Callable[..., None]:
    """Have pushes to the forge told of, as one of a kind."""

    def configure(kind: str = "gitea", policy: str = "", token: str = "", **more: str) -> None:
        host = forge.url.partition("//")[2]
        environment.setenv("PICKET_STATUSES", json.dumps({host: {"forge": kind, "token": token or "t0ken"}}))
        environment.setenv("PICKET_STATUS_REPOSITORIES", json.dumps([f"{host}/*"]))
        if policy:
            path = tmp_path / "policy.yaml"
            path.write_text(f"version: 1\n{policy}")
            environment.setenv("PICKET_POLICY", str(path))
        for name, value in more.items():
            environment.setenv(name, value)
        forget()

    return configure


@pytest.fixture
def configured(configure: Callable[..., None]) -> None:
    configure()


@pytest.fixture
def announce(deployed: Deployment, forge: GitHttpServer) -> Announce:
    return Announce(deployed, f"{forge.url}/o/r/.git")


@pytest.fixture
def push(announce: Announce, work: Work) -> Callable[..., str]:
    """Commit files, announce it, run everything unless *wait*; the commit."""

    def push(files: dict[str, str | bytes], *, wait: bool = False, unannounced: bool = False) -> str:
        before = work.head()
        after = work.commit(files)
        if not unannounced:
            announce(before, after, wait=wait)
        return after

    return push

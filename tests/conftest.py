"""Fixtures that several folders use."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from tests.support import deployment, stores
from tests.support.repositories import GitHttpServer


@pytest.fixture(scope="session")
def nx_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URI of a running one-machine store."""
    folder = tmp_path_factory.mktemp("nx")
    command, port = stores.nx(folder)
    with stores.running(command, port, folder / "output") as uri:
        yield uri


@pytest.fixture(scope="session")
def ferretdb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URI of a running FerretDB."""
    folder = tmp_path_factory.mktemp("ferretdb")
    found = stores.ferretdb(folder)
    if found is None:
        pytest.skip("FerretDB cannot be built here: no Go, or no module proxy")
    with stores.running(*found, folder / "output") as uri:
        yield uri


@pytest.fixture(scope="session")
def ferretdb_on_postgresql_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URI of a running FerretDB that keeps its data in a PostgreSQL of somebody else's."""
    url = os.environ.get("PICKET_TEST_POSTGRESQL_URL", "")
    folder = tmp_path_factory.mktemp("ferretdb-postgresql")
    found = stores.ferretdb(folder, url) if url else None
    if found is None:
        pytest.skip("FerretDB cannot be built here, or PICKET_TEST_POSTGRESQL_URL names no database")
    with stores.running(*found, folder / "output") as uri:
        yield uri


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Settings of a function on this machine; set more with the monkeypatch it gives, then call `forget`."""
    for name in [name for name in os.environ if name.startswith(("PICKET_", "K_"))]:
        monkeypatch.delenv(name)
    values = {
        "HOST": "127.0.0.1",
        "K_SINK": "http://sink.invalid/",
        "K_SERVICE": "test",
        "PICKET_DATA_DIR": str(tmp_path / "data"),
        "PICKET_HASH_KEY": "0" * 64,
        "PICKET_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "PICKET_ALLOW_LOCAL_REPOSITORIES": "true",
        "PICKET_MONGODB_DATABASE": f"test-{uuid.uuid4().hex[:12]}",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    deployment.forget()
    yield monkeypatch
    deployment.forget()


@pytest.fixture
def store(environment: pytest.MonkeyPatch, nx_uri: str) -> str:
    """An empty database in the one-machine store; its URI."""
    environment.setenv("MONGODB_URI", nx_uri)
    deployment.forget()
    return nx_uri


@pytest.fixture
def deployed(store: str, environment: pytest.MonkeyPatch) -> deployment.Deployment:
    """All functions, in this process, on an empty store."""
    assert store
    return deployment.deploy(environment)


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[GitHttpServer]:
    """A server of repositories over http; put them below its root."""
    root = tmp_path / "forge"
    root.mkdir()
    server = GitHttpServer(root)
    yield server
    server.close()

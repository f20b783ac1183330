"""What several folders use: fixtures, what the marker `real` means, and how many examples hypothesis makes."""

import os
import uuid
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import settings
from tests.support import compiled, deployment, providers, stores
from tests.support.examples import PROFILE, how_many
from tests.support.programs import PROGRAMS
from tests.support.repositories import GitHttpServer

# No deadline: how long an example takes is the machine's business. CI tries the same examples each time, so that a
# change is judged by what it changes; the profile `thorough` looks for what nothing has tried yet.
settings.register_profile(PROFILE, deadline=None, max_examples=how_many(), derandomize=PROFILE == "ci")
settings.load_profile(PROFILE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--real`."""
    parser.addoption("--real", action="store_true", help="also build what tests marked `real` need, as images")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a program that is not built here, and without `--real` what builds something itself."""
    for item in items:
        for name in [name for mark in item.iter_markers("real") for name in mark.args]:
            if name in PROGRAMS:
                reason = PROGRAMS[name].missing
            else:
                wanted = config.getoption("--real") or os.environ.get("PICKET_REQUIRE_IMAGES")
                reason = "" if wanted else f"{name}: `make test-real` builds them"
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Say in one line what was left out and why, just before the line with which pytest ends."""
    yield
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for report in terminalreporter.stats.get("skipped", ())
    )
    reasons["not asked for"] = len(terminalreporter.stats.get("deselected", ()))
    said = "; ".join(f"{count} {' '.join(reason.split())}" for reason, count in reasons.most_common() if count)
    terminalreporter.write_line(f"left out: {said or 'nothing'}")


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
    with stores.running(*stores.ferretdb(folder), folder / "output") as uri:
        yield uri


@pytest.fixture(scope="session")
def ferretdb_on_postgresql_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URI of a running FerretDB that keeps its data in a PostgreSQL of somebody else's."""
    url = os.environ.get("PICKET_TEST_POSTGRESQL_URL", "")
    folder = tmp_path_factory.mktemp("ferretdb-postgresql")
    if not url:
        pytest.skip("PICKET_TEST_POSTGRESQL_URL names no database")
    with stores.running(*stores.ferretdb(folder, url), folder / "output") as uri:
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
    compiled.share(tmp_path / "data")
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


@pytest.fixture
def provider(tmp_path: Path, environment: pytest.MonkeyPatch) -> Iterator[providers.Providers]:
    """What answers for every provider; GitHub's own host is known to be meant."""
    folder = tmp_path / "providers"
    folder.mkdir()
    with providers.serving(folder) as found:
        environment.setenv("SSL_CERT_FILE", str(found.certificates))
        environment.setenv("PICKET_VERIFY_PROXY", found.url)
        environment.setenv("PICKET_VERIFY_HOSTS", '["api.github.com"]')
        deployment.forget()
        yield found

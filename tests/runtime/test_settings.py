"""Settings: secrets from mounted files, and what weakens security."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.support.deployment import Deployment, application, deploy, forget

from picket.errors import Misconfigured
from picket.settings import _WEAKENS, Settings, settings, variable_of

HIDDEN = "hunter2-" + "x" * 30


@pytest.fixture
def mounted(environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Secret as Kubernetes mounts it: files that are links into a folder that is a link itself."""
    folder = tmp_path / "secrets"
    data = folder / "..2026_11_21"
    data.mkdir(parents=True)
    (folder / "..data").symlink_to(data.name)
    environment.setenv("PICKET_SECRETS_DIR", str(folder))
    for name in ("PICKET_ENCRYPTION_KEY", "PICKET_HASH_KEY"):
        environment.delenv(name)
    return folder


def mount(folder: Path, name: str, text: str) -> None:
    (folder / "..data" / name).write_text(text)
    (folder / name).symlink_to(f"..data/{name}")
    forget()


def test_a_mounted_file_sets_what_the_environment_does_not(mounted: Path) -> None:
    mount(mounted, "PICKET_HASH_KEY", f"{HIDDEN}\n")
    mount(mounted, "MONGODB_URI", "mongodb://u:p@h.example/\n")
    mount(mounted, "PICKET_GIT_TOKENS", json.dumps({"github.com": HIDDEN}))

    found = settings()

    assert found.hmac_key == HIDDEN.encode()
    assert found.mongodb_uri.get_secret_value() == "mongodb://u:p@h.example/"
    token = found.git_tokens["github.com"]
    assert isinstance(token, SecretStr)
    assert token.get_secret_value() == HIDDEN
    assert HIDDEN not in repr(found)


def test_the_environment_goes_before_a_file(mounted: Path, environment: pytest.MonkeyPatch) -> None:
    mount(mounted, "PICKET_HASH_KEY", "of the file")
    environment.setenv("PICKET_HASH_KEY", "of the environment")
    forget()

    assert settings().hmac_key == b"of the environment"


@pytest.mark.parametrize("what", ["nothing", "file"])
def test_a_folder_that_is_none_is_an_error(environment: pytest.MonkeyPatch, tmp_path: Path, what: str) -> None:
    place = tmp_path / "place"
    if what == "file":
        place.write_text(HIDDEN)
    environment.setenv("PICKET_SECRETS_DIR", str(place))
    forget()

    with pytest.raises(Misconfigured, match="PICKET_SECRETS_DIR"):
        settings()


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("PICKET_GIT_TOKENS", f'{{"h": "{HIDDEN}"'.encode(), "PICKET_GIT_TOKENS: not JSON"),
        ("PICKET_LEASE_SECONDS", HIDDEN.encode(), "PICKET_LEASE_SECONDS"),
        ("PICKET_HASH_KEY", b"\xff" + HIDDEN.encode(), "PICKET_HASH_KEY: its file cannot be read"),
    ],
)
def test_a_file_that_does_not_fit_is_named_and_not_shown(mounted: Path, name: str, content: bytes, named: str) -> None:
    mount(mounted, name, "")
    (mounted / name).write_bytes(content)

    with pytest.raises(Misconfigured, match=named) as caught:
        settings()
    assert "hunter2" not in str(caught.value)


def test_no_default_weakens_security(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("PICKET_ALLOW_LOCAL_REPOSITORIES")
    forget()

    assert settings().weakening == []
    for name, weakens in _WEAKENS.items():
        assert not weakens(Settings.model_fields[name].get_default(call_default_factory=True)), name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allow_local_repositories", "true"),
        ("allow_private_addresses", "true"),
        ("requests_per_minute", "0"),
        ("webhooks_per_minute", "0"),
        ("api_token", "short"),
    ],
)
def test_a_setting_that_weakens_security_is_logged_at_start(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    environment.setenv("PICKET_ALLOW_LOCAL_REPOSITORIES", "false")
    environment.setenv(variable_of(name), value)
    forget()

    application.cache_clear()
    functions = deploy(environment).clients

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    found = [line for line in lines if line["message"] == "settings weaken security"]
    assert len(found) == len(functions)
    assert {line["severity"] for line in found} == {"WARNING"}
    assert [line["settings"] for line in found] == [[variable_of(name)]] * len(found)


def test_the_list_of_what_weakens_is_complete() -> None:
    """Whoever adds a setting that opens something adds it to the list: such settings begin with `allow_`."""
    assert {name for name in Settings.model_fields if name.startswith("allow_")} <= set(_WEAKENS)


def test_settings_that_do_not_fit_do_not_keep_a_function_from_starting(
    environment: pytest.MonkeyPatch, store: str
) -> None:
    assert store
    environment.setenv("PICKET_REQUESTS_PER_MINUTE", "-1")
    forget()

    functions: Deployment = deploy(environment)
    environment.setenv("PICKET_REQUESTS_PER_MINUTE", "1")
    forget()
    assert functions.api.get("/scans").status_code == 200

"""Installing tools: what is done for each registry, and what is said where it fails."""

import subprocess
from pathlib import Path

import pytest
from knative.tools import install
from knative.tools.install import Failed

from picket.tools.running import Package

PYPI = Package("pypi", "a-tool", "1.0")
GO = Package("go", "example.com/a/v2/cmd/a", "1.0.0", {"GOEXPERIMENT": "x"})


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    """Commands that would be run; they leave the program where it should be."""
    found: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def run(*command: str, **environment: str) -> None:
        found.append((command, environment))
        made = Path(environment["GOBIN"], "a") if environment else Path(command[0]).with_name("a")
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text("")

    monkeypatch.setattr(install, "_run", run)
    return found


def test_a_python_package_gets_an_environment_of_its_own(
    commands: list[tuple[tuple[str, ...], dict[str, str]]], tmp_path: Path
) -> None:
    assert install.install("a", "a", PYPI, tmp_path) == "installed"
    assert commands[0][0][1:] == ("-m", "venv", str(tmp_path / "a"))
    assert commands[1][0][-1] == "a-tool==1.0"
    assert (tmp_path / "bin" / "a").resolve() == tmp_path / "a" / "bin" / "a"


def test_what_is_there_is_left_alone_and_another_version_is_not(
    commands: list[tuple[tuple[str, ...], dict[str, str]]], tmp_path: Path
) -> None:
    install.install("a", "a", PYPI, tmp_path)
    assert install.install("a", "a", PYPI, tmp_path) == "is there"
    assert len(commands) == 2
    assert install.install("a", "a", Package("pypi", "a-tool", "2.0"), tmp_path) == "installed"


def test_a_go_program_is_built_with_the_variables_of_its_package(
    commands: list[tuple[tuple[str, ...], dict[str, str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/go")
    assert install.install("a", "a", GO, tmp_path) == "installed"
    [(command, environment)] = commands
    assert command == ("/usr/bin/go", "install", "example.com/a/v2/cmd/a@v1.0.0")
    assert (environment["CGO_ENABLED"], environment["GOEXPERIMENT"]) == ("0", "x")


def test_without_go_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    with pytest.raises(Failed, match="no Go"):
        install.install("a", "a", GO, tmp_path)
    with pytest.raises(Failed, match="apt-get install a-tool"):
        install.install("a", "a", Package("debian", "a-tool", "1"), tmp_path)


def test_one_that_fails_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*command: str, **_environment: str) -> None:
        if "bandit==" in command[-1]:
            raise Failed("no network")
        Path(command[-1], "bin").mkdir(parents=True, exist_ok=True)
        (Path(command[-1]) / "bin" / "zizmor").write_text("")

    monkeypatch.setattr(install, "_run", run)
    monkeypatch.chdir(tmp_path)
    assert install.main(["tools", "--only", "bandit,sarif,zizmor"]) == 1
    said = capsys.readouterr().out
    assert "bandit 1.9.4: no network" in said
    assert "zizmor 1.32.0 installed" in said
    assert said.endswith("not installed: bandit\n")


def test_a_command_that_fails_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_command: object, **_options: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess((), 3, b"", b"it broke")

    monkeypatch.setattr("subprocess.run", run)
    with pytest.raises(Failed, match="status 3: it broke"):
        install._run("/usr/bin/x")


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        install.main([str(tmp_path), "--only", "unheard-of"])

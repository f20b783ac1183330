"""What is installed where: the command line tells what it lacks, and pre-commit installs it."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.support.deployment import ROOT

HIDE = (
    "import sys; sys.modules.update(dict.fromkeys({hidden!r}.split())); sys.argv[1:] = {arguments!r}.split();"
    "from picket.cli import main; main()"
)


@pytest.mark.parametrize(
    ("hidden", "arguments"),
    [
        pytest.param("typer", "--help", id="any command"),
        pytest.param("hyperscan", "scan --no-git {file}", id="scan"),
        pytest.param("aiohttp", "up --port 0", id="up"),
    ],
)
def test_the_command_line_says_what_to_install(hidden: str, arguments: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x = 1\n")
    program = HIDE.format(hidden=hidden, arguments=arguments.format(file=tmp_path))

    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == (
        f"{hidden} is not installed: pip install 'picket[cli]', or 'picket[local]' for `up` and `run`\n"
    )


def test_the_hooks_bring_what_the_command_line_needs() -> None:
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()):
        assert hook["additional_dependencies"] == [".[cli]"]

"""The tools themselves, where they are installed (`make tools`): run as they say, on a small repository."""

import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import planted
from tests.support.reports.credentials import SECRET

from picket.errors import Malformed
from picket.findings.model import Report
from picket.tools import TOOLS
from picket.tools.reports import document
from picket.tools.running import Ended, Material, Running

pytestmark = [pytest.mark.real, pytest.mark.slow]

EXPECTED = {
    "bandit": ("B602", "app/views.py", 5),
    "checkov": ("CKV_K8S_16", "k8s/web.yaml", 1),
    "detect-secrets": ("GitHub Token", "settings.py", 1),
    "gitleaks": ("github-pat", "settings.py", 1),
    "gosec": ("G204", "main.go", 9),
    "govulncheck": ("GO-2099-0001", "main.go", 9),
    "hadolint": ("DL3006", "Dockerfile", 1),
    "helm": ("lint-error", "deploy/chart/templates/a.yaml", 0),
    "kingfisher": ("betterleaks.github-pat", "settings.py", 1),
    "kubeconform": ("schema", "k8s/web.yaml", 0),
    "osv-scanner": ("CVE-2099-1001", "requirements.txt", 0),
    "semgrep": ("shell-true", "app/views.py", 5),
    "trufflehog": ("Github", "settings.py", 1),
    "zizmor": ("template-injection", ".github/workflows/ci.yaml", 7),
}
"""A rule that fires, the path, and the line."""
NEED_DATA = ("govulncheck", "grype", "kubeconform", "osv-scanner", "semgrep", "trivy")
USUAL_PORTS = (8080, 8081, 8888, 8000, 9000, 9090, 5000)
"""Some of those that Nmap looks at."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a problem for each tool."""
    folder = tmp_path_factory.mktemp("tree")
    planted.repository(folder)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Databases, rules and schemas, with one entry each; Go is an ecosystem without any advisory."""
    folder = tmp_path_factory.mktemp("data")
    planted.databases(folder)
    return folder


@pytest.fixture
def port() -> Iterator[int]:
    """A usual port on which something listens."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for number in USUAL_PORTS:
            try:
                server.bind(("127.0.0.1", number))
            except OSError:
                continue
            server.listen()
            yield number
            return
    pytest.skip("all usual ports are in use")


def running_of(name: str) -> Running:
    found = TOOLS[name].running
    assert found is not None
    return found


def path_of(name: str) -> str:
    """Return the path of a tool's program, or skip the test."""
    program = running_of(name).program
    places = os.pathsep.join((str(Path(sys.prefix) / "tools" / "bin"), os.environ["PATH"]))
    found = shutil.which(program, path=places)
    if found is None:
        how = f"`make tools ONLY={name}`" if running_of(name).package else "no registry has it"
        pytest.skip(f"{program} is not installed: {how}")
    if name in {"gosec", "govulncheck"} and shutil.which("go") is None:
        pytest.skip(f"{program} needs Go")
    return found


def ran(name: str, material: Material, home: Path) -> tuple[Ended, bytes]:
    """Run a tool as it says; paths below the tree are written from its top, as an adapter does."""
    running = running_of(name)
    variables = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), **running.variables(material)}
    command = [path_of(name), *running.arguments(material)]
    done = subprocess.run(
        command, cwd=material.folder or home, env=variables, capture_output=True, check=False, timeout=running.seconds
    )
    output = done.stdout
    if material.folder:
        output = output.replace(f"{material.folder}/".encode(), b"")
    return Ended(done.returncode, done.stderr.decode(errors="replace")[-20_000:]), output


def of_the(tree: Path, name: str, data: str = "") -> Material:
    paths = [str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()]
    files = running_of(name).wants(paths)
    return Material(asset_type="repository", asset="a/b", folder=str(tree), files=files, data=data)


def parsed(name: str, output: bytes) -> tuple[Any, Report]:
    found = document(output, TOOLS[name])
    return found, TOOLS[name].parse(found, name)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_finds_what_is_planted(name: str, tree: Path, data: Path, tmp_path: Path) -> None:
    ended, output = ran(name, of_the(tree, name, str(data)), tmp_path)
    assert not running_of(name).failed(ended), ended
    found, report = parsed(name, output)

    assert running_of(name).incomplete(ended, found) == "", ended
    places = {(each.rule, place.path, place.start_line) for each in report.problems for place in each.places}
    assert EXPECTED[name] in places, report
    assert SECRET not in report.model_dump_json()


@pytest.mark.parametrize("name", NEED_DATA)
def test_without_its_data_nothing_is_said_to_be_well(name: str, tree: Path, tmp_path: Path) -> None:
    ended, output = ran(name, of_the(tree, name, str(tmp_path / "nothing")), tmp_path)
    if running_of(name).failed(ended):
        return
    try:
        found, report = parsed(name, output)
    except Malformed:
        return
    assert running_of(name).incomplete(ended, found) or report.left_out


def test_osv_scanner_looks_into_an_image(data: Path, tmp_path: Path) -> None:
    (data / "osv-scalibr" / "Debian").mkdir(exist_ok=True)
    package = {"name": "openssl", "ecosystem": "Debian:12"}
    versions = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.10-1"}]}
    record = planted.RECORD | {"id": "DEBIAN-CVE-2099-7", "aliases": ["CVE-2099-7"]}
    record["affected"] = [{"package": package, "ranges": [versions]}]
    with zipfile.ZipFile(data / "osv-scalibr" / "Debian" / "all.zip", "w") as archive:
        archive.writestr("DEBIAN-CVE-2099-7.json", json.dumps(record))
    (tmp_path / "image.tar").write_bytes(planted.image())
    material = Material(asset_type="image", asset="a/b", archive=str(tmp_path / "image.tar"), data=str(data))

    ended, output = ran("osv-scanner", material, tmp_path)
    found, report = parsed("osv-scanner", output)
    assert running_of("osv-scanner").incomplete(ended, found) == ""
    assert {(each.advisory, each.component, each.fixed_in) for each in report.problems} == {
        ("CVE-2099-1001", "pkg:pypi/requests", "2.20.0"),
        ("CVE-2099-7", "pkg:deb/debian/openssl", "3.0.10-1"),
    }


def test_osv_scanner_is_incomplete_without_the_database_of_one_ecosystem(
    tree: Path, data: Path, tmp_path: Path
) -> None:
    partial = tmp_path / "data"
    shutil.copytree(data, partial)
    shutil.rmtree(partial / "osv-scalibr" / "Go")
    ended, _ = ran("osv-scanner", of_the(tree, "osv-scanner", str(partial)), tmp_path)
    assert "database" in running_of("osv-scanner").incomplete(ended, None)


@pytest.mark.parametrize("setting", ["external-checks-dir:\n  - ext\n", "external-checks-git:\n  - {tree}/ext\n"])
def test_checkov_runs_nothing_of_the_repository(setting: str, tmp_path: Path) -> None:
    tree, home = tmp_path / "tree", tmp_path / "home"
    (tree / "ext").mkdir(parents=True)
    home.mkdir()
    (tree / "main.tf").write_text('resource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n')
    (tree / ".checkov.yaml").write_text(setting.format(tree=tree))
    (tree / "ext" / "__init__.py").write_text("")
    (tree / "ext" / "check.py").write_text(f"open({str(home / 'was-run')!r}, 'w').close()\n")
    commit = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--message", "a"]
    for command in (["git", "init", "--quiet"], ["git", "add", "."], commit):
        subprocess.run(command, cwd=tree / "ext", check=True)

    ended, _ = ran("checkov", of_the(tree, "checkov"), home)
    assert not (home / "was-run").exists()
    assert running_of("checkov").failed(ended)


def test_syft_lists_what_is_there(tree: Path, tmp_path: Path) -> None:
    ended, output = ran("syft", of_the(tree, "syft"), tmp_path)
    assert not running_of("syft").failed(ended), ended
    found, report = parsed("syft", output)
    assert TOOLS["syft"].recognises(found)
    assert "requests" in {component["name"] for component in found["components"]}
    assert report.problems == ()


def test_trivy_finds_a_misconfiguration_and_a_secret(tree: Path, data: Path, tmp_path: Path) -> None:
    """Without a database of vulnerabilities it looks at nothing; so it is asked for the rest alone."""
    material = of_the(tree, "trivy", str(data))
    words = [word.replace("vuln,", "") for word in running_of("trivy").arguments(material)]
    done = subprocess.run(
        [path_of("trivy"), *words],
        cwd=tree,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    _, report = parsed("trivy", done.stdout)
    rules = {(each.rule, place.path) for each in report.problems for place in each.places}
    assert {("KSV-0017", "k8s/web.yaml"), ("github-pat", "settings.py")} <= rules


def test_nmap_finds_an_open_port(port: int, tmp_path: Path) -> None:
    ended, output = ran("nmap", Material(asset_type="host", asset="127.0.0.1"), tmp_path)
    found, report = parsed("nmap", output)
    assert running_of("nmap").incomplete(ended, found) == ""
    assert (report.succeeded, report.left_out) == (True, ())
    assert f"tcp/{port}" in {each.resource for each in report.problems}

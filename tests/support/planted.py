"""A small repository with a problem for each tool, databases with an entry for it, and an image."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from tests.support.reports.credentials import SECRET

FILES = {
    "Dockerfile": "FROM debian\nRUN apt-get install curl\nCMD echo hello\n",
    "app/views.py": "import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n",
    "settings.py": f'TOKEN = "{SECRET}"\n',
    "requirements.txt": "requests==2.19.0\n",
    "go.mod": "module example.com/x\n\ngo 1.22\n",
    "main.go": """package main

import (
\t"os"
\t"os/exec"
)

func main() {
\texec.Command("sh", "-c", os.Args[1]).Run()
}
""",
    "deploy/chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
    "deploy/chart/templates/a.yaml": "apiVersion: v1\nkind: [ConfigMap\n",
    "k8s/web.yaml": """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: "two"
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:latest
          securityContext:
            privileged: true
""",
    ".github/workflows/ci.yaml": """name: ci
on: pull_request_target
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: echo "${{ github.event.pull_request.title }}"
""",
}
RULE = """rules:
  - id: shell-true
    languages: [python]
    severity: ERROR
    message: A shell runs it
    pattern: subprocess.call(..., shell=True)
    metadata: {cwe: "CWE-78: OS Command Injection"}
"""
RECORD: dict[str, Any] = {
    "schema_version": "1.6.0",
    "id": "PYSEC-2099-1",
    "modified": "2026-01-01T00:00:00Z",
    "aliases": ["CVE-2099-1001"],
    "affected": [
        {
            "package": {"name": "requests", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.20.0"}]}],
        }
    ],
}
OF_GO: dict[str, Any] = {
    "schema_version": "1.3.1",
    "id": "GO-2099-0001",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "stdlib", "ecosystem": "Go"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.99.0"}]}],
            "ecosystem_specific": {"imports": [{"path": "os/exec", "symbols": ["Command"]}]},
        }
    ],
}


def repository(folder: Path) -> None:
    """Write the files of the repository."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def databases(folder: Path) -> None:
    """Write databases, rules and schemas; Go is an ecosystem without any advisory."""
    for name in ("rules", "schemas", "govulncheck", "osv-scalibr/PyPI", "osv-scalibr/Go"):
        (folder / name).mkdir(parents=True)
    (folder / "rules" / "shell.yaml").write_text(RULE)
    replicas = {"type": "object", "properties": {"replicas": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"spec": replicas}}
    (folder / "schemas" / "deployment-apps-v1.json").write_text(json.dumps(schema))
    (folder / "govulncheck" / "GO-2099-0001.json").write_text(json.dumps(OF_GO))
    with zipfile.ZipFile(folder / "osv-scalibr" / "PyPI" / "all.zip", "w") as archive:
        archive.writestr("PYSEC-2099-1.json", json.dumps(RECORD))
    zipfile.ZipFile(folder / "osv-scalibr" / "Go" / "all.zip", "w").close()


def packed(files: dict[str, bytes]) -> bytes:
    """Return a tar archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def image() -> bytes:
    """Return an image of one layer, as `docker save` writes it: a Debian with a Python package."""
    package = "usr/lib/python3/dist-packages/requests-2.19.0.dist-info/METADATA"
    system = (
        b"Package: libssl3\nStatus: install ok installed\nSource: openssl\nVersion: 3.0.9-1\nArchitecture: amd64\n\n"
    )
    layer = packed(
        {
            "etc/os-release": b'ID=debian\nVERSION_ID="12"\n',
            "var/lib/dpkg/status": system,
            package: b"Metadata-Version: 2.1\nName: requests\nVersion: 2.19.0\n",
        }
    )
    told = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}
    settings = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": told, "config": {}, "history": [{}]}
    ).encode()
    manifest = [{"Config": "config.json", "RepoTags": ["a/b:1"], "Layers": ["1/layer.tar"]}]
    return packed({"1/layer.tar": layer, "config.json": settings, "manifest.json": json.dumps(manifest).encode()})

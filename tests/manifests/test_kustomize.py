"""Our reading of a kustomization is kustomize's own."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.manifests.test_overlays import EXAMPLES, KNATIVE, OVERLAYS
from tests.support import kustomize

VERSION = "v5.8.1"


@pytest.fixture(scope="module")
def program() -> Path:
    """The real program, built where Go and its modules are at hand."""
    target = Path.home() / ".cache" / "picket-tests" / f"kustomize-{VERSION}"
    if not target.exists():
        go = shutil.which("go")
        if go is None:
            pytest.skip("kustomize cannot be built: there is no Go")
        environment = {**os.environ, "GOBIN": str(target.parent / "bin"), "GOFLAGS": "-mod=mod"}
        command = [go, "install", f"sigs.k8s.io/kustomize/kustomize/v5@{VERSION}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=540)
        if done.returncode:
            pytest.skip(f"kustomize cannot be built: {done.stderr[-300:]}")
        (target.parent / "bin" / "kustomize").rename(target)
    return target


def by_name(documents: list[Any]) -> dict[str, Any]:
    return {
        "/".join((one["apiVersion"], one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])): one
        for one in documents
    }


@pytest.mark.parametrize("folder", [*OVERLAYS, *EXAMPLES], ids=lambda folder: folder.name)
def test_kustomize_builds_the_same(program: Path, folder: Path) -> None:
    done = subprocess.run([program, "build", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert by_name(kustomize.build(folder)) == by_name(list(yaml.safe_load_all(done.stdout)))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("resources: [nothing.yaml]", "there is no nothing.yaml"),
        ("helmCharts: []", "helmCharts is not known here"),
        ("patches: [{target: {kind: Service}, patch: '[{op: add, path: /x, value: 1}]'}]", "a patch has no target"),
        ("images: [{name: x}]", "no container has the image x"),
        ("configMapGenerator: [{name: x, namespace: y, files: []}]", "names with a hash"),
    ],
)
def test_what_is_wrong_or_not_known_is_told(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "kustomization.yaml").write_text(text)
    with pytest.raises(kustomize.Unbuildable, match=problem):
        kustomize.build(tmp_path)


def test_an_object_that_is_there_twice_is_told(tmp_path: Path) -> None:
    base = os.path.relpath(KNATIVE / "base", tmp_path)
    namespace = os.path.relpath(KNATIVE / "base" / "namespace.yaml", tmp_path)
    (tmp_path / "kustomization.yaml").write_text(f"resources: [{base}, {namespace}]")
    with pytest.raises(kustomize.Unbuildable, match="is there twice"):
        kustomize.build(tmp_path)

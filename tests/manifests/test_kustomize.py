"""Our reading of a kustomization is kustomize's own."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.manifests.test_overlays import EXAMPLES, KNATIVE, OVERLAYS
from tests.support import kustomize
from tests.support.programs import KUSTOMIZE


def by_name(documents: list[Any]) -> dict[str, Any]:
    return {
        "/".join((one["apiVersion"], one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])): one
        for one in documents
    }


@pytest.mark.real("kustomize")
@pytest.mark.parametrize("folder", [*OVERLAYS, *EXAMPLES], ids=lambda folder: folder.name)
def test_kustomize_builds_the_same(folder: Path) -> None:
    done = subprocess.run([KUSTOMIZE.path, "build", folder], capture_output=True, text=True, check=False)
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

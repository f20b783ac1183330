"""The manifests of third-party tools: as their folders say, closed in, and wired to a Broker of their own."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from tests.manifests.test_overlays import KNATIVE

from picket.events import ToolRequested
from picket.tools import TOOLS

FOLDER = KNATIVE / "tools"
RUN = sorted(name for name, tool in TOOLS.items() if tool.running is not None)


def writer() -> ModuleType:
    """Return `knative/tools/write.py` as a module."""
    spec = importlib.util.spec_from_file_location("write_tools", FOLDER / "write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def documents(name: str) -> dict[str, Any]:
    """Return the objects of a tool's manifest by kind."""
    return {one["kind"]: one for one in yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text())}


def pod(name: str) -> dict[str, Any]:
    found: dict[str, Any] = documents(name)["JobSink"]["spec"]["job"]["spec"]["template"]["spec"]
    return found


def test_the_files_are_as_the_tools_folders_say() -> None:
    written: dict[Path, str] = writer().files()
    assert {file.name: file.read_text() for file in written} == {file.name: text for file, text in written.items()}
    assert {file.stem for file in FOLDER.glob("*.yaml")} - {"common", "kustomization"} == set(RUN)


@pytest.mark.parametrize("name", RUN)
def test_a_job_has_no_token_no_root_and_bounds_for_everything(name: str) -> None:
    job = documents(name)["JobSink"]["spec"]["job"]["spec"]
    found = pod(name)
    assert (found["automountServiceAccountToken"], found["securityContext"]["runAsNonRoot"]) == (False, True)
    assert job["activeDeadlineSeconds"] > TOOLS[name].running.seconds  # type: ignore[union-attr]
    assert job["backoffLimit"] > 0
    for container in (*found["initContainers"], *found["containers"]):
        closed = container["securityContext"]
        assert (closed["readOnlyRootFilesystem"], closed["allowPrivilegeEscalation"]) == (True, False)
        assert closed["capabilities"]["drop"] == ["ALL"]
        assert {"cpu", "memory"} <= container["resources"]["limits"].keys()
    assert all("sizeLimit" in volume["emptyDir"] for volume in found["volumes"])
    assert all("ephemeral-storage" in one["resources"]["limits"] for one in found["initContainers"])


@pytest.mark.parametrize("name", RUN)
def test_the_tools_container_has_neither_secret_nor_event_nor_a_hand_in_compiled_rules(name: str) -> None:
    """A JobSink gives the event to all containers but those of `initContainers`, of which sidecars go on running."""
    found = pod(name)
    [tool], [attending] = found["initContainers"], found["containers"]
    assert (tool["name"], tool["restartPolicy"], attending["name"]) == ("run", "Always", "attend")
    assert "secretKeyRef" not in yaml.safe_dump(tool)
    assert "secretKeyRef" in yaml.safe_dump(attending)
    shared = {one["name"] for one in tool["volumeMounts"]} & {one["name"] for one in attending["volumeMounts"]}
    assert shared == {"job"}


@pytest.mark.parametrize("name", RUN)
def test_a_container_mounts_only_volumes_that_its_pod_has(name: str) -> None:
    """Knative tries the job as it stands before it admits a JobSink: what it adds later is not there yet."""
    found = pod(name)
    volumes = {one["name"] for one in found["volumes"]}
    for container in (*found["initContainers"], *found["containers"]):
        assert {one["name"] for one in container["volumeMounts"]} <= volumes


@pytest.mark.parametrize("name", RUN)
def test_a_tool_reaches_nothing_but_artifacts_and_the_broker_unless_it_is_active(name: str) -> None:
    edges = documents(name)["NetworkPolicy"]["spec"]["egress"]
    running = TOOLS[name].running
    assert running is not None
    assert len(edges) == (3 if running.is_active else 2)


@pytest.mark.parametrize("name", RUN)
def test_its_trigger_is_at_the_tools_broker_by_the_extension(name: str) -> None:
    spec = documents(name)["Trigger"]["spec"]
    assert spec["broker"] == "tools"
    assert spec["filter"]["attributes"] == {"type": ToolRequested.TYPE, "tool": name}
    assert spec["subscriber"]["ref"] == {"apiVersion": "sinks.knative.dev/v1alpha1", "kind": "JobSink", "name": name}
    assert spec["delivery"]["deadLetterSink"]["uri"] == f"/dead-letters/tool-{name}"


def test_what_asks_for_a_run_gets_to_the_tools_broker() -> None:
    [trigger] = [one for one in yaml.safe_load_all((FOLDER / "common.yaml").read_text()) if one["kind"] == "Trigger"]
    assert (trigger["spec"]["broker"], trigger["spec"]["subscriber"]["ref"]["name"]) == ("default", "tools")
    assert trigger["spec"]["filter"]["attributes"] == {"type": ToolRequested.TYPE}

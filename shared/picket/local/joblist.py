"""Reads a JobSink's manifest: the containers of its job, in the order in which they run."""

from __future__ import annotations

from picket.channel.document import Node
from picket.local.resources import JobSink, Step

_PYTHON = "python"
DEFAULT_BACKOFF_LIMIT = 6
DEFAULT_DEADLINE = 3_600.0
"""Seconds of a job whose manifest sets none; Kubernetes then waits for ever."""
ISOLATED = "picket.dev/isolated"
"""Annotation of a pod: names of containers that get nothing but what the manifest gives them."""


def read_job_sink(node: Node) -> JobSink:
    """Read a JobSink.

    Raises:
        Malformed: Its job is not one that can be run by a process for each container; says where.
    """
    job = node.get("spec", "job", "spec")
    pod = job.get("template", "spec")
    isolated = job.get("template", "metadata", "annotations").get(ISOLATED).text("").split(",")
    containers = [*pod.get("initContainers").items(), *pod.get("containers").items()]
    if not pod.get("containers").items():
        raise pod.get("containers").error("must hold a container")
    return JobSink(
        name=node.get("metadata", "name").text(),
        namespace=node.get("metadata", "namespace").text("default"),
        steps=tuple(_step(container, isolated) for container in containers),
        backoff_limit=job.get("backoffLimit").integer(DEFAULT_BACKOFF_LIMIT),
        deadline=float(job.get("activeDeadlineSeconds").integer(int(DEFAULT_DEADLINE))),
    )


def _step(container: Node, isolated: list[str]) -> Step:
    command = [item.text() for item in container.get("command").items()]
    if command[:1] != [_PYTHON]:
        raise container.get("command").error(f"must begin with {_PYTHON}: the one-machine stack runs no other program")
    name = container.get("name").text()
    return Step(
        name=name,
        arguments=(*command[1:], *(item.text() for item in container.get("args").items())),
        env={
            item.get("name").text(): item.get("value").text("")
            for item in container.get("env").items()
            if not item.get("valueFrom")
        },
        is_isolated=name in isolated,
        is_sidecar=container.get("restartPolicy").text("") == "Always",
    )

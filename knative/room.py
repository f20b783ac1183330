"""How much of CPU and memory an overlay asks for, and how much the nodes have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

Document = dict[str, Any]
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|[kMGTPE]|[KMGTPE]i)?")
_SCALES = {
    "": Fraction(1),
    "m": Fraction(1, 1000),
    **{unit: Fraction(1000**power) for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Fraction(1024**power) for power, unit in enumerate("KMGTPE", 1)},
}
"""Source: Kubernetes' documentation of quantities."""
_QUEUE_PROXY = Fraction(25, 1000)
"""CPU of what Knative puts beside each function. Source: Knative Serving, `config-deployment`."""
_SCALE = "autoscaling.knative.dev/min-scale"


def quantity(text: str) -> Fraction:
    """Return a quantity as Kubernetes writes it: `50m`, `1`, `192Mi`.

    Raises:
        ValueError: It is not a quantity.
    """
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise ValueError(f"not a quantity: {text}")
    return Fraction(found[1]) * _SCALES[found[2] or ""]


def room(manifests: list[Document], nodes: list[Document]) -> Iterator[str]:
    """Say what one pod of everything asks for, and what the nodes have.

    Args:
        manifests: What is to be deployed. Of a function counts what always runs, and one pod at least: while a push
            is worked on each has one.
        nodes: The cluster's, as Kubernetes tells of them.
    """
    wanted = [_asked(one) for one in manifests]
    cpu, memory = (sum((one[part] for one in wanted), Fraction()) for part in (0, 1))
    there = [one["status"]["allocatable"] for one in nodes]
    cpus = sum((quantity(one["cpu"]) for one in there), Fraction())
    memories = sum((quantity(one["memory"]) for one in there), Fraction())
    yield (
        f"room: one pod of everything asks for {float(cpu):.2f} CPUs and {_gib(memory)}; "
        f"{len(there)} nodes have {float(cpus):.2f} and {_gib(memories)}, less what runs there already"
    )
    if cpu > cpus or memory > memories:
        yield 'room: that does not fit: pods will wait for a node; see "Size it" in knative/README.md'


def _asked(document: Document) -> tuple[Fraction, Fraction]:
    """Return CPUs and bytes that the pods of an object ask for."""
    spec = document.get("spec", {})
    template = spec.get("template", {}) if document["kind"] in {"Service", "StatefulSet", "Deployment"} else {}
    containers = template.get("spec", {}).get("containers", ()) if isinstance(template, dict) else ()
    if not containers:
        return Fraction(), Fraction()
    requests = [one.get("resources", {}).get("requests", {}) for one in containers]
    cpu = sum((quantity(str(one.get("cpu", "0"))) for one in requests), Fraction())
    memory = sum((quantity(str(one.get("memory", "0"))) for one in requests), Fraction())
    pods = int(spec.get("replicas", 1))
    if document["kind"] == "Service":
        cpu += _QUEUE_PROXY
        pods = max(1, int(template["metadata"].get("annotations", {}).get(_SCALE, "1")))
    return pods * cpu, pods * memory


def _gib(amount: Fraction) -> str:
    return f"{float(amount) / 2**30:.1f} GiB"

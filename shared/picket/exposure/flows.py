"""The flows that a drawing shows: who may come in where a policy has a say, and what the internet reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from picket.exposure import ports as sets
from picket.exposure.evaluation import Evaluation
from picket.exposure.exposures import unknown_policies
from picket.exposure.objects import Cluster, Workload
from picket.findings.model import Report

INTERNET = "internet"
MAX_WORKLOADS = 40
MAX_FLOWS = 200


@dataclass(frozen=True, slots=True)
class Flow:
    """That a workload, by its address, or the internet may reach another, at which ports."""

    source: str
    target: str
    ports: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What is to be drawn: addresses of workloads, those without a policy or of which nothing is known, and flows.

    `more` workloads and `more_flows` are left out, since a picture of all of them would show nothing.
    """

    workloads: tuple[str, ...]
    open: frozenset[str]
    unknown: frozenset[str]
    flows: tuple[Flow, ...]
    more: int = 0
    more_flows: int = 0


def picture(cluster: Cluster, report: Report) -> Picture:
    """Return what is to be drawn of a cluster and its exposures."""
    every = {one.address: one for one in reversed(cluster.workloads)}
    shown = {name: every[name] for name in sorted(every)[:MAX_WORKLOADS]}
    scope = unknown_policies(cluster)
    unknown = frozenset(name for name, one in shown.items() if one.on_host or one.namespace in scope)
    known = {name: one for name, one in shown.items() if name not in unknown}
    evaluation = Evaluation(cluster)
    isolated = [one for one in known.values() if evaluation.rules(one, "Ingress") is not None]
    flows = [*_with_internet(report, known), *_between(known, isolated, evaluation)]
    return Picture(
        tuple(shown),
        frozenset(known) - {one.address for one in isolated},
        unknown,
        tuple(flows[:MAX_FLOWS]),
        len(every) - len(shown),
        max(0, len(flows) - MAX_FLOWS),
    )


def _with_internet(report: Report, known: dict[str, Workload]) -> Iterator[Flow]:
    ends: dict[tuple[str, str], list[str]] = {}
    for problem in report.problems:
        if problem.resource in known and problem.rule == "ingress-from-internet":
            ends.setdefault((INTERNET, problem.resource), []).append(problem.attribute)
        elif problem.resource in known and problem.rule == "egress-to-internet":
            ends.setdefault((problem.resource, INTERNET), []).append(problem.attribute)
    for (source, target), names in sorted(ends.items()):
        yield Flow(source, target, ", ".join(names)[:200])


def _between(known: dict[str, Workload], isolated: list[Workload], evaluation: Evaluation) -> Iterator[Flow]:
    for target in isolated:
        for source in known.values():
            ports = evaluation.between(source, target) if source is not target else ()
            if ports:
                yield Flow(source.address, target.address, ", ".join(sets.names(ports))[:200])

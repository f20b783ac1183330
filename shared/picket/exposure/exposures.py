"""From a cluster to exposures: workloads that may be reached by more than need be, or may reach more.

What could not be read, or is not evaluated here, makes a direction unknown: nothing is said of it, and the report
says what is missing, so that it closes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from picket.events import Severity
from picket.exposure import ports as sets
from picket.exposure.documents import Unread
from picket.exposure.entrances import Entrance, entrances
from picket.exposure.evaluation import Evaluation, Reach
from picket.exposure.objects import Cluster, Workload
from picket.exposure.policies import Direction, Rule
from picket.exposure.ports import Ports, common, merged
from picket.findings.model import MAX_PLACES, LeftOut, Place, Problem, Report

MAX_PORTS = 50
"""Spans of ports of one workload, direction and peer that are findings of their own."""
MAX_PROBLEMS = 20_000
MAX_LEFT_OUT = 1_000
_GRAVEST = ("critical", "high", "medium", "low", "info")
_ON_HOST = "it is in its node's network: what policies do there is undefined"
MAX_COST = 5_000_000
"""Comparisons of policies, services and workloads of a cluster, about a minute."""
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_POLICIES = ("networkpolicy", "egressfirewall")
_ENTRANCES = ("service", "ingress", "route", "virtualservice")
_REMEDY_IN = "Select it by a NetworkPolicy of type Ingress that names who may come in, and at which ports."
_REMEDY_OUT = "Select it by a NetworkPolicy of type Egress that names where it goes, DNS (UDP and TCP 53) included."
_REMEDY_INTERNET = "Let in only what the Service or Ingress is for, or make the Service one of type ClusterIP."


@dataclass(frozen=True, slots=True)
class Scope:
    """Namespaces of which something is not known; all of them where `everywhere`."""

    names: frozenset[str]
    everywhere: bool

    def __contains__(self, namespace: str) -> bool:
        return self.everywhere or namespace in self.names


def _scope(found: Iterable[Unread]) -> Scope:
    names = frozenset(one.namespace for one in found)
    return Scope(names, not all(_NAMESPACE.fullmatch(name) for name in names))  # a template may be any


def inspect(cluster: Cluster) -> Report:
    """Return the exposures of a cluster's workloads, and what is not known."""
    left_out = [*_unread(cluster), *_on_hosts(cluster)]
    unknown, no_entrance = unknown_policies(cluster), _unknown_entrances(cluster)
    evaluation = Evaluation(cluster)
    problems: list[Problem] = []
    spent = 0
    for namespace, workloads in sorted(_by_namespace(cluster).items()):
        if namespace in unknown:
            continue
        spent += _cost(cluster, namespace, workloads)
        if spent > MAX_COST:
            left_out.append(
                LeftOut(where=f"namespace {namespace}", reason="there are too many policies, services and workloads")
            )
            continue
        ways_in = [] if namespace in no_entrance else list(entrances(cluster, namespace))
        for workload in workloads:
            problems.extend(_of(workload, evaluation, ways_in, left_out))
    if len(problems) > MAX_PROBLEMS:
        left_out.append(LeftOut(where="the report", reason=f"there are more than {MAX_PROBLEMS} exposures"))
    return Report(problems=tuple(problems[:MAX_PROBLEMS]), left_out=tuple(left_out))


def unknown_policies(cluster: Cluster) -> Scope:
    """Return the namespaces in which a policy may hold that is not known here."""
    unread = [one for one in cluster.unread if not one.kind or one.kind.endswith(_POLICIES)]
    return _scope([*unread, *cluster.foreign])


def _unknown_entrances(cluster: Cluster) -> Scope:
    unread = [one for one in cluster.unread if not one.kind or one.kind.endswith(_ENTRANCES)]
    return _scope([*unread, *cluster.entrances])


def _by_namespace(cluster: Cluster) -> dict[str, list[Workload]]:
    """Return the workloads that policies apply to, by namespace."""
    found: dict[str, list[Workload]] = {}
    for workload in sorted(cluster.workloads, key=lambda one: (one.address, one.path, one.line)):
        if not workload.on_host:
            found.setdefault(workload.namespace, []).append(workload)
    return found


def _cost(cluster: Cluster, namespace: str, workloads: list[Workload]) -> int:
    """Return about how many comparisons a namespace asks for."""
    policies = cluster.policies.get(namespace, ())
    both: tuple[Direction, ...] = ("Ingress", "Egress")
    rules: list[Rule] = [rule for policy in policies for way in both for rule in policy.spec.rules(way)]
    peers = sum(1 + sum(peer.size for peer in rule.peers) for rule in rules)
    weight = sum(policy.spec.pods.size for policy in policies) + sum(1 + len(rule.ports) for rule in rules)
    sizes = [1 + len(each.spec.selector) + len(each.spec.ports) for each in cluster.services.get(namespace, ())]
    backends = sum(len(each.backends) for each in cluster.ingresses.get(namespace, ()))
    ways = sum(sizes) + backends * max(sizes, default=1)
    return len(workloads) * (weight + ways) + peers * len(cluster.namespaces)


def _unread(cluster: Cluster) -> Iterator[LeftOut]:
    for one in (*cluster.unread, *cluster.foreign, *cluster.entrances):
        yield LeftOut(where=f"{one.path[:900]}:{one.line}" if one.line else one.path[:900], reason=one.reason[:1_000])


def _on_hosts(cluster: Cluster) -> Iterator[LeftOut]:
    for workload in cluster.workloads:
        if workload.on_host:
            yield LeftOut(where=workload.address, reason=_ON_HOST)


def _of(
    workload: Workload, evaluation: Evaluation, ways_in: list[Entrance], left_out: list[LeftOut]
) -> Iterator[Problem]:
    """Yield the exposures of a workload."""
    inward = evaluation.inward(workload)
    yield from _from_internet(workload, inward, ways_in, left_out)
    if inward.isolated:
        yield from _from_namespaces(workload, inward, left_out)
    else:
        told = "no policy says who may come in"
        yield _problem(workload, "ingress-without-policy", "any", "medium", told, _REMEDY_IN)
    outward = evaluation.outward(workload)
    told = "it may go anywhere" if outward.isolated else "no policy says where it may go"
    for name in _names(workload, outward.internet, left_out):
        severity: Severity = "low" if name == "any" else "info"
        yield _problem(
            workload,
            "egress-to-internet",
            name,
            severity,
            f"{told}: {name} port" if name == "any" else f"{told}: {name}",
            _REMEDY_OUT,
        )


def _from_internet(
    workload: Workload, inward: Reach, ways_in: list[Entrance], left_out: list[LeftOut]
) -> Iterator[Problem]:
    """Yield at which ports the internet reaches a workload.

    An Ingress controller is a pod of another namespace as a rule, or a load balancer. What comes through a node or a
    load balancer may have an address of theirs, so that a block of a few addresses may be all of the internet.
    """
    severity: Severity = "medium" if inward.isolated else "high"
    told: dict[str, tuple[str, float]] = {}
    for way in ways_in:
        leads = way.leads_to(workload)
        allowed = merged((*inward.internet, *(inward.elsewhere if way.through_ingress else ())))
        for name in _names(workload, common(leads, allowed), left_out):
            told[name] = max(told.get(name, ("", 0.0)), (way.name, 0.7 if way.through_ingress else 0.9), key=_sureness)
        if not common(leads, allowed) and common(leads, inward.addresses):
            reason = f"{way.name} may bring the internet in by addresses that a policy lets in, such as those of nodes"
            left_out.append(LeftOut(where=workload.address, reason=reason))
    for name, (way_name, confidence) in sorted(told.items()):
        reason = f"the internet reaches {name} through {way_name}"
        yield _problem(workload, "ingress-from-internet", name, severity, reason, _REMEDY_INTERNET, confidence)


def _sureness(told: tuple[str, float]) -> float:
    return told[1]


def _from_namespaces(workload: Workload, inward: Reach, left_out: list[LeftOut]) -> Iterator[Problem]:
    """Yield from which namespaces all pods may come in, as far as a wider one does not say it."""
    for name in _names(workload, inward.any_namespace, left_out):
        reason = f"pods of any namespace reach {name}"
        yield _problem(workload, "ingress-from-any-namespace", name, "medium", reason, _REMEDY_IN)
    for other, allowed in inward.namespaces.items():
        if common(allowed, inward.any_namespace) != allowed:
            for name in _names(workload, allowed, left_out):
                reason = f"all pods of namespace {other} reach {name}"
                yield _problem(workload, f"ingress-from-namespace-{other}", name, "info", reason, _REMEDY_IN)
    if inward.own_namespace == sets.ALL != inward.any_namespace:
        reason = "all pods of its namespace reach every port"
        yield _problem(workload, "ingress-from-own-namespace", "any", "info", reason, _REMEDY_IN)


def _names(workload: Workload, ports: Ports, left_out: list[LeftOut]) -> list[str]:
    names = list(sets.names(ports))
    if len(names) > MAX_PORTS:
        left_out.append(LeftOut(where=workload.address, reason=f"it has more than {MAX_PORTS} ranges of ports"))
    return names[:MAX_PORTS]


def _problem(  # noqa: PLR0913, PLR0917 - what an exposure is
    workload: Workload,
    rule: str,
    ports: str,
    severity: Severity,
    reason: str,
    remediation: str,
    confidence: float = 0.9,
) -> Problem:
    return Problem(
        kind="exposure",
        rule=rule,
        title=f"{workload.kind} {workload.name} in namespace {workload.namespace}: {reason}"[:1_000],
        severity=severity,
        confidence=confidence,
        resource=workload.address,
        attribute=ports,
        remediation=remediation,
        places=(Place(path=workload.path, start_line=workload.line, end_line=workload.line),) if workload.path else (),
    )


def together(reports: Iterable[Report]) -> Report:
    """Return one report of several clusters: what is found in two is found once, at its gravest, with all places."""
    found: dict[tuple[str, str, str], Problem] = {}
    left_out: dict[LeftOut, None] = {}
    for report in reports:
        left_out |= dict.fromkeys(report.left_out)
        for one in report.problems:
            key = (one.resource, one.rule, one.attribute)
            known = found.get(key, one)
            graver = min(known, one, key=lambda each: _GRAVEST.index(each.severity))
            places = tuple(dict.fromkeys((*known.places, *one.places)))[:MAX_PLACES]
            found[key] = graver if graver.places == places else graver.model_copy(update={"places": places})
    told = list(left_out)
    if len(told) > MAX_LEFT_OUT:
        reason = f"{len(told) - MAX_LEFT_OUT} more things are not known"
        told = [*told[:MAX_LEFT_OUT], LeftOut(where="the report", reason=reason)]
    return Report(problems=tuple(found.values()), left_out=tuple(told))

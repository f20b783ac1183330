"""Which flows NetworkPolicies allow.

Pods are open in a direction until a policy selects them for it; then they have what the rules of all such policies
allow together. A flow needs both: that it may leave its source, and that it may enter its target.
Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from picket.exposure.addresses import is_internet
from picket.exposure.objects import NAME_LABEL, Cluster, Workload
from picket.exposure.policies import HIGHEST, Direction, Peer, Policy, Port, Rule
from picket.exposure.ports import ALL, Ports, Span, common, merged


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom the peers of a rule are, as far as they are not single pods: who has a pod without labels is among them.

    Attributes:
        internet: The internet.
        any_namespace: Pods of any namespace.
        own_namespace: Pods of the policy's namespace.
        namespaces: Other namespaces whose pods they are.
        elsewhere: Some pods of other namespaces at least.
        addresses: Addresses that are less than the internet.
    """

    internet: bool = False
    any_namespace: bool = False
    own_namespace: bool = False
    namespaces: frozenset[str] = frozenset()
    elsewhere: bool = False
    addresses: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """The ports at which whom may come in, or be gone to; see `Whom`. `isolated`: a policy has a say in it."""

    isolated: bool
    internet: Ports = ()
    any_namespace: Ports = ()
    own_namespace: Ports = ()
    elsewhere: Ports = ()
    addresses: Ports = ()
    namespaces: dict[str, Ports] = field(default_factory=dict)


OPEN = Reach(isolated=False, internet=ALL, any_namespace=ALL, own_namespace=ALL, elsewhere=ALL, addresses=ALL)

_STRANGER = {NAME_LABEL: ""}
"""Labels of a namespace that nobody has thought of: what lets it in lets in any."""
_Selected = list[tuple[Policy, Rule]] | None


class Evaluation:
    """The policies of a cluster, asked for flows."""

    def __init__(self, cluster: Cluster) -> None:
        """Ask the policies of *cluster*."""
        self._cluster = cluster
        self._rules: dict[tuple[str, Direction, frozenset[tuple[str, str]]], _Selected] = {}
        self._whom: dict[int, Whom] = {}

    def between(self, source: Workload, target: Workload) -> Ports:
        """Return the target's ports that a source may reach; a single pod always reaches itself."""
        if source.kind == "Pod" and source.address == target.address:
            return ALL
        leaving = self._allowed(self.rules(source, "Egress"), other=source, asked=target, target=target)
        if not leaving:
            return ()
        entering = self._allowed(self.rules(target, "Ingress"), other=target, asked=source, target=target)
        return common(leaving, entering)

    def inward(self, workload: Workload) -> Reach:
        """Return who may come in."""
        return self._reach(workload, "Ingress", workload)

    def outward(self, workload: Workload) -> Reach:
        """Return where it may go to; ports that are told by name are of a pod's, and lead to nothing outside."""
        return self._reach(workload, "Egress", None)

    def rules(self, workload: Workload, direction: Direction) -> list[tuple[Policy, Rule]] | None:
        """Return the rules that hold for a workload, with their policies; None where no policy isolates it."""
        asked = (workload.namespace, direction, frozenset(workload.labels.items()))
        if asked not in self._rules:
            selecting = [
                policy
                for policy in self._cluster.policies.get(workload.namespace, ())
                if policy.spec.isolates(direction) and policy.spec.pods.matches(workload.labels)
            ]
            found = [(each, rule) for each in selecting for rule in each.spec.rules(direction)]
            self._rules[asked] = found if selecting else None
        return self._rules[asked]

    def _allowed(self, rules: _Selected, *, other: Workload, asked: Workload, target: Workload) -> Ports:
        """Return the target's ports that rules of *other* allow for *asked*."""
        if rules is None:
            return ALL
        spans: list[Span] = []
        for _, rule in rules:
            if not rule.peers or any(self._is_peer(peer, other.namespace, asked) for peer in rule.peers):
                spans.extend(numbers(rule.ports, target))
        return merged(spans)

    def _is_peer(self, peer: Peer, namespace: str, asked: Workload) -> bool:
        """Return whether a peer of a policy of a namespace is a workload. Blocks of addresses are never pods here."""
        if peer.block is not None:
            return False
        if peer.namespaces is None:
            fits = asked.namespace == namespace
        else:
            fits = peer.namespaces.matches(self._cluster.namespaces[asked.namespace])
        return fits and (peer.pods is None or peer.pods.matches(asked.labels))

    def _reach(self, workload: Workload, direction: Direction, target: Workload | None) -> Reach:
        rules = self.rules(workload, direction)
        if rules is None:
            return OPEN
        spans: dict[str, list[Span]] = {}
        names: dict[str, list[Span]] = {}
        for policy, rule in rules:
            whom, ports = self.whom(policy, rule), numbers(rule.ports, target)
            for each in ("internet", "any_namespace", "own_namespace", "elsewhere", "addresses"):
                if getattr(whom, each):
                    spans.setdefault(each, []).extend(ports)
            for name in whom.namespaces:
                names.setdefault(name, []).extend(ports)
        return Reach(
            isolated=True,
            namespaces={name: merged(each) for name, each in sorted(names.items())},
            **{name: merged(each) for name, each in spans.items()},
        )

    def whom(self, policy: Policy, rule: Rule) -> Whom:
        """Return whom a rule is about."""
        found = self._whom.get(id(rule))
        if found is None:
            found = self._whom[id(rule)] = self._peers(policy.metadata.where, rule.peers)
        return found

    def _peers(self, own: str, peers: list[Peer]) -> Whom:
        if not peers:
            others = frozenset(self._cluster.namespaces) - {own}
            return Whom(True, True, True, others, elsewhere=True, addresses=True)  # noqa: FBT003 - everybody
        blocks = [peer.block for peer in peers if peer.block]
        whole = [peer for peer in peers if not peer.block and (peer.pods is None or peer.pods.matches({}))]
        selectors = [peer.namespaces for peer in whole if peer.namespaces is not None]
        names = frozenset(
            name
            for name, labels in self._cluster.namespaces.items()
            if any(selector.matches(labels) for selector in selectors)
        )
        return Whom(
            internet=is_internet(blocks),
            any_namespace=any(selector.matches(_STRANGER) for selector in selectors),
            own_namespace=own in names or any(peer.namespaces is None for peer in whole),
            namespaces=names - {own},
            elsewhere=any(peer.namespaces is not None for peer in peers),
            addresses=bool(blocks),
        )


def numbers(ports: Iterable[Port], target: Workload | None) -> Ports:
    """Return the ports of a target that a rule names; a name may be another number for each target, or none."""
    listed = list(ports)
    if not listed:
        return ALL
    spans: list[Span] = []
    for port in listed:
        if port.port is None:
            spans.append(Span(port.protocol, 1, HIGHEST))
        elif isinstance(port.port, int):
            spans.append(Span(port.protocol, port.port, port.end or port.port))
        elif target is not None:
            spans.extend(
                Span(each.protocol, each.number, each.number)
                for each in target.ports
                if (each.name, each.protocol) == (port.port, port.protocol)
            )
    return merged(spans)

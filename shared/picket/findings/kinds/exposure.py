"""Something that may be reached, or may reach out, from or to more than it need be.

A workload by its namespace, kind and name; a host by its port. The rule says which way and whom, such as
`ingress-from-internet`, the attribute which port: neither the file nor the policy that lets it is part of it.
"""

from __future__ import annotations

from picket.findings.kinds.kind import Identity, Kind, Lines, never
from picket.findings.model import Problem


def _identify(_tool: str, problem: Problem, _lines: Lines) -> tuple[Identity, ...]:
    return ((problem.resource, problem.rule.lower(), problem.attribute),)


KIND = Kind(
    name="exposure",
    identify=_identify,
    needs_lines=False,
    equals_are_distinct=never,
    closes_by_report=True,
    leaves_residue=False,
    remediation="Let in and out only what is needed: by a NetworkPolicy, a Service of type ClusterIP, or a firewall.",
)

"""Small clusters for tests: manifests as text, and what becomes of them."""

from textwrap import dedent

from picket.exposure.documents import documents
from picket.exposure.evaluation import Evaluation
from picket.exposure.exposures import inspect
from picket.exposure.objects import Cluster, Workload, read
from picket.exposure.ports import Ports, names
from picket.findings.model import Report

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - ports: [{name: http, containerPort: 8080}, {name: dns, containerPort: 53, protocol: UDP}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
"""

INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec: {rules: [{http: {paths: [{path: /, backend: {service: {name: web, port: {number: 80}}}}]}}]}
"""


def pod(name: str, namespace: str = "shop", labels: str = "", ports: str = "[]", more: str = "") -> str:
    """A Pod, with the label `app` of its name unless *labels* says others."""
    return f"""
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{{labels or f"app: {name}"}}}}}
spec: {{containers: [{{ports: {ports}}}]{more}}}
"""


def namespace(name: str, labels: str = "") -> str:
    """A Namespace."""
    return f"\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n"


def policy(spec: str, name: str = "p", namespace: str = "shop") -> str:
    """A NetworkPolicy, whose spec is indented anew."""
    told = "".join(f"  {line}\n" for line in dedent(spec).strip().splitlines())
    head = (
        f"\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
    )
    return f"{head}spec:\n{told}"


def cluster(*manifests: str) -> Cluster:
    """The cluster of manifests, each of one document."""
    return read(documents("all.yaml", "---".join(manifests)))


def workload(found: Cluster, name: str) -> Workload:
    """The workload of a name."""
    return next(one for one in found.workloads if one.name == name)


def between(found: Cluster, source: str, target: str) -> list[str]:
    """The ports at which a source reaches a target."""
    return _written(Evaluation(found).between(workload(found, source), workload(found, target)))


def told(*manifests: str) -> set[tuple[str, str]]:
    """Rule and ports of each exposure of a cluster."""
    return {(one.rule, one.attribute) for one in report(*manifests).problems}


def report(*manifests: str) -> Report:
    """What is found in a cluster."""
    return inspect(cluster(*manifests))


def _written(ports: Ports) -> list[str]:
    return list(names(ports))

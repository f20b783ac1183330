"""What `deploy.sh` asks the cluster that kubectl talks to: is all there that an overlay needs, and what is not Ready?

`python -m knative.cluster check < MANIFESTS` names everything that is missing, and how to mend it; `… explain KIND…`
prints the conditions of the objects that are not Ready, and which images cannot be pulled. Both only look.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import yaml
from knative.room import room

Document = dict[str, Any]
NAMESPACE = "picket"
_CHANNEL = ("messaging.knative.dev/v1alpha1", "NatsJetStreamChannel")
_INSTALL = {
    "serving.knative.dev": "install Knative Serving",
    "networking.internal.knative.dev": "install Knative Serving",
    "eventing.knative.dev": "install Knative Eventing with the MT channel broker",
    "sources.knative.dev": "install Knative Eventing",
    "messaging.knative.dev": "install eventing-natss",
    "monitoring.coreos.com": "install the Prometheus Operator, or leave out the component monitoring",
    "cert-manager.io": "install cert-manager, or leave out the component tls",
    "external-secrets.io": "install External Secrets, or leave out the component secrets",
}
_PULLS = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError")
"""Why a container waits, where it is for its image. Source: Kubernetes, pkg/kubelet/images/types.go."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that a deployment needs and the cluster has not got."""

    what: str
    mend: str


def check(manifests: list[Document]) -> list[Missing]:
    """Return all that is missing for *manifests* to become Ready."""
    return [missing for look in _CHECKS for missing in look(manifests)]


def _kinds(manifests: list[Document]) -> Iterator[Missing]:
    known = set(_kubectl("api-versions").split())
    wanted = {(one["apiVersion"], one["kind"]) for one in manifests} | {_CHANNEL}
    for version in sorted({version for version, _ in wanted} - known):
        kinds = ", ".join(sorted(kind for other, kind in wanted if other == version))
        group = version.partition("/")[0]
        yield Missing(f"{version}, of which are needed: {kinds}", _INSTALL.get(group, f"install what serves {group}"))


def _config_nats(_: list[Document]) -> Iterator[Missing]:
    if not _get("configmap", "config-nats", "knative-eventing"):
        yield Missing(
            "the ConfigMap config-nats in knative-eventing, without which the channel's dispatcher does not start",
            "kubectl apply -f knative/examples/nats/config-nats.yaml, with the address of your NATS",
        )


def _domain(manifests: list[Document]) -> Iterator[Missing]:
    """Webhooks come to ingest by a DomainMapping of the overlay, or by the cluster's default domain."""
    host = urlsplit(_setting(manifests, "PICKET_PUBLIC_URL")).hostname or ""
    if host in {one["metadata"]["name"] for one in manifests if one["kind"] == "DomainMapping"}:
        return
    data = _get("configmap", "config-domain", "knative-serving").get("data", {})
    domains = {name for name in data if not name.startswith("_")} or {"svc.cluster.local"}
    if not any(host.endswith(f".{domain}") for domain in domains):
        domain = host.removeprefix(f"ingest.{NAMESPACE}.")
        patch = json.dumps({"data": {domain: ""}})
        yield Missing(
            f"a default domain that {host} of PICKET_PUBLIC_URL is in; there is {', '.join(sorted(domains))}",
            f"kubectl patch configmap config-domain -n knative-serving --type=merge -p '{patch}'",
        )


def _ingress(_: list[Document]) -> Iterator[Missing]:
    data = _get("configmap", "config-network", "knative-serving").get("data", {})
    named = data.get("ingress-class") or data.get("ingress.class")
    if not named and not _get("deployment", "net-istio-controller", "knative-serving"):
        yield Missing(
            "an ingress class: Knative takes Istio's where none is named, and there is no net-istio-controller",
            "kubectl patch configmap config-network -n knative-serving --type=merge -p "
            '\'{"data":{"ingress-class":"kourier.ingress.networking.knative.dev"}}\'',
        )


def _storage(manifests: list[Document]) -> Iterator[Missing]:
    claims = [
        claim["spec"].get("storageClassName")
        for one in manifests
        for claim in one.get("spec", {}).get("volumeClaimTemplates", ())
    ]
    if not claims:
        return
    classes = _list("storageclass")
    mark = "storageclass.kubernetes.io/is-default-class"
    names = {one["metadata"]["name"] for one in classes}
    if None in claims and not any(one["metadata"].get("annotations", {}).get(mark) == "true" for one in classes):
        patch = json.dumps({"metadata": {"annotations": {mark: "true"}}})
        yield Missing(
            f"a default StorageClass for the volumes of the stores; there is {', '.join(sorted(names)) or 'no class'}",
            f"kubectl patch storageclass NAME -p '{patch}', or install a provisioner",
        )
    for name in sorted({claim for claim in claims if claim} - names):
        yield Missing(f"the StorageClass {name}", "install its provisioner, or name another one")


def _secrets(manifests: list[Document]) -> Iterator[Missing]:
    given = {one["spec"]["target"]["name"] for one in manifests if one["kind"] == "ExternalSecret"}
    for (namespace, name), keys in sorted(_wanted_secrets(manifests).items()):
        if name in given and namespace == NAMESPACE:
            continue
        found = _keys_of_secret(name, namespace)
        if not found:
            yield Missing(f"the Secret {name} in {namespace}", "make secrets, with the same OVERLAY")
        elif lost := sorted(keys - found):
            yield Missing(f"{', '.join(lost)} in the Secret {name} in {namespace}", "add it: `picket keys` prints one")


def _wanted_secrets(manifests: list[Document]) -> dict[tuple[str, str], set[str]]:
    wanted: dict[tuple[str, str], set[str]] = {}
    for document in manifests:
        for container in document.get("spec", {}).get("template", {}).get("spec", {}).get("containers", ()):
            for variable in container.get("env", ()):
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if reference and not reference.get("optional"):
                    place = (document["metadata"]["namespace"], reference["name"])
                    wanted.setdefault(place, set()).add(reference["key"])
    return wanted


_CHECKS: tuple[Callable[[list[Document]], Iterator[Missing]], ...] = (
    *(_kinds, _config_nats, _domain, _ingress, _storage, _secrets),
)


def leftovers(manifests: list[Document]) -> Iterator[str]:
    """Return which DomainMappings of Picket's are there that *manifests* do not have: they go on serving a function."""
    wanted = {one["metadata"]["name"] for one in manifests if one["kind"] == "DomainMapping"}
    for one in _list("domainmappings.serving.knative.dev", NAMESPACE):
        name, labels = one["metadata"]["name"], one["metadata"].get("labels", {})
        if labels.get("app.kubernetes.io/part-of") == "picket" and name not in wanted:
            yield f"left over: {name} leads to {one['spec']['ref']['name']}, and is not in this overlay"
            yield f"  kubectl delete domainmapping,clusterdomainclaim {name} -n {NAMESPACE}, unless it is meant to stay"


def explain(*kinds: str) -> Iterator[str]:
    """Return, line by line, why objects of *kinds* are not Ready, and which pods wait for an image."""
    for kind in kinds:
        for one in _list(kind, NAMESPACE):
            if lines := [_line(condition) for condition in _conditions(one) if condition["status"] != "True"]:
                yield f"{one['kind']} {one['metadata']['name']} is not Ready:"
                yield from lines
            elif not _conditions(one):
                yield f"{one['kind']} {one['metadata']['name']} has no conditions: its controller has not looked at it"
    for pod in _list("pod", NAMESPACE):
        yield from _waiting(pod)


def _conditions(document: Document) -> list[Document]:
    found: list[Document] = document.get("status", {}).get("conditions", [])
    return found


def _line(condition: Document) -> str:
    told = ": ".join(part for part in (condition.get("reason"), condition.get("message")) if part)
    return f"  {condition['type']} is {condition['status']}" + (f" ({told})" if told else "")


def _waiting(pod: Document) -> Iterator[str]:
    for status in pod.get("status", {}).get("containerStatuses", ()):
        waiting = status.get("state", {}).get("waiting", {})
        if waiting.get("reason") in _PULLS:
            yield f"the image {status['image']} cannot be pulled ({waiting['reason']}), for the pod "
            yield f'  {pod["metadata"]["name"]}: push it, or load it into the node (knative/README.md, "Deploy")'
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield f"the pod {pod['metadata']['name']} has no node: {condition.get('message', '')}"


def _setting(manifests: list[Document], name: str) -> str:
    found = (one for one in manifests if one["kind"] == "ConfigMap" and one["metadata"]["name"] == "picket")
    return str(next(found)["data"][name])


def _get(kind: str, name: str, namespace: str) -> Document:
    """Return an object, {} if it is not there."""
    given = _kubectl("get", kind, name, f"--namespace={namespace}", "--ignore-not-found", "--output=json")
    found: Document = json.loads(given) if given.strip() else {}
    return found


def _keys_of_secret(name: str, namespace: str) -> set[str]:
    """Return the keys of a Secret, and nothing of what it holds; none if it is not there."""
    keys = "--output=go-template={{range $key, $_ := .data}}{{$key}} {{end}}"
    return set(_kubectl("get", "secret", name, f"--namespace={namespace}", "--ignore-not-found", keys).split())


def _list(kind: str, namespace: str = "") -> list[Document]:
    where = [f"--namespace={namespace}"] if namespace else []
    found: list[Document] = json.loads(_kubectl("get", kind, *where, "--output=json"))["items"]
    return found


def _kubectl(*arguments: str) -> str:
    done = subprocess.run(["kubectl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def main() -> int:
    """Do what the command line asks for."""
    what, *kinds = sys.argv[1:]
    if what == "explain":
        for line in explain(*kinds):
            sys.stderr.write(f"{line}\n")
        return 0
    manifests = [one for one in yaml.safe_load_all(sys.stdin) if one]
    for line in room(manifests, _list("node")):
        sys.stderr.write(f"{line}\n")
    missing = check(manifests)
    for one in missing:
        sys.stderr.write(f"missing: {one.what}\n  {one.mend}\n")
    for line in () if missing else leftovers(manifests):
        sys.stderr.write(f"{line}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

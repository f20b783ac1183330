"""Whatever names something, names something that is there."""

from __future__ import annotations

from collections.abc import Iterator

from tests.manifests.cluster import Cluster, Document, say, secrets
from tests.support import kustomize


def references_resolve(cluster: Cluster) -> Iterator[str]:
    """Whatever names something, names something that is there."""
    for document in cluster.documents:
        namespace = document["metadata"].get("namespace", "")
        for kind, name in _named(document.get("spec", {})):
            if not cluster.has(kind, namespace, name):
                yield say(document, f"there is no {kind} {name}")
    for document in (*cluster.functions, *cluster.of("StatefulSet"), *cluster.of("CronJob")):
        yield from (say(document, problem) for problem in _pod_references(cluster, document))


def _named(spec: Document) -> Iterator[tuple[str, str]]:
    """Return the objects that a Trigger, source, Broker, domain or certificate names."""
    places = [
        spec.get("subscriber", {}),
        spec.get("sink", {}),
        (spec.get("delivery") or {}).get("deadLetterSink", {}),
        {"ref": spec.get("ref")} if isinstance(spec.get("ref"), dict) else {},
        {"ref": spec.get("config")} if isinstance(spec.get("config"), dict) and "kind" in spec["config"] else {},
    ]
    for place in places:
        if isinstance(place, dict) and place.get("ref"):
            yield place["ref"]["kind"], place["ref"]["name"]
    if isinstance(spec.get("broker"), str):
        yield "Broker", spec["broker"]
    if "issuerRef" in spec:
        yield spec["issuerRef"]["kind"], spec["issuerRef"]["name"]
    if isinstance(spec.get("account"), str):
        yield "Account", spec["account"]


def _pod_references(cluster: Cluster, document: Document) -> Iterator[str]:
    namespace, pod = document["metadata"]["namespace"], kustomize.pod(document)
    account = pod.get("serviceAccountName")
    if account and not cluster.has("ServiceAccount", namespace, account):
        yield f"there is no ServiceAccount {account}"
    yield from _volumes(cluster, document)
    for container in pod["containers"]:
        for source in container.get("envFrom", ()):
            yield from _env_source(cluster, namespace, source)
        for variable in container.get("env", ()):
            yield from _secret_key(cluster, namespace, variable)


def _volumes(cluster: Cluster, document: Document) -> Iterator[str]:
    namespace, pod = document["metadata"]["namespace"], kustomize.pod(document)
    there = {claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", ())}
    for volume in pod.get("volumes", ()):
        there.add(volume["name"])
        if "configMap" in volume and not cluster.has("ConfigMap", namespace, volume["configMap"]["name"]):
            yield f"volume {volume['name']}: there is no ConfigMap {volume['configMap']['name']}"
    for container in pod["containers"]:
        for mount in container.get("volumeMounts", ()):
            if mount["name"] not in there:
                yield f"there is no volume {mount['name']}"


def _env_source(cluster: Cluster, namespace: str, source: Document) -> Iterator[str]:
    config, secret = source.get("configMapRef"), source.get("secretRef")
    if config and not cluster.has("ConfigMap", namespace, config["name"]):
        yield f"there is no ConfigMap {config['name']}"
    if secret and not secret.get("optional") and (namespace, secret["name"]) not in secrets(cluster):
        yield f"nothing makes the Secret {secret['name']}"


def _secret_key(cluster: Cluster, namespace: str, variable: Document) -> Iterator[str]:
    reference = variable.get("valueFrom", {}).get("secretKeyRef")
    if not reference or reference.get("optional"):
        return
    if reference["key"] not in secrets(cluster).get((namespace, reference["name"]), set()):
        yield f"{variable['name']}: nothing makes the key {reference['key']} of the Secret {reference['name']}"


def certificates_exist(cluster: Cluster) -> Iterator[str]:
    """A domain with TLS needs a certificate that is for its name."""
    by_secret = {one["spec"]["secretName"]: one["spec"]["dnsNames"] for one in cluster.of("Certificate")}
    for domain in cluster.of("DomainMapping"):
        tls = domain["spec"].get("tls")
        if tls and domain["metadata"]["name"] not in by_secret.get(tls["secretName"], ()):
            yield say(domain, f"no certificate for it is in the Secret {tls['secretName']}")


CHECKS = (references_resolve, certificates_exist)

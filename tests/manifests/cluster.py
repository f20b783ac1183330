"""The objects of a kustomization, and what they make that others may name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

Document = dict[str, Any]


@dataclass(frozen=True)
class Cluster:
    """The objects of one kustomization; `given` are the Secrets, with their keys, that are made beside it."""

    documents: list[Document]
    given: dict[tuple[str, str], set[str]]

    def of(self, kind: str, group: str | None = None) -> list[Document]:
        """Return the objects of a kind."""
        return [
            document
            for document in self.documents
            if document["kind"] == kind and (group is None or document["apiVersion"].startswith(f"{group}/"))
        ]

    @property
    def functions(self) -> list[Document]:
        """Return the Knative Services."""
        return self.of("Service", "serving.knative.dev")

    def has(self, kind: str, namespace: str, name: str) -> bool:
        """Tell whether an object is there."""
        return any(_id(one) == (kind, namespace, name) for one in self.documents)


def _id(document: Document) -> tuple[str, str, str]:
    return document["kind"], document["metadata"].get("namespace", ""), document["metadata"]["name"]


def say(document: Document, problem: str) -> str:
    return f"{document['kind']} {document['metadata']['name']}: {problem}"


def container(service: Document) -> Document:
    """Return the one container of a function."""
    found: Document = service["spec"]["template"]["spec"]["containers"][0]
    return found


def secrets(cluster: Cluster) -> dict[tuple[str, str], set[str]]:
    """Return the keys of each Secret that is there, is asked for from a vault, or is made beside the manifests."""
    found = {key: set(names) for key, names in cluster.given.items()}
    for document in cluster.of("ExternalSecret"):
        name = (document["metadata"]["namespace"], document["spec"]["target"]["name"])
        found[name] = {row["secretKey"] for row in document["spec"]["data"]}
    for document in cluster.of("Certificate"):
        found[document["metadata"]["namespace"], document["spec"]["secretName"]] = {"tls.crt", "tls.key"}
    return found


def channel(cluster: Cluster) -> Document:
    """Return the channel that the Broker's ConfigMap describes."""
    [config] = [one for one in cluster.of("ConfigMap") if one["metadata"]["name"] == "broker-channel"]
    described: Document = yaml.safe_load(config["data"]["channel-template-spec"])
    return {**described, "metadata": {"name": "broker-channel"}}

"""The parts of a manifest that say where events go: filters, delivery, destinations."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from picket.channel import durations
from picket.channel.document import Node
from picket.local.delivery import Delivery, Destination
from picket.local.filters import All, AnyOf, Exact, Filter, Not, Prefix, Present, Suffix

_ATTRIBUTE = re.compile(r"[a-z0-9]{1,20}", re.ASCII)
_ATTRIBUTE_DIALECTS: dict[str, Callable[[str, str], Filter]] = {"exact": Exact, "prefix": Prefix, "suffix": Suffix}


def read_filter(spec: Node) -> Filter:
    """Read the filter of a Trigger's *spec*: `filters` if it is there, else `filter.attributes`.

    Raises:
        Malformed: It names an unknown dialect, attribute or value.
    """
    if spec.get("filters"):
        return All(tuple(_dialect(item) for item in spec.get("filters").items()))
    wanted = spec.get("filter").only("attributes").get("attributes")
    return All(
        tuple(
            Exact(_attribute(key, node), node.text("")) if node.text("") else Present(_attribute(key, node))
            for key, node in wanted.fields()
        )
    )


def _attribute(name: str, node: Node) -> str:
    if not _ATTRIBUTE.fullmatch(name):
        raise node.error("is not the name of a CloudEvents attribute")
    return name


def _dialect(node: Node) -> Filter:
    entries = list(node.fields())
    if len(entries) != 1:
        raise node.error("must have exactly one dialect")
    name, value = entries[0]
    match name:
        case "exact" | "prefix" | "suffix":
            return _attributes(value, _ATTRIBUTE_DIALECTS[name])
        case "all":
            return All(_alternatives(value))
        case "any":
            return AnyOf(_alternatives(value))
        case "not":
            return Not(_dialect(value))
        case "cesql":
            raise value.error("the one-machine stack does not evaluate cesql; use exact, prefix, suffix, any, all, not")
        case _:
            raise value.error("unknown dialect; known: exact, prefix, suffix, any, all, not")


def _attributes(node: Node, dialect: Callable[[str, str], Filter]) -> Filter:
    found = tuple(dialect(_attribute(key, value), value.text()) for key, value in node.fields())
    if not found:
        raise node.error("must name an attribute")
    return found[0] if len(found) == 1 else All(found)


def _alternatives(node: Node) -> tuple[Filter, ...]:
    found = tuple(_dialect(item) for item in node.items())
    if not found:
        raise node.error("must be a list of at least one filter")
    return found


def read_delivery(node: Node, namespace: str) -> Delivery:
    """Read a complete `delivery`.

    Raises:
        Malformed: A key is unknown or wrong, or backoffPolicy is missing: the genuine dispatcher crashes without it
            on the first failed attempt.
    """
    node.only("retry", "backoffPolicy", "backoffDelay", "timeout", "deadLetterSink")
    timeout, sink = node.get("timeout"), node.get("deadLetterSink")
    seconds = timeout.parsed(durations.iso8601) if timeout else None
    if seconds is not None and seconds <= 0:
        raise timeout.error("must be greater than 0")
    return Delivery(
        retry=node.get("retry").integer(0),
        policy=_policy(node.get("backoffPolicy")),
        delay=node.get("backoffDelay").parsed(durations.iso8601),
        timeout=seconds,
        dead_letter=read_destination(sink, namespace) if sink else None,
    )


def _policy(node: Node) -> Literal["linear", "exponential"]:
    match node.text():
        case "linear":
            return "linear"
        case "exponential":
            return "exponential"
        case _:
            raise node.error("must be linear or exponential")


def read_destination(node: Node, namespace: str) -> Destination:
    """Read a `ref` to a Service or Broker with an optional path, or an absolute `uri`.

    Raises:
        Malformed: It is neither.
    """
    node.only("ref", "uri")
    reference, uri = node.get("ref"), node.get("uri")
    if not reference:
        address = urlsplit(uri.text())
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise uri.error("must be an absolute http or https URL where there is no ref")
        return Destination(url=uri.text())
    reference.only("apiVersion", "kind", "name", "namespace")
    name, place = reference.get("name").text(), reference.get("namespace").text(namespace)
    path = uri.text("/")
    if not path.startswith("/"):
        raise uri.error("must start with a slash")
    match reference.get("apiVersion").text().partition("/")[0], reference.get("kind").text():
        case "serving.knative.dev", "Service":
            return Destination(url=f"http://{name}.{place}.svc.cluster.local{path}", service=name, path=path)
        case "eventing.knative.dev", "Broker":
            return Destination(url="", broker=f"/{place}/{name}")
        case "sinks.knative.dev", "JobSink":
            return Destination(url="", job_sink=name)
        case _:
            raise reference.error("must be a Knative Service, Broker or JobSink")

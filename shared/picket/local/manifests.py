"""Reads the deployed manifests: the same files that a cluster gets.

Only what changes the stack's behaviour is read; other kinds of object are left to the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

from picket.channel import document, durations
from picket.channel.document import Node
from picket.channel.model import ChannelTemplate
from picket.channel.template import read as read_template
from picket.errors import Malformed
from picket.local.delivery import Destination
from picket.local.joblist import read_job_sink
from picket.local.resources import Broker, Manifests, PingSource, Service, SinkBinding, Trigger
from picket.local.wiring import read_delivery, read_destination, read_filter

AUTOSCALING = "autoscaling.knative.dev/"
DEFAULT_CONCURRENCY_TARGET = 100
DEFAULT_WINDOW = 60.0
UNBOUNDED_SCALE = 100
"""Replicas of a Service without max-scale: more than one machine ever runs."""


def read(project: Path) -> Manifests:
    """Read `knative/base/*.yaml`, `triggers/*.yaml` and, where there are any, `knative/tools/*.yaml` of *project*.

    Raises:
        Malformed: A manifest is wrong; the message names the file and the key.
    """
    folders = [project / "knative" / "base", project / "triggers"]
    for folder in folders:
        if not folder.is_dir():
            raise Malformed(f"{folder} is not a folder: no manifests to run")
    return interpret([node for folder in (*folders, project / "knative" / "tools") for node in load(folder)])


def load(folder: Path) -> Iterator[Node]:
    """Yield the documents of all YAML files of *folder*, in the order of their names.

    Raises:
        Malformed: A file is no YAML.
    """
    for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        yield from document.parse(file.read_text(encoding="utf-8"), f"{folder.name}/{file.name}")


def interpret(documents: Iterable[Node]) -> Manifests:
    """Read the *documents* of a project, in any order.

    Raises:
        Malformed: One is wrong, or refers to one that is missing.
    """
    found = Manifests()
    config_maps: dict[tuple[str, str], Node] = {}
    by_kind: dict[str, list[Node]] = {}
    for node in documents:
        api, kind = node.get("apiVersion").text(), node.get("kind").text()
        by_kind.setdefault(f"{api.partition('/')[0]}/{kind}", []).append(node)
    for node in by_kind.get("v1/ConfigMap", ()):
        config_maps[_namespace(node), _name(node)] = node
    found.services = [_service(node) for node in by_kind.get("serving.knative.dev/Service", ())]
    found.brokers = [_broker(node, config_maps) for node in by_kind.get("eventing.knative.dev/Broker", ())]
    found.triggers = [_trigger(node) for node in by_kind.get("eventing.knative.dev/Trigger", ())]
    found.pings = [_ping(node) for node in by_kind.get("sources.knative.dev/PingSource", ())]
    found.job_sinks = [read_job_sink(node) for node in by_kind.get("sinks.knative.dev/JobSink", ())]
    found.bindings = [_binding(node) for node in by_kind.get("sources.knative.dev/SinkBinding", ())]
    _resolve(found, by_kind)
    return found


def _name(node: Node) -> str:
    return node.get("metadata", "name").text()


def _namespace(node: Node) -> str:
    return node.get("metadata", "namespace").text("default")


def _labels(node: Node) -> dict[str, str]:
    return {key: value.text("") for key, value in node.get("metadata", "labels").fields()}


def _service(node: Node) -> Service:
    template = node.get("spec", "template")
    annotations = template.get("metadata", "annotations")
    spec = template.get("spec")
    containers = spec.get("containers").items()
    if len(containers) != 1:
        raise spec.get("containers").error("must hold exactly one container")
    window = annotations.get(f"{AUTOSCALING}window")
    max_scale = annotations.get(f"{AUTOSCALING}max-scale").integer(0) or UNBOUNDED_SCALE
    min_scale = annotations.get(f"{AUTOSCALING}min-scale").integer(0)
    if min_scale > max_scale:
        raise annotations.get(f"{AUTOSCALING}min-scale").error("is above max-scale")
    return Service(
        name=_name(node),
        namespace=_namespace(node),
        labels=_labels(node),
        env={
            item.get("name").text(): item.get("value").text("")
            for item in containers[0].get("env").items()
            if not item.get("valueFrom")  # a Secret or ConfigMap of the cluster's
        },
        concurrency=spec.get("containerConcurrency").integer(0),
        target=annotations.get(f"{AUTOSCALING}target").integer(DEFAULT_CONCURRENCY_TARGET, least=1),
        min_scale=min_scale,
        max_scale=max_scale,
        window=window.parsed(durations.go) if window else DEFAULT_WINDOW,
    )


def _broker(node: Node, config_maps: dict[tuple[str, str], Node]) -> Broker:
    reference = node.get("spec", "config")
    written, template = "", ChannelTemplate()
    if reference:
        namespace = reference.get("namespace").text(_namespace(node))
        config = config_maps.get((namespace, reference.get("name").text()))
        if config is None:
            raise reference.error("names a ConfigMap that is not there")
        text = config.get("data", "channel-template-spec")
        written = text.text()
        template = read_template(written, text.file, text.path)
    delivery = node.get("spec", "delivery")
    namespace = _namespace(node)
    return Broker(_name(node), namespace, template, read_delivery(delivery, namespace) if delivery else None, written)


def _trigger(node: Node) -> Trigger:
    spec = node.get("spec").only("broker", "filter", "filters", "subscriber", "delivery")
    namespace = _namespace(node)
    delivery = spec.get("delivery")
    return Trigger(
        name=_name(node),
        namespace=namespace,
        broker=spec.get("broker").text(),
        filter=read_filter(spec),
        subscriber=read_destination(spec.get("subscriber"), namespace),
        delivery=read_delivery(delivery, namespace) if delivery else None,
    )


def _ping(node: Node) -> PingSource:
    spec = node.get("spec").only("schedule", "timezone", "contentType", "data", "sink", "ceOverrides")
    schedule = spec.get("schedule").text("* * * * *")
    if not croniter.is_valid(schedule):
        raise spec.get("schedule").error(f"{schedule!r} is not a cron schedule")
    namespace = _namespace(node)
    return PingSource(
        name=_name(node),
        namespace=namespace,
        schedule=schedule,
        timezone=_timezone(spec.get("timezone")),
        content_type=spec.get("contentType").text("application/json"),
        data=spec.get("data").text("").encode(),
        sink=read_destination(spec.get("sink"), namespace),
        extensions=_extensions(spec),
    )


def _timezone(node: Node) -> ZoneInfo | None:
    try:
        return ZoneInfo(node.text()) if node else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise node.error(f"{node.value!r} is not a time zone") from error


def _extensions(spec: Node) -> dict[str, str]:
    return {key: value.text("") for key, value in spec.get("ceOverrides", "extensions").fields()}


def _binding(node: Node) -> SinkBinding:
    spec = node.get("spec").only("subject", "sink", "ceOverrides")
    subject = spec.get("subject").only("apiVersion", "kind", "name", "namespace", "selector")
    labels = subject.get("selector").only("matchLabels").get("matchLabels")
    namespace = _namespace(node)
    return SinkBinding(
        namespace=subject.get("namespace").text(namespace),
        service=subject.get("name").text("") if not labels else "",
        labels={key: value.text("") for key, value in labels.fields()},
        sink=read_destination(spec.get("sink"), namespace),
        extensions=_extensions(spec),
    )


def _resolve(found: Manifests, by_kind: dict[str, list[Node]]) -> None:
    """Check that every broker and Service that is referred to is there."""
    services = {service.name for service in found.services}
    jobs = {sink.name for sink in found.job_sinks}
    brokers = {broker.path for broker in found.brokers}
    for node, trigger in zip(by_kind.get("eventing.knative.dev/Trigger", ()), found.triggers, strict=True):
        if f"/{trigger.namespace}/{trigger.broker}" not in brokers:
            raise node.get("spec", "broker").error(f"there is no Broker {trigger.broker}")
        sinks = [(trigger.subscriber, node.get("spec", "subscriber"))]
        if trigger.delivery and trigger.delivery.dead_letter:
            sinks.append((trigger.delivery.dead_letter, node.get("spec", "delivery", "deadLetterSink")))
        for sink, where in sinks:
            _exists(sink, where, services, brokers)
        if trigger.subscriber.job_sink and trigger.subscriber.job_sink not in jobs:
            raise node.get("spec", "subscriber").error(f"there is no JobSink {trigger.subscriber.job_sink}")
    senders: list[PingSource | SinkBinding] = [*found.pings, *found.bindings]
    nodes = [*by_kind.get("sources.knative.dev/PingSource", ()), *by_kind.get("sources.knative.dev/SinkBinding", ())]
    for node, sender in zip(nodes, senders, strict=True):
        _exists(sender.sink, node.get("spec", "sink"), services, brokers)


def _exists(sink: Destination, where: Node, services: set[str], brokers: set[str]) -> None:
    if sink.service and sink.service not in services:
        raise where.error(f"there is no Service {sink.service}")
    if sink.broker and sink.broker not in brokers:
        raise where.error(f"there is no Broker {sink.broker}")

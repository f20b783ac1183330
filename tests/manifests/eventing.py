"""What no CRD says of Broker and Triggers: each check yields a complaint for everything that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.manifests.cluster import Cluster, Document, channel, container, say

_ISO_8601 = re.compile(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_DIALECTS = {"exact", "prefix", "suffix", "any", "all", "not", "cesql"}
_RESTART_SECONDS = 60.0


def trigger_keys(cluster: Cluster) -> Iterator[str]:
    """A Trigger's spec admits anything: a slip of the pen would do nothing at all."""
    for trigger in cluster.of("Trigger"):
        for key in set(trigger["spec"]) - {"broker", "filter", "filters", "subscriber", "delivery"}:
            yield say(trigger, f"{key} means nothing in a Trigger")
        if "filter" in trigger["spec"] and "filters" in trigger["spec"]:
            yield say(trigger, "filters overrides filter")
        for one in trigger["spec"].get("filters", ()):
            yield from (say(trigger, problem) for problem in _filter(one))


def _filter(given: Document) -> Iterator[str]:
    if len(given) != 1 or not set(given) <= _DIALECTS:
        yield f"a filter has one dialect, not {', '.join(sorted(given)) or 'none'}"
        return
    [(dialect, value)] = given.items()
    below = value if dialect in {"any", "all"} else [value] if dialect == "not" else []
    for one in below:
        yield from _filter(one)


def complete_delivery(cluster: Cluster) -> Iterator[str]:
    """A Trigger's delivery replaces the Broker's wholesale, and without a policy the dispatcher crashes."""
    for trigger in cluster.of("Trigger"):
        name, delivery = trigger["spec"]["subscriber"]["ref"]["name"], trigger["spec"].get("delivery", {})
        for key in {"retry", "backoffPolicy", "backoffDelay", "timeout", "deadLetterSink"} ^ set(delivery):
            yield say(trigger, f"delivery.{key} is {'unknown' if key in delivery else 'missing'}")
        for key in ("backoffDelay", "timeout"):
            if not _ISO_8601.fullmatch(str(delivery.get(key, ""))):
                yield say(trigger, f"delivery.{key} is no ISO-8601 duration: {delivery.get(key)}")
        if delivery.get("backoffPolicy") not in {"linear", "exponential"}:
            yield say(trigger, "delivery.backoffPolicy is linear or exponential")
        if delivery.get("deadLetterSink", {}).get("uri") != f"/dead-letters/{name}":
            yield say(trigger, "its dead letters have no address of its function")
        if _budget(delivery) < _RESTART_SECONDS:
            yield say(trigger, f"its retries end after {_budget(delivery):g} s, within a restart of Knative's filter")


def _budget(delivery: Document) -> float:
    """Return the seconds that a delivery waits between its attempts, together."""
    found = re.fullmatch(r"PT([\d.]+)S", str(delivery.get("backoffDelay", "")))
    if not found:
        return 0.0
    turns = range(1, int(delivery.get("retry", 0)) + 1)
    factors = (2**turn if delivery.get("backoffPolicy") == "exponential" else turn for turn in turns)
    return float(found[1]) * sum(factors)


def time_limits_fit(cluster: Cluster) -> Iterator[str]:
    """What a Trigger waits for, its function must be given the time to do."""
    limits = {one["metadata"]["name"]: one["spec"]["template"]["spec"]["timeoutSeconds"] for one in cluster.functions}
    for service in cluster.functions:
        threads = {one["name"]: one.get("value") for one in container(service)["env"]}["THREADS"]
        if threads != str(service["spec"]["template"]["spec"]["containerConcurrency"] + 1):
            yield say(service, "THREADS is containerConcurrency and one for the probes")
    for trigger in cluster.of("Trigger"):
        found = re.fullmatch(r"PT(?:(\d+)M)?(?:(\d+)S)?", trigger["spec"].get("delivery", {}).get("timeout", ""))
        wait = 60 * int(found[1] or 0) + int(found[2] or 0) if found else 0
        limit = limits.get(trigger["spec"]["subscriber"]["ref"]["name"], 0)
        if wait >= limit:
            yield say(trigger, f"its timeout of {wait} s is not below the function's {limit} s")


def channel_keeps(cluster: Cluster) -> Iterator[str]:
    """What the channel's defaults get wrong must be said: they replay everything, and keep it for ever."""
    for broker in cluster.of("Broker"):
        kind = broker["metadata"].get("annotations", {}).get("eventing.knative.dev/broker.class")
        if kind != "MTChannelBasedBroker":
            yield say(broker, f"its class is {kind}")
        spec = channel(cluster)["spec"]
        stream, consumer = spec["stream"]["config"], spec["consumerConfigTemplate"]
        for key in {"storage", "maxAge", "maxBytes", "discard", "duplicateWindow", "retention"} - set(stream):
            yield say(broker, f"its stream has no {key}")
        if stream.get("storage") != "File":
            yield say(broker, "its stream is lost with the server")
        if consumer.get("deliverPolicy") != "New":
            yield say(broker, "a new Trigger would replay everything")
        if "maxAckPending" not in consumer or consumer.get("consumerType") == "Pull":
            yield say(broker, "maxAckPending is missing, or the consumer pulls, which blocks the channel")


def large_events_are_shared(cluster: Cluster) -> Iterator[str]:
    """A webhook over 256 KiB, and what scanners need, go through a store that every pod reads."""
    for config in cluster.of("ConfigMap"):
        if config["metadata"]["name"] == "picket" and not config["data"].get("PICKET_ARTIFACTS"):
            yield say(config, "PICKET_ARTIFACTS is empty: large events would stay in one pod")


CHECKS = (trigger_keys, complete_delivery, time_limits_fit, channel_keeps, large_events_are_shared)

"""Stream and consumer settings, as a NatsJetStreamChannel's template spells them."""

from __future__ import annotations

from picket.channel import document, durations
from picket.channel.model import ChannelTemplate

_AS_JETSTREAM_SAYS = {
    "Work": "workqueue",
    "ByStartSequence": "by_start_sequence",
    "ByStartTime": "by_start_time",
}
"""Source: eventing-natss v0.48, `pkg/apis/messaging/v1alpha1/nats_jetstream_types.go`."""


def read(text: str, file: str, path: str = "") -> ChannelTemplate:
    """Read a channel's template.

    Args:
        text: YAML, the value of `channel-template-spec`.
        file: Where it stands, for messages.
        path: The key there.

    Raises:
        Malformed: It is empty, or something in it is wrong; names the file and the key.
    """
    for root in document.parse(text, file, path):
        spec = root.get("spec").only("stream", "consumerConfigTemplate", "delivery", "deploymentSpecTemplate")
        stream = spec.get("stream", "config")
        consumer = spec.get("consumerConfigTemplate")
        if consumer.get("consumerType").text("Push") != "Push":
            raise consumer.get("consumerType").error("only Push works: Pull blocks the channel's reconciler")
        window, age, wait = stream.get("duplicateWindow"), stream.get("maxAge"), consumer.get("ackWait")
        return ChannelTemplate(
            stream=spec.get("stream", "overrideName").text(""),
            storage=stream.get("storage").text("File").lower(),
            replicas=stream.get("replicas").integer(1, least=0) or 1,
            retention=_word(stream.get("retention").text("Limits")),
            discard=stream.get("discard").text("Old").lower(),
            max_age=age.parsed(durations.go) if age else 0.0,
            max_bytes=stream.get("maxBytes").integer(-1, least=-1),
            max_messages=stream.get("maxMsgs").integer(-1, least=-1),
            duplicate_window=window.parsed(durations.go) if window else 120.0,
            deliver_policy=_word(consumer.get("deliverPolicy").text("All")),
            ack_wait=wait.parsed(durations.go) if wait else None,
            max_ack_pending=consumer.get("maxAckPending").integer(1000, least=1),
        )
    raise document.Node(file, path, None).error("is empty")


def _word(policy: str) -> str:
    return _AS_JETSTREAM_SAYS.get(policy, policy.lower())

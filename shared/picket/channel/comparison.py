"""How a stream and its consumers differ from what the manifests ask for: eventing-natss never changes a stream.

Source: eventing-natss v0.48, `pkg/channel/jetstream/dispatcher`: `reconcileStream` adds a stream that is not there and
leaves one that is as it stands; `buildPushConsumerConfig` takes a consumer's ack wait from its Trigger's timeout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from picket.channel.model import ChannelTemplate, Consumer, Delivery, Difference, Stream

_OF_STREAM = ("replicas", "storage", "retention", "discard", "max_age", "max_bytes", "max_messages", "duplicate_window")
_UNLIMITED = {"max_age": 0.0, "max_bytes": -1, "max_messages": -1}
"""What JetStream makes of 0 and less."""
_OF_CONSUMERS = ("deliver_policy", "max_ack_pending")
_OF_TRIGGERS = "ack_wait_and_max_deliver"
SETTINGS = (*_OF_STREAM, *_OF_CONSUMERS, _OF_TRIGGERS)
"""Every setting that is compared."""


def differences(
    template: ChannelTemplate, triggers: Mapping[str, Delivery], stream: Stream, consumers: Sequence[Consumer]
) -> list[Difference]:
    """Return what of a stream and its consumers is not as the manifests say.

    Args:
        template: The channel's template.
        triggers: By name, what each Trigger asks of its consumer. There may be more consumers: others' Triggers.
        stream: The stream as it is.
        consumers: Its consumers as they are.
    """
    return [
        *_of_stream(template, stream),
        *_of_consumers(template, consumers),
        *_of_triggers(triggers.values(), consumers),
    ]


def _of_stream(template: ChannelTemplate, stream: Stream) -> Iterator[Difference]:
    for name in _OF_STREAM:
        wanted, found = _plain(name, getattr(template, name)), _plain(name, getattr(stream, name))
        if wanted != found:
            yield Difference(name, _shown(wanted), _shown(found))


def _of_consumers(template: ChannelTemplate, consumers: Sequence[Consumer]) -> Iterator[Difference]:
    for name in _OF_CONSUMERS:
        wanted = getattr(template, name)
        if others := sorted({_shown(getattr(one, name)) for one in consumers} - {_shown(wanted)}):
            yield Difference(name, _shown(wanted), " or ".join(others))


def _of_triggers(triggers: Iterable[Delivery], consumers: Sequence[Consumer]) -> Iterator[Difference]:
    """Compare pairs, as a consumer does not tell whose it is."""
    left = [(round(one.ack_wait, 3), one.max_deliver) for one in consumers]
    for wanted in triggers:
        pair = (round(wanted.ack_wait, 3), wanted.max_deliver)
        if pair in left:
            left.remove(pair)
        else:
            found = ", ".join(f"{wait:g} s and {most}" for wait, most in sorted(set(left))) or "that of no consumer"
            yield Difference(_OF_TRIGGERS, f"{pair[0]:g} s and {pair[1]}", found)


def _plain(name: str, value: str | float) -> str | float:
    return _UNLIMITED[name] if name in _UNLIMITED and not isinstance(value, str) and value <= 0 else value


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"

"""Whether the stream that events wait in is what the channel's template asks for.

A stream outlives its Broker, and a Broker that is made again takes the one that is there: three replicas may be asked
for while there is one. So the two are compared: by `doctor`, and on every tick for the metric.
"""

from __future__ import annotations

import logging

from picket.channel import comparison
from picket.channel.model import Difference
from picket.effects import jetstream, telemetry
from picket.effects.telemetry import note
from picket.errors import Gone, Malformed, Misconfigured, TransientError
from picket.settings import settings

NOT_COMPARED = "not_compared"
"""Stands for a setting in the metric where nothing could be compared."""
_METRIC = "picket_channel_differences"


def lacking() -> str:
    """Return why the two cannot be compared in this function, "" if they can."""
    config = settings()
    if not config.nats_url.get_secret_value():
        return "PICKET_NATS_URL is not set"
    if config.channel is None or not config.channel.is_file():
        return "PICKET_CHANNEL names no file here"
    return ""


def differences() -> list[Difference]:
    """Compare the stream and its consumers with the channel's template and the Triggers.

    Raises:
        Gone: There is no such stream.
        Misconfigured: The template cannot be read.
        TransientError: NATS does not answer.
    """
    from picket.channel import template  # noqa: PLC0415 - PyYAML is only where the template is

    config = settings()
    if config.channel is None:
        raise Misconfigured("PICKET_CHANNEL is not set")
    try:
        wanted = template.read(config.channel.read_text("utf-8"), config.channel.name)
    except (Malformed, OSError, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, Malformed) else type(error).__name__
        raise Misconfigured(f"the file of PICKET_CHANNEL cannot be read: {reason}") from error
    found, consumers = jetstream.look(config.nats_url.get_secret_value(), wanted.stream or config.stream)
    return comparison.differences(wanted, config.consumers, found, consumers)


def watch(_cursor: str = "") -> None:
    """Compare, where that can be done and somebody wants to know, and put the result into the metric."""
    if not telemetry.is_on() or lacking():
        return
    differing = {NOT_COMPARED}
    try:
        differing = {one.setting for one in differences()}
    except (Gone, Misconfigured, TransientError) as error:
        note("channel not compared", level=logging.WARNING, reason=str(error))
    for setting in (*comparison.SETTINGS, NOT_COMPARED):
        telemetry.gauge(_METRIC, float(setting in differing), setting=setting.replace("_", "-"))

"""Notice channels, through which people and systems are told: one module each, and this registry.

To add one, write its module with a `CHANNEL` and add the line here.
"""

from __future__ import annotations

from picket.notices import webhook
from picket.notices.channel import Channel

CHANNELS: dict[str, Channel] = {
    "webhook": webhook.CHANNEL,
}
"""Channels by the `type` that `PICKET_CHANNELS` names."""

"""Looking at a JetStream stream and its consumers; nothing here changes one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from picket.channel.model import Consumer, Stream
from picket.errors import Gone, TransientError

if TYPE_CHECKING:
    from nats.js.api import ConsumerInfo, StreamConfig

_SECONDS = 5.0


def look(url: str, name: str) -> tuple[Stream, list[Consumer]]:
    """Return the settings of the stream *name* and of its consumers.

    Args:
        url: Where NATS is; may hold credentials, which no message repeats.
        name: The stream's name.

    Raises:
        Gone: There is no such stream.
        TransientError: NATS does not answer, or not to us.
    """
    return asyncio.run(_look(url, name))


async def _look(url: str, name: str) -> tuple[Stream, list[Consumer]]:
    from nats.aio.client import Client  # noqa: PLC0415 - only for who looks
    from nats.errors import Error  # noqa: PLC0415
    from nats.js.errors import APIError, NotFoundError  # noqa: PLC0415

    async def quiet(_: Exception) -> None:
        await asyncio.sleep(0)

    try:
        async with asyncio.timeout(_SECONDS):
            connection = Client()
            try:
                await connection.connect(url, name="picket", connect_timeout=2, allow_reconnect=False, error_cb=quiet)
                manager = connection.jsm()
                found = await manager.stream_info(name)
                consumers: list[ConsumerInfo] = []
                while page := await manager.consumers_info(name, offset=len(consumers)):
                    consumers += page
            finally:
                await connection.close()
    except NotFoundError:
        raise Gone(f"there is no stream {name}") from None
    except (Error, APIError, OSError, TimeoutError) as error:
        raise TransientError(f"NATS does not tell of the stream {name} ({type(error).__name__})") from None
    return _stream(found.config), [_consumer(one) for one in consumers]


def _stream(config: StreamConfig) -> Stream:
    return Stream(
        name=config.name or "",
        storage=_word(config.storage),
        replicas=config.num_replicas or 1,
        retention=_word(config.retention),
        discard=_word(config.discard),
        max_age=config.max_age or 0.0,
        max_bytes=config.max_bytes or -1,
        max_messages=config.max_msgs or -1,
        duplicate_window=config.duplicate_window,
    )


def _consumer(info: ConsumerInfo) -> Consumer:
    config = info.config
    return Consumer(
        name=info.name,
        deliver_policy=_word(config.deliver_policy),
        max_ack_pending=config.max_ack_pending or -1,
        ack_wait=config.ack_wait or 0.0,
        max_deliver=config.max_deliver or -1,
    )


def _word(value: object) -> str:
    """Return a policy as JetStream spells it; nats-py gives it as an enum or as the text that came."""
    return str(getattr(value, "value", value or ""))

"""Sending notices to the servers of their channels."""

from __future__ import annotations

import urllib3

from picket.context import context
from picket.errors import Misconfigured, TransientError, Unsupported
from picket.notices import CHANNELS
from picket.notices.channel import Channel, Request
from picket.settings import settings

_TIMEOUT = urllib3.Timeout(connect=3.0, read=10.0)
_LATER = frozenset({408, 425, 429})
"""Answers by which a server asks to come again."""


def channel(name: str) -> tuple[Channel, dict[str, str]]:
    """Return a configured channel and its settings.

    Raises:
        Misconfigured: Its settings do not fit its type.
        Unsupported: No channel has this name.
    """
    config = {key: value.get_secret_value() for key, value in settings().channels.get(name, {}).items()}
    if not config:
        raise Unsupported(f"PICKET_CHANNELS names no channel {name[:64]}")
    found = CHANNELS.get(config.get("type", ""))
    if found is None:
        raise Misconfigured(f"PICKET_CHANNELS: {name}: type must be one of {', '.join(sorted(CHANNELS))}")
    lacking = [each for each in found.needs if not config.get(each)]
    wrong = f"{', '.join(lacking)} is missing" if lacking else found.check(config)
    if wrong:
        raise Misconfigured(f"PICKET_CHANNELS: {name}: {wrong}")
    return found, config


def send(request: Request) -> None:
    """Send a request; any answer of 2xx is success.

    Raises:
        TransientError: The server does not answer, has a problem, or asks to come again.
        Unsupported: It refuses.
    """
    try:
        answer = _pool().request(
            "POST", request.url, body=request.body, headers=dict(request.headers), redirect=False, preload_content=False
        )
        answer.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise TransientError(f"the channel's server does not answer ({type(error).__name__})") from error
    if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's success class
        return
    if answer.status >= 500 or answer.status in _LATER:  # noqa: PLR2004 - HTTP's class of the server's own errors
        raise TransientError(f"the channel's server answered {answer.status}")
    raise Unsupported(f"the channel's server refuses the notice ({answer.status})")


@context.kept
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=8, retries=False, timeout=_TIMEOUT)

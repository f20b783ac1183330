"""W3C trace contexts for events that come without one."""

from __future__ import annotations

import os


def new_traceparent() -> str:
    """Return a `traceparent` of a new trace that is not sampled (W3C Trace Context, version 00)."""
    token = os.urandom(24).hex()
    return f"00-{token[:32]}-{token[32:]}-00"

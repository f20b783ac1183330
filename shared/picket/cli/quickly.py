"""The ways of `picket scan` that end before most of it is loaded: nothing new, or nothing found in what is staged."""

from __future__ import annotations

import gc
import os
import sys
import time


def quickly(arguments: list[str]) -> int | None:
    """Do what is asked where that takes little.

    Args:
        arguments: Those of `picket scan`.

    Returns:
        Exit status; None where the whole scan has to say.
    """
    if "--staged" not in arguments:
        from picket.cli.replay import replay  # noqa: PLC0415 - needs what a hook does without

        return replay(arguments)
    if sys.stdout is None or sys.stderr is None:  # closed by who started this: the whole scan knows what to do
        return None
    from picket.scanning.glance import clean  # noqa: PLC0415 - likewise

    began = time.monotonic()
    gc.disable()  # what is imported stays: looking for what does not takes 2 ms
    try:
        seen = clean(arguments)
    except KeyboardInterrupt:
        return 130
    if seen is None:
        gc.enable()
        return None
    if "--quiet" not in arguments:
        sys.stderr.write(summary(*seen, f"{time.monotonic() - began:.2f}"))
    sys.stderr.flush()
    os._exit(0)  # nothing is left to do, and taking everything apart piece by piece takes 4 ms


def summary(blobs: int, size: int, seconds: str) -> str:
    """Say what was looked at and nothing found in, as the whole scan says it of what has no commits."""
    return f"picket: no leaked credentials in {blobs} blobs, {size / 1e6:.1f} MB, {seconds} s\n"

"""Ends whatever the stack leaves behind when it dies. Runs as a process of its own, and imports next to nothing.

Standard input is a pipe: `+N` says that process group N was started, `-N` that it is gone. Its end means that the
stack is gone, however that came about; every group still listed is then asked to end, and soon after made to.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.02


def listed(lines: "list[str]") -> "set[int]":
    """Return the groups that *lines* list as running."""
    groups: set[int] = set()
    for line in lines:
        if line.startswith("+"):
            groups.add(int(line[1:]))
        else:
            groups.discard(int(line[1:]))
    return groups


def _signal(groups: "set[int]", number: int) -> "set[int]":
    """Send signal *number* to all *groups*, and return those that are still there."""
    alive = set()
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            # macOS answers with the latter when only zombies are left.
            continue
        alive.add(group)
    return alive


def reap(groups: "set[int]") -> None:
    """End the process *groups*: SIGTERM, and SIGKILL for what is there after the grace time."""
    alive = _signal(groups, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while alive and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        alive = _signal(alive, 0)
    _signal(alive, signal.SIGKILL)


def main() -> None:
    """Wait for the end of the pipe, then reap."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    reap(listed(sys.stdin.read().split()))


if __name__ == "__main__":
    main()

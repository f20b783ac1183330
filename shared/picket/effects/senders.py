"""Who may send webhooks: forges, and tools that define `receiving`."""

from __future__ import annotations

from picket.errors import Unsupported
from picket.forges import FORGES
from picket.tools import TOOLS
from picket.webhooks.receiving import Receiving


def names() -> list[str]:
    """Return the names of all senders."""
    forges = [name for name, forge in FORGES.items() if forge.receives]
    return sorted({*forges, *(name for name, tool in TOOLS.items() if tool.receives)})


def receiving(name: str) -> Receiving:
    """Return how the webhooks of a sender are read.

    Raises:
        Unsupported: There is no such sender.
    """
    forge, tool = FORGES.get(name), TOOLS.get(name)
    if forge is not None and forge.receives:
        return forge.receiving
    if tool is not None and tool.receiving is not None:
        return tool.receiving
    raise Unsupported(f"{name[:40]!r} sends no webhooks that are read here")

"""Showing that a secret is there without showing it."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "*" * 12  # the same for every secret: its length is not to be known
SHORTEST_SHOWN = 20  # characters; of anything shorter 15 % would help a guess more than a reader
SHARE_SHOWN = 0.15
MOST_SHOWN = 4  # characters

_ARMOUR = re.compile(r"-----BEGIN [A-Z0-9 ]{3,40}-----")
_LINE_BREAKS = re.compile(rb"(?:\\+[nrt]|\s)+")


def redact(secret: str, prefixes: Iterable[str] = ()) -> str:
    """Make a preview that a reader recognises and that is of no use.

    Args:
        secret: The raw secret.
        prefixes: Literal starts that every secret of the format shares, and that are public therefore.

    Returns:
        The longest public prefix (or a PEM header), at most `MOST_SHOWN` characters and 15 % of what follows it,
        and a mask of fixed length. A secret with a body under `SHORTEST_SHOWN` characters shows its prefix only.
    """
    armour = _ARMOUR.match(secret)
    if armour:
        return armour.group() + MASK
    prefix = max((known for known in prefixes if secret.startswith(known)), key=len, default="")
    body = secret[len(prefix) :]
    shown = min(MOST_SHOWN, int(len(body) * SHARE_SHOWN)) if len(body) >= SHORTEST_SHOWN else 0
    return prefix + body[:shown] + MASK


def normalized(secret: bytes) -> bytes:
    r"""Reduce a secret to what it means: in a PEM block line breaks (real or written `\n`) do not count."""
    return _LINE_BREAKS.sub(b"", secret) if secret.startswith(b"-----BEGIN") else secret

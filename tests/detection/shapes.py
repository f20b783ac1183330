"""What an example is made of."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.detection.tokens import ALPHABETS

RNG = random.Random("structures")


@dataclass(frozen=True)
class Shape:
    """`found`: (path, text, secret in it); `missed`: (path, text)."""

    found: list[tuple[str, str, str]]
    missed: list[tuple[str, str]]


def chance(length: int, kind: str = "an") -> str:
    return "".join(RNG.choice(ALPHABETS[kind]) for _ in range(length))


def a_password(length: int = 12) -> str:
    """Make a password with all kinds of characters and no structure."""
    return "h7K" + "".join(RNG.choice("bdfgkqvxzBDFGKQVXZ") for _ in range(length - 6)) + "!4m"

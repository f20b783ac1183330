"""Escapes in texts: of strings in code, of JSON, and the entities of markup."""

from __future__ import annotations

import re

ESCAPE = re.compile(
    rb"""\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(["'/nrt\\]))|&(?:(quot|apos|amp|lt|gt)|\#([0-9]{1,5}));"""
)
"""One escape."""
_RUNS = re.compile(rb"((?:\\x[0-9a-fA-F]{2}){4,})|((?:\\u[0-9a-fA-F]{4}){4,})|" + ESCAPE.pattern)
"""Several of one kind at once, or one: a file that is held in a string is millions of them."""
_ENTITIES = {b"quot": b'"', b"apos": b"'", b"amp": b"&", b"lt": b"<", b"gt": b">"}
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def unescaped(match: re.Match[bytes]) -> bytes:
    """Return what a match of `ESCAPE` stands for, in UTF-8."""
    return _one(*match.groups())


def undone(text: bytes) -> tuple[bytes, int]:
    """Return *text* with every escape undone, and how many were, runs of them counted once."""
    return _RUNS.subn(_run, text)


def _run(match: re.Match[bytes]) -> bytes:
    octets, units, *one = match.groups()
    if octets:
        return bytes.fromhex(octets.replace(b"\\x", b"").decode()).decode("latin-1").encode()
    if units:
        return bytes(units).decode("raw_unicode_escape").encode("utf-8", "replace")
    return _one(*one)


def _one(
    unicode: bytes | None, byte: bytes | None, plain: bytes | None, entity: bytes | None, number: bytes | None
) -> bytes:
    if plain:
        return _CONTROLS.get(plain, plain)
    if entity:
        return _ENTITIES[entity]
    code = int(number) if number else int(unicode or byte or b"0", 16)
    return chr(code).encode("utf-8", "replace")

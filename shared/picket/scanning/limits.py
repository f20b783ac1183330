"""What bounds a scan on this machine unless somebody says otherwise."""

MAX_BLOB = 32 * 1024 * 1024
"""Bytes of the largest blob that is looked at."""

DECODE_DEPTH = 2
"""Encodings within one another."""


def too_large(limit: int) -> str:
    """Say why a content is not looked at."""
    return f"larger than the limit of {limit} bytes"

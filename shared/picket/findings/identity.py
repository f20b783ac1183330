"""What makes a finding the same finding: keyed hashes, so that nothing kept leads back to a secret."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

VERSION = 1


def value_id(key: bytes, value: bytes) -> str:
    """Return what stands for a secret's *value* wherever it is kept: HMAC-SHA-256 as 64 hex digits.

    It is the same in every repository.
    """
    return hmac.new(key, value, hashlib.sha256).hexdigest()


def parts_id(key: bytes, parts: Sequence[str]) -> str:
    """Return what stands for an identity made of several *parts*: HMAC-SHA-256 as 64 hex digits.

    A part may be the text of a statement, which may hold a secret: so this is keyed, too.
    """
    return value_id(key, json.dumps([VERSION, *parts]).encode())


def finding_id(key: bytes, asset: str, kind: str, identity: str) -> str:
    """Return the id of a finding, one problem of one asset: 64 hex digits.

    A rebase, squash or move leaves it as it is; another secret on the same line is another finding.
    """
    text = json.dumps([VERSION, asset, kind, identity])
    return value_id(key, text.encode())

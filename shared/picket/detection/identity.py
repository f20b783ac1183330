"""What makes a finding the same finding: keyed hashes, so that nothing kept leads back to a secret."""

from __future__ import annotations

import hashlib
import hmac
import json

VERSION = 1


def secret_identity(key: bytes, secret: bytes) -> str:
    """Return what stands for *secret* wherever it is kept: HMAC-SHA-256 as 64 hex digits."""
    return hmac.new(key, secret, hashlib.sha256).hexdigest()


def finding_id(key: bytes, repository: str, kind: str, identity: str) -> str:
    """Return the id of a finding: one secret (or vulnerability, …) in one repository, 64 hex digits.

    A rebase, squash or move leaves it as it is; another secret on the same line is another finding.
    """
    text = json.dumps([VERSION, repository, kind, identity])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

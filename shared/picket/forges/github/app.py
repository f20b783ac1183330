"""How a GitHub App says who it is.

Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from __future__ import annotations

import base64
import json

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from picket.errors import Misconfigured

_BEFORE, _AFTER = 60, 540
"""Seconds by which GitHub's clock may be behind, and for which the token holds: ten minutes in all, the most."""


def signed(app_id: str, key: bytes, at: float) -> str:
    """Return the JSON web token by which an App says who it is.

    Args:
        app_id: Its id or client id.
        key: Its private key, PEM.
        at: Unix time.

    Raises:
        Misconfigured: The key is no RSA key without a passphrase.
    """
    try:
        private = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise Misconfigured("key_file holds no RSA private key in PEM")
    claims = {"iat": int(at) - _BEFORE, "exp": int(at) + _AFTER, "iss": app_id}
    text = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    signature = private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _encoded(part: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part, separators=(",", ":")).encode()).rstrip(b"=").decode()

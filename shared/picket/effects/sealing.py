"""Encryption of stored secrets: the first key encrypts, any of them decrypts."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from picket.errors import Misconfigured
from picket.settings import settings


def seal(secret: str) -> str:
    """Encrypt a secret.

    Raises:
        Misconfigured: PICKET_ENCRYPTION_KEY is missing, or holds what is no key.
    """
    return _fernet().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Decrypt what `seal` made.

    Raises:
        Misconfigured: PICKET_ENCRYPTION_KEY lacks its key.
    """
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Misconfigured("a webhook secret cannot be decrypted: PICKET_ENCRYPTION_KEY lacks its key") from None


def _fernet() -> MultiFernet:
    keys = settings().encryption_key.get_secret_value().replace(",", " ").split()
    if not keys:
        raise Misconfigured("PICKET_ENCRYPTION_KEY is not set: webhook secrets cannot be kept")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise Misconfigured("PICKET_ENCRYPTION_KEY: a key is not 32 bytes in URL-safe base64") from None

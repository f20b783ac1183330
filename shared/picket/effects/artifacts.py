"""Large payloads, kept outside the store: a folder on one machine, S3, GCS or Azure in a cluster."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from picket.errors import Gone, TransientError
from picket.settings import settings

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_SCHEME = "artifact:"


def put(key: str, content: bytes) -> str:
    """Store *content* under *key*, replacing what is there.

    Returns:
        A reference for `get`.

    Raises:
        TransientError: The artifact store did not take it.
    """
    import obstore  # noqa: PLC0415 - only for what is too large for an event
    from obstore.exceptions import BaseError  # noqa: PLC0415

    try:
        obstore.put(_store(), key, content)
    except BaseError as error:
        raise TransientError(f"the artifact store did not take {key} ({type(error).__name__})") from error
    return _SCHEME + key


def get(reference: str) -> bytes:
    """Read what `put` stored.

    Raises:
        Gone: Nothing is there, or *reference* is not one of ours.
        TransientError: The artifact store did not answer.
    """
    import obstore  # noqa: PLC0415
    from obstore.exceptions import BaseError, NotFoundError  # noqa: PLC0415

    if not reference.startswith(_SCHEME):
        raise Gone("dataref does not point into the artifact store")
    key = reference.removeprefix(_SCHEME)
    try:
        return bytes(obstore.get(_store(), key).bytes())
    except (NotFoundError, FileNotFoundError, ValueError) as error:
        raise Gone(f"artifact {key} is not there") from error
    except BaseError as error:
        raise TransientError(f"the artifact store did not give {key} ({type(error).__name__})") from error


@cache
def _store() -> ObjectStore:
    from obstore.store import LocalStore, from_url  # noqa: PLC0415

    url = settings().artifacts
    if url:
        return from_url(url)
    return LocalStore(settings().data_dir.absolute() / "artifacts", mkdir=True)

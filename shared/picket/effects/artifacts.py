"""What is too large for the store or an event: a folder on one machine, S3, GCS or Azure in a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from picket.context import context
from picket.effects import disk
from picket.errors import Gone, Misconfigured, TransientError
from picket.settings import settings

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_SCHEME = "artifact:"
_AT_ONCE = 1_000


def put(key: str, content: bytes | Path) -> str:
    """Store *content*, or what is in that file, under *key*, replacing what is there.

    Returns:
        A reference for `get`.

    Raises:
        Misconfigured: Other functions could not read it.
        TransientError: The artifact store did not take it.
    """
    import obstore  # noqa: PLC0415 - only for what is too large for an event

    with _errors(f"did not take {key}"):
        obstore.put(_shared(), key, content)
    return reference(key)


def reference(key: str) -> str:
    """Return the reference of what is stored under *key*."""
    return _SCHEME + key


def get(reference: str) -> bytes:
    """Read what `put` stored.

    Raises:
        Gone: Nothing is there, or *reference* is not one of ours.
        Misconfigured: What other functions store cannot be read here.
        TransientError: The artifact store did not answer.
    """
    import obstore  # noqa: PLC0415

    key = _key(reference)
    with _errors(f"did not give {key}"):
        return bytes(obstore.get(_shared(), key).bytes())


def get_file(reference: str, target: Path) -> None:
    """Write what `put` stored to the file *target*, piece by piece.

    Raises:
        Gone: Nothing is there, or *reference* is not one of ours.
        Misconfigured: What other functions store cannot be read here.
        TransientError: The artifact store did not answer.
    """
    import obstore  # noqa: PLC0415

    key = _key(reference)
    with _errors(f"did not give {key}"), target.open("wb") as file:
        for piece in obstore.get(_shared(), key).stream():
            file.write(piece)


def age(reference: str) -> timedelta | None:
    """Return how long ago an artifact was stored; None if it is not there.

    Raises:
        Misconfigured: What other functions store cannot be seen here.
        TransientError: The artifact store did not answer.
    """
    import obstore  # noqa: PLC0415

    key = _key(reference)
    try:
        with _errors(f"did not tell of {key}"):
            return datetime.now(UTC) - obstore.head(_shared(), key)["last_modified"]
    except Gone:
        return None


def shared(reference: str, method: Literal["GET", "PUT"], span: timedelta) -> str:
    """Return what lets somebody without any right of their own read, or write, one artifact.

    Returns:
        A signed URL that is good for *span*; of a folder, which has none, the reference itself.

    Raises:
        Misconfigured: Other functions could not read what is kept here.
        TransientError: The artifact store cannot sign just now.
    """
    import obstore  # noqa: PLC0415
    from obstore.store import HTTPStore, LocalStore, MemoryStore  # noqa: PLC0415

    kept_in, key = _shared(), _key(reference)
    if isinstance(kept_in, LocalStore | MemoryStore):
        return reference
    if isinstance(kept_in, HTTPStore):
        raise Misconfigured("PICKET_ARTIFACTS is a store that signs no URLs: tools cannot be run")
    with _errors(f"did not sign {key}"):
        return obstore.sign(kept_in, method, key, span)


def older_than(prefix: str, span: timedelta) -> Iterator[str]:
    """Give the references of the artifacts below *prefix* that were stored longer than *span* ago.

    Raises:
        TransientError: The artifact store did not answer.
    """
    import obstore  # noqa: PLC0415

    before = datetime.now(UTC) - span
    with _errors(f"did not list {prefix}"):
        for page in obstore.list(store(), prefix=prefix, chunk_size=_AT_ONCE):
            yield from (reference(item["path"]) for item in page if item["last_modified"] < before)


def delete(reference: str) -> None:
    """Delete an artifact; deleting a missing one is not an error.

    Raises:
        TransientError: The artifact store did not do it.
    """
    import obstore  # noqa: PLC0415

    with suppress(Gone), _errors("did not delete"):
        obstore.delete(store(), _key(reference))


def _key(reference: str) -> str:
    if not reference.startswith(_SCHEME):
        raise Gone("dataref does not point into the artifact store")
    return reference.removeprefix(_SCHEME)


def check() -> None:
    """Check what PICKET_ARTIFACTS says; nothing is asked of the artifact store.

    Raises:
        Misconfigured: It is not a URL of an artifact store.
    """
    store()


@contextmanager
def _errors(what: str) -> Iterator[None]:
    """Say what an error of the artifact store means to us; its own message may name keys and addresses."""
    from obstore.exceptions import BaseError, NotFoundError  # noqa: PLC0415

    try:
        yield
    except (NotFoundError, FileNotFoundError, ValueError) as error:
        raise Gone(f"the artifact store {what}: it is not there") from error
    except (BaseError, OSError) as error:
        raise TransientError(f"the artifact store {what} ({disk.reason(error) or type(error).__name__})") from error


def _shared() -> ObjectStore:
    """Return the store, provided that every function has the same one.

    Raises:
        Misconfigured: It is the folder of a pod: the other functions have folders of their own.
    """
    if not settings().artifacts and not settings().on_loopback:
        raise Misconfigured("PICKET_ARTIFACTS is not set: what one pod stores, the others cannot read")
    return store()


@context.kept
def store() -> ObjectStore:
    """Return the store that PICKET_ARTIFACTS names.

    Raises:
        Misconfigured: It is not a URL of an artifact store.
    """
    from obstore.exceptions import BaseError  # noqa: PLC0415
    from obstore.store import LocalStore, from_url  # noqa: PLC0415

    url = settings().artifacts
    try:
        if url:
            return from_url(url)
        return LocalStore(settings().data_dir.absolute() / "artifacts", mkdir=True)
    except OSError as error:
        reason = disk.reason(error) or type(error).__name__
        raise TransientError(f"the folder of PICKET_DATA_DIR takes no artifacts ({reason})") from error
    except (BaseError, ValueError) as error:
        if reason := disk.reason(error):
            raise Misconfigured(f"the folder that PICKET_ARTIFACTS names cannot be used ({reason})") from error
        raise Misconfigured(f"PICKET_ARTIFACTS is not a URL of an artifact store ({type(error).__name__})") from None

"""What a stack is given, checked before anything is started or said to be ready: a function would fail on it later."""

from __future__ import annotations

from urllib.parse import urlsplit

from nats.errors import NoRespondersError
from nats.js.errors import ServiceUnavailableError
from pymongo import MongoClient
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError

from picket.effects import artifacts, policy
from picket.errors import Misconfigured
from picket.settings import settings

_SECONDS = 5.0


def check(mongodb_uri: str) -> None:
    """Read the settings and the files that they name, and ask the store that is given for an answer.

    Args:
        mongodb_uri: The store; empty for one that the stack starts itself.

    Raises:
        Misconfigured: One cannot work; names it and the reason.
    """
    policy.policy()
    if settings().artifacts:
        artifacts.check()
    if settings().rules is not None:
        from picket.effects import ruleset  # noqa: PLC0415 - the shipped rules need no check, and this takes its time

        ruleset.current()
    if mongodb_uri:
        _ask(mongodb_uri)


def _ask(uri: str) -> None:
    """See that a store answers; errors leave out its address, which may hold a password."""
    milliseconds = int(_SECONDS * 1000)
    try:
        with MongoClient[dict[str, object]](
            uri, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds, socketTimeoutMS=milliseconds
        ) as client:
            # A store that asks for a password answers `ping` without one.
            client.admin.command("ping")
            client[settings().mongodb_database].command("listCollections", nameOnly=True)
    except (ConfigurationError, ValueError) as error:
        raise Misconfigured(f"--mongodb-uri: not an address of a store ({type(error).__name__})") from None
    except OperationFailure as error:
        code = (error.details or {}).get("codeName") or error.code
        raise Misconfigured(f"--mongodb-uri: the store refuses ({code})") from None
    except PyMongoError as error:
        raise Misconfigured(f"--mongodb-uri: no store answers there ({type(error).__name__})") from None


def no_nats(url: str, error: Exception) -> Misconfigured:
    """Return the error for a NATS server that is given and cannot be used; a password in *url* is left out."""
    try:
        host = urlsplit(url).netloc.rpartition("@")[2] or "there"
    except ValueError:
        host = "there"
    if isinstance(error, NoRespondersError | ServiceUnavailableError):
        return Misconfigured(f"--nats-url: the NATS server at {host} has no JetStream")
    if isinstance(error, TimeoutError):
        return Misconfigured(f"--nats-url: no NATS server answers at {host}, or it refuses the credentials")
    return Misconfigured(f"--nats-url: {host} cannot be used ({type(error).__name__})")

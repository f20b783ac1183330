"""Which token a repository or organization is asked for with: an entry of PICKET_GIT_TOKENS, or one of its account."""

from __future__ import annotations

from pydantic import SecretStr

from picket.settings import settings


def token_for(name: str) -> SecretStr | None:
    """Return the access token for a canonical name, `host/owner/name`: that of its longest part that has one.

    Raises:
        PicketError: As `credentials.of_account`.
    """
    entries, parts = settings().git_tokens, name.split("/")
    keys = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    host = parts[0].rpartition(":")[0]  # one that was registered without its port
    return next((token_at(key, name) for key in (*keys, host) if key in entries), None)


def token_at(reference: str, name: str) -> SecretStr | None:
    """Return the access token of an entry, for a canonical name or one's first parts; None if there is no such entry.

    Raises:
        PicketError: As `credentials.of_account`.
    """
    entry = settings().git_tokens.get(reference)
    if entry is None or isinstance(entry, SecretStr):
        return entry
    from picket.effects.forge import credentials  # noqa: PLC0415 - few have accounts, and git alone needs no client

    return credentials.of_account(f"PICKET_GIT_TOKENS: {reference}", entry, name)

"""`picket keys`: what a deployment keeps secret, with new random values."""

from __future__ import annotations

from typing import Annotated

import typer


def keys(
    ingest_uri: Annotated[
        str,
        typer.Option(
            "--mongodb-uri-ingest",
            envvar="MONGODB_URI_INGEST",
            help="The store as ingest's own user reaches it; none: as the others do.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Print the keys of the Secret that knative/base names, as lines of NAME=value; `make secrets` hands them on.

    The store's address is that of MONGODB_URI. Keep what is printed: with another PICKET_HASH_KEY every finding is a
    new one, and without PICKET_ENCRYPTION_KEY no webhook can be verified any more. PICKET_GIT_TOKENS and
    PICKET_OTLP_HEADERS are empty: put in what you have.
    """
    from base64 import urlsafe_b64encode  # noqa: PLC0415 - `picket --help` does without
    from secrets import token_bytes, token_hex, token_urlsafe  # noqa: PLC0415

    from picket.settings import settings  # noqa: PLC0415

    uri = settings().mongodb_uri.get_secret_value()
    made = {
        "MONGODB_URI": uri,
        "MONGODB_URI_INGEST": ingest_uri or uri,
        "PICKET_HASH_KEY": token_hex(32),
        "PICKET_ENCRYPTION_KEY": urlsafe_b64encode(token_bytes(32)).decode(),  # as Fernet's keys are
        "PICKET_API_TOKEN": token_urlsafe(32),
        "PICKET_METRICS_TOKEN": token_urlsafe(32),
        "PICKET_GIT_TOKENS": "{}",
        "PICKET_OTLP_HEADERS": "{}",
    }
    for name, value in made.items():
        print(f"{name}={value}")

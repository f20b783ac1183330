"""What a function process finds in its environment: as in a cluster, with this machine's addresses."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet

from picket.errors import Misconfigured
from picket.local.resources import Service, SinkBinding

_PASSED_ON = frozenset(
    {
        "HOME",
        "LANG",
        "LC_ALL",
        "PATH",
        "PYTHONPATH",
        "TMPDIR",
        "TZ",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    }
)
_PASSED_ON_PREFIXES = ("AWS_", "AZURE_", "GOOGLE_", "OTEL_", "PICKET_", "SSL_")
_UNBOUNDED_THREADS = 9
"""Threads of a function without containerConcurrency: what functions-framework takes on two cores, and one."""


def inherited() -> dict[str, str]:
    """Return the part of the stack's own environment that functions get."""
    return {key: value for key, value in os.environ.items() if key in _PASSED_ON or key.startswith(_PASSED_ON_PREFIXES)}


def keys(folder: Path) -> dict[str, str]:
    """Return the keys that the functions share: made once, and kept in *folder* for its owner's eyes only.

    Raises:
        Misconfigured: The file that keeps them holds something else; other keys would make every finding a new one.
    """
    file = folder / "keys.json"
    if not file.exists():
        made = {
            "PICKET_HASH_KEY": secrets.token_hex(32),
            "PICKET_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        }
        fresh = file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(made), encoding="utf-8")
        fresh.rename(file)  # whole or not at all: findings are worth nothing without the hash key
    try:
        return {name: str(value) for name, value in json.loads(file.read_text(encoding="utf-8")).items()}
    except (ValueError, AttributeError):
        raise Misconfigured(f"{file} does not hold the keys of this folder's findings") from None


def of_function(
    service: Service, shared: Mapping[str, str], bindings: list[SinkBinding], ingress_url: str
) -> dict[str, str]:
    """Return the environment of a process of *service*; *shared* is what all functions of the stack get."""
    env = {
        **service.env,
        **shared,
        "K_SERVICE": service.name,
        "K_CONFIGURATION": service.name,
        "K_REVISION": f"{service.name}-00001",
        "HOST": "127.0.0.1",
        "THREADS": str(service.concurrency + 1 if service.concurrency else _UNBOUNDED_THREADS),
        "CLOUD_RUN_TIMEOUT_SECONDS": "0",
        "PYTHONUNBUFFERED": "1",
    }
    for binding in bindings:
        if binding.covers(service):
            env["K_SINK"] = ingress_url + binding.sink.broker if binding.sink.broker else binding.sink.url
            env["K_CE_OVERRIDES"] = json.dumps({"extensions": binding.extensions})
    return env

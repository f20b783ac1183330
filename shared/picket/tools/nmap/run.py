"""How Nmap is run: connections to the most usual ports of one host, bounded in time."""

from __future__ import annotations

import re
from ipaddress import ip_address

from picket.tools.endings import failed_unless, incomplete_unless
from picket.tools.running import Material, Package, Running

_HOST = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\.?", re.IGNORECASE
)
"""A host name whose last label begins with a letter: Nmap takes `10.0.0.1-255` and `10.0.0.0/8` for many hosts."""
_SECONDS = 600


def _arguments(material: Material) -> tuple[str, ...]:
    """Return its arguments.

    Raises:
        ValueError: The target is no address and no host name: it could be an option, or a whole network.
    """
    target = material.asset
    version = _version(target)
    if not version and not _HOST.fullmatch(target):
        raise ValueError("the target is no address and no host name")
    bounds = ("--top-ports", "1000", "--max-retries", "2", "--host-timeout", f"{_SECONDS}s")
    return ("-oX", "-", "-Pn", "-sT", "-n", *bounds, *(("-6",) if version == 6 else ()), "--", target)  # noqa: PLR2004


def _version(target: str) -> int:
    """Return the version of an IP address; 0 if it is none, or has a zone."""
    try:
        return 0 if "%" in target else ip_address(target).version
    except ValueError:
        return 0


RUNNING = Running(
    program="nmap",
    accepts=frozenset({"host", "domain"}),
    arguments=_arguments,
    incomplete=incomplete_unless(0),
    failed=failed_unless(0),
    version=("--version",),
    licence="LicenseRef-NPSL",
    package=Package("debian", "nmap", "7.93+dfsg1-1"),
    is_active=True,
    memory=512 * 1024**2,
    seconds=_SECONDS + 60,
)

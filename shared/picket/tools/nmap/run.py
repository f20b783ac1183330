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
_NEWEST = 6
"""Version of the Internet Protocol that Nmap needs an option for."""


def _arguments(material: Material) -> tuple[str, ...]:
    """Return its arguments: the addresses that may be touched, since a name may lead elsewhere by now.

    Raises:
        ValueError: A target is no address and no host name: it could be an option, or a whole network.
    """
    targets = material.addresses or (material.asset,)
    if not all(map(_version, material.addresses)) or not (_version(targets[0]) or _HOST.fullmatch(targets[0])):
        raise ValueError("the target is no address and no host name")
    version = min(map(_version, targets))  # one run is of one version: of 4, where a host has both
    chosen = [target for target in targets if _version(target) == version]
    bounds = ("--top-ports", "1000", "--max-retries", "2", "--host-timeout", f"{_SECONDS}s")
    return ("-oX", "-", "-Pn", "-sT", "-n", *bounds, *(("-6",) if version == _NEWEST else ()), "--", *chosen)


def _version(target: str) -> int:
    """Return the version of an IP address; 0 if *target* is not one, or has a zone."""
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

"""Which targets active tools may touch: those that `PICKET_ALLOWED_TARGETS` admits, and nothing else."""

from __future__ import annotations

import socket
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from picket.errors import TransientError, Unsupported
from picket.settings import settings

_Address = IPv4Address | IPv6Address


def admitted(asset: str) -> tuple[str, ...]:
    """Return the addresses of a domain, host or URL, all of which may be touched.

    A name that is allowed must lead to public addresses, or to those that are allowed themselves: whoever owns the
    name does not decide which machine of the inner network is looked at.

    Raises:
        Unsupported: It, or an address that it leads to, is not allowed.
        TransientError: The name server does not answer.
    """
    host = (urlsplit(asset).hostname or "") if "://" in asset else asset
    if not host or host.startswith("-") or len(host) > _LONGEST_NAME:
        raise Unsupported("the target is not the name of a host")
    found = _addresses(host)
    for address in found:
        by_address = any(_is_in(address, each) for each in settings().allowed_targets)
        by_name = any(fnmatchcase(host.lower(), each.lower()) for each in settings().allowed_targets)
        if not by_address and not (by_name and address.is_global):
            raise Unsupported(f"PICKET_ALLOWED_TARGETS does not admit {host} at {address}")
    return tuple(map(str, found))


_LONGEST_NAME = 253


def _addresses(host: str) -> list[_Address]:
    try:
        return [ip_address(host.strip("[]"))]
    except ValueError:
        pass
    try:
        told = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise TransientError("the name server does not answer") from error
        raise Unsupported(f"{host} has no address") from error
    except UnicodeError as error:
        raise Unsupported("the target is not the name of a host") from error
    return sorted({ip_address(str(each[4][0]).partition("%")[0]) for each in told}, key=str)


def _is_in(address: _Address, allowed: str) -> bool:
    """Return whether an address is in a network; not if *allowed* is a name."""
    try:
        return address in ip_network(allowed, strict=False)
    except ValueError:
        return False

"""Where a host name leads: addresses are checked before git connects, and pinned so that it connects to those."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from picket.commits.repository import RepositoryAddress, parse_address
from picket.errors import Gone, TransientError, Unsupported
from picket.settings import settings


def admitted(text: str) -> RepositoryAddress:
    """Read a repository's address under this installation's rules.

    Raises:
        Malformed: It is no address.
        Unsupported: It is of a kind, or on a host, that is not admitted.
    """
    config = settings()
    return parse_address(text, local=config.allow_local_repositories, hosts=config.allowed_hosts)


def resolve(address: RepositoryAddress) -> list[str]:
    """Look up the host's addresses and refuse those that are not public.

    Returns:
        IP addresses to pin; empty for a folder of this machine.

    Raises:
        Gone: The host does not exist.
        TransientError: The name service did not answer.
        Unsupported: An address is private, loopback, link-local or otherwise not public, and that is not admitted.
    """
    if not address.host:
        return []
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise TransientError(f"host {address.host} cannot be looked up now") from error
        raise Gone(f"host {address.host} does not exist") from error
    except UnicodeError as error:
        raise Gone("host name is invalid") from error
    addresses = sorted({str(entry[4][0]) for entry in found})
    for text in addresses:
        if not _is_admitted(ipaddress.ip_address(text.split("%")[0])):
            raise Unsupported(f"host {address.host} has an address that is not public")
    return addresses


def scheme_of(host: str) -> str:
    """Return http for a forge on this machine where that is admitted, else https."""
    name = urlsplit(f"//{host}").hostname
    local = settings().allow_local_repositories and name in {"127.0.0.1", "localhost", "::1"}
    return "http" if local else "https"


_EMBEDDING = (
    (ipaddress.ip_network("64:ff9b::/96"), 0),  # RFC 6052, well-known prefix of NAT64
    (ipaddress.ip_network("64:ff9b:1::/48"), 0),  # RFC 8215, NAT64 within one network
    (ipaddress.ip_network("2002::/16"), 80),  # RFC 3056, 6to4
    (ipaddress.ip_network("::/96"), 0),  # RFC 4291, IPv4-compatible
)
"""IPv6 prefixes that lead to an IPv4 address, and how many bits stand behind it."""


def _is_admitted(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    config = settings()
    inner = _embedded(address)
    if inner is not None:
        return _is_admitted(inner)
    if address.is_loopback:
        return config.allow_local_repositories
    if address.is_global and not address.is_multicast:
        return True
    return config.allow_private_addresses and address.is_private and not address.is_link_local


def _embedded(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for and a router would go on to; None if it is its own."""
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback or address.is_unspecified:
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    shift = next((bits for network, bits in _EMBEDDING if address in network), None)
    return None if shift is None else ipaddress.IPv4Address(int(address) >> shift & 0xFFFFFFFF)

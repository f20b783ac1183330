"""From Nmap's XML to problems: open ports."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from xml.etree.ElementTree import Element

from picket.errors import Malformed
from picket.findings.model import LeftOut, Problem, Report
from picket.tools.reading import MAX_RESULTS, Unusable, clipped, omitted, report

_HIGHEST_PORT = 65_535
_PROTOCOLS = frozenset({"tcp", "udp", "sctp", "ip"})


def recognises(document: Any) -> bool:  # noqa: ANN401 - XML, or JSON that it is not
    """Return whether a document is Nmap's."""
    return isinstance(document, Element) and document.tag == "nmaprun"


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - XML; all formats are read alike
    """Read a document. A run that was ended early has no `finished` element that says success.

    Raises:
        Malformed: It is not what Nmap writes.
    """
    if not recognises(document):
        raise Malformed("not Nmap's XML at the top")
    hosts = list(islice(document.iterfind("host"), MAX_RESULTS))
    finished = document.find("runstats/finished")
    return report(
        islice(_open(hosts), MAX_RESULTS),
        lambda each: _problem(*each, is_only=len(hosts) == 1),
        left_out=list(islice(_unseen(hosts), MAX_RESULTS)),
        version=document.get("version", ""),
        succeeded=finished is not None and finished.get("exit") == "success",
    )


def _open(hosts: list[Element]) -> Iterator[tuple[str, tuple[Element, Element]]]:
    """Yield ports that are open, and where they stand."""
    for index, host in enumerate(hosts):
        for number, port in enumerate(host.iterfind("ports/port")):
            if _state(port) == "open":
                yield f"host[{index}].port[{number}]", (host, port)


def _unseen(hosts: list[Element]) -> Iterator[LeftOut]:
    """Yield what it could not tell: hosts that it gave up, and ports that may be open."""
    if not hosts:
        yield omitted("host", "no host was looked at")
    for index, host in enumerate(hosts):
        if host.get("timedout") == "true":
            yield omitted(f"host[{index}]", "Nmap gave the host up, since it took too long")
        for number, port in enumerate(host.iterfind("ports/port")):
            if _state(port) == "open|filtered":
                yield omitted(f"host[{index}].port[{number}]", "Nmap cannot tell whether the port is open")


def _state(port: Element) -> str:
    found = port.find("state")
    return "" if found is None else found.get("state", "")


def _problem(host: Element, port: Element, *, is_only: bool) -> Problem:
    """Make a problem of an open port.

    Raises:
        Unusable: It has no number, or no protocol that is known.
    """
    protocol, number = port.get("protocol", ""), port.get("portid", "")
    is_number = number.isascii() and number.isdecimal() and len(number) <= len(str(_HIGHEST_PORT))
    if protocol not in _PROTOCOLS or not is_number or int(number) > _HIGHEST_PORT:
        raise Unusable("that is no port")
    name = f"{protocol}/{int(number)}"
    address = host.find("address")
    told = "" if address is None else address.get("addr", "")
    service = port.find("service")
    said = (
        ""
        if service is None
        else " ".join(filter(None, (service.get(each) for each in ("name", "product", "version"))))
    )
    return Problem(
        kind="exposure",
        rule="open-port",
        title=clipped(f"{name} is open: {said}" if said else f"{name} is open"),
        severity="low",
        confidence=0.95,
        resource=name if is_only else clipped(f"{told} {name}"),
    )

"""Reads what reports are written in: JSON, JSON values one after another, XML, text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from picket.errors import Malformed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_BEGINNING = re.compile(r"(?:^|(?<=[}\]]))[ \t\r]*(?=[\[{])", re.MULTILINE)


def json_document(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """Read one JSON document.

    Raises:
        Malformed: It is none; says where.
    """
    written = text(body)
    try:
        document = json.loads(written, parse_constant=_refuse)
        if _SURROGATE.search(body):
            json.dumps(document, ensure_ascii=False).encode()  # half a character can be neither sent nor stored
    except json.JSONDecodeError as error:
        raise Malformed(f"the report is not JSON at line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise Malformed("the report is not JSON that can be read") from None
    return document


def json_values(body: bytes) -> list[Any]:
    """Read the JSON objects and lists of a stream, one a line or one after another.

    Lines between them that begin with neither, as a tool's log does, are passed over.

    Raises:
        Malformed: An object or list has no end, or is not JSON; says where.
    """
    written, found, end = text(body), [], 0
    decoder = json.JSONDecoder(parse_constant=_refuse)
    try:
        while beginning := _BEGINNING.search(written, end):
            value, end = decoder.raw_decode(written, beginning.end())
            found.append(value)
        if _SURROGATE.search(body):
            json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise Malformed(f"the report is not JSON at line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise Malformed("the report is not JSON that can be read") from None
    return found


def xml(body: bytes) -> Element:
    """Read an XML document; one that declares entities is refused.

    Raises:
        Malformed: It is none, or may be an attack; says where.
    """
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415 - only where a report is XML

    from defusedxml import DefusedXmlException  # noqa: PLC0415
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415

    try:
        found: Element = fromstring(body, forbid_dtd=False)
    except ParseError as error:
        line, column = error.position
        raise Malformed(f"the report is not XML at line {line}, column {column}") from None
    except (DefusedXmlException, ValueError, LookupError, RecursionError):
        raise Malformed("the report is XML that is not read here: it declares entities or an odd encoding") from None
    return found


def text(body: bytes) -> str:
    """Read text.

    Raises:
        Malformed: It is not UTF-8; says where.
    """
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"the report is not UTF-8 at byte {error.start}") from None


def _refuse(_constant: str) -> None:
    raise ValueError("JSON has no such number")

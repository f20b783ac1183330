"""Canonical names of what is looked at besides repositories: images, domains, hosts, URLs and namespaces."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from picket.errors import Malformed
from picket.events import AssetType

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_IMAGE = re.compile(
    r"(?P<name>[a-z0-9]+(?:[._:-][a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:/[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)?", re.ASCII)
_LONGEST = 2_048
DOCKER_HUB = "docker.io"


def canonical(asset_type: AssetType, value: str) -> tuple[str, str]:
    """Return an asset's canonical name, and the tag or digest that is meant of an image.

    An image's name has neither: it stays the same asset when its tags move. A URL has no query and no fragment, and
    its port where that is not its scheme's own.

    Args:
        asset_type: Any kind but a repository.
        value: As somebody names it.

    Raises:
        Malformed: It is no name of such an asset.
    """
    text = value.strip()
    if not text or len(text) > _LONGEST:
        raise Malformed(f"the {asset_type} has no name, or one that is too long")
    match asset_type:
        case "image":
            return _image(text)
        case "domain":
            return _domain(text), ""
        case "host":
            return _host(text), ""
        case "url":
            return _url(text), ""
        case "namespace" if _NAMESPACE.fullmatch(text):
            return text, ""
        case _:
            raise Malformed(f"that is no {asset_type}: {text[:100]}")


def identity(asset_type: AssetType, name: str) -> str:
    """Return the id of an asset that is no repository, by its canonical name."""
    return f"{asset_type}:{name}"


def _image(text: str) -> tuple[str, str]:
    found = _IMAGE.fullmatch(text)
    if found is None:
        raise Malformed(f"that is no image: {text[:100]}")
    name, tag = found["name"], found["tag"] or ""
    first, _, rest = name.partition("/")
    if rest and ("." in first or ":" in first or first == "localhost"):
        registry, path = first, rest
    elif ":" in first:
        raise Malformed(f"that is no image: {text[:100]}")
    else:
        registry, path = DOCKER_HUB, name if rest else f"library/{name}"
    return f"{registry}/{path}", found["digest"] or tag or "latest"


def _domain(text: str) -> str:
    try:
        plain = text.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        raise Malformed(f"that is no domain: {text[:100]}") from None
    if not _DOMAIN.fullmatch(plain):
        raise Malformed(f"that is no domain: {text[:100]}")
    return plain


def _host(text: str) -> str:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        return _domain(text)


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Malformed(f"that is no URL: {text[:100]}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise Malformed("a URL is of http or https, names a host and holds no credentials")
    host = _host(parts.hostname)
    host = f"[{host}]" if ":" in host else host
    own = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}{'' if port in {None, own} else f':{port}'}{parts.path or '/'}"

"""A repository as somebody names it: hostile input until it has passed here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from picket.errors import Malformed, Unsupported
from picket.forges import FORGES

_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22}
_CASELESS_HOSTS = frozenset({host for forge in FORGES.values() for host in forge.folding_hosts})
"""Hosts of forges that treat owner and name case-insensitively, so that one repository has one name."""
# RFC 952/1123 host names and bracketed IPv6; nothing that git or ssh could read as an option.
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])")
_SCP = re.compile(r"(?P<user>[A-Za-z0-9_][\w.-]*)@(?P<host>[A-Za-z0-9.-]+):(?P<path>[^/].*)")
_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+(?::\d+)?(?:/[^/\s]+){2,}")
_MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class RepositoryAddress:
    """Where a repository is.

    `name` is canonical `host/owner/name`, percent-encoded ASCII; `url` is what git fetches from; `host` and `port` are
    empty and 0 for a folder of this machine. `anonymous`: no token is to be sent there.
    """

    name: str
    url: str
    scheme: str
    host: str = ""
    port: int = 0
    anonymous: bool = False


def parse_address(text: str, *, local: bool = False, hosts: tuple[str, ...] = ()) -> RepositoryAddress:
    """Read a repository's URL, scp-like address, `host/owner/name` or, if *local*, folder.

    Args:
        text: What somebody sent.
        local: Admit folders, `file:` and plain `http:`.
        hosts: Hosts that are admitted; empty admits every host.

    Raises:
        Malformed: It is none of these, or carries what it must not: credentials, options, control characters.
        Unsupported: It is one, but of a kind that is not admitted.
    """
    if not text or len(text) > _MAX_LENGTH:
        raise Malformed("repository address is empty or too long")
    if any(ord(char) <= ord(" ") or ord(char) == 0x7F for char in text):  # noqa: PLR2004 - DEL
        raise Malformed("repository address holds blanks or control characters")
    if text.startswith("-"):
        raise Malformed("repository address looks like an option")
    if "::" in text.split("/", 1)[0] and not text.startswith("["):
        raise Unsupported("git remote helpers (name::address) are not admitted")
    if text.startswith(("/", "file:")):
        return _folder(text, local=local)
    address = _remote(text, local=local)
    if hosts and address.host not in hosts:
        raise Unsupported(f"host {address.host} is not in the allow-list")
    return address


def fold(name: str) -> str:
    """Return *name*, `host/owner…`, in the case that repositories of its host are named in."""
    host, slash, rest = name.partition("/")
    folded = f"{host.lower()}{slash}{rest}"
    return folded.lower() if host.lower() in _CASELESS_HOSTS else folded


def _folder(text: str, *, local: bool) -> RepositoryAddress:
    if not local:
        raise Unsupported("folders of this machine are not admitted here")
    path = unquote(text.removeprefix("file://")) if text.startswith("file:") else text
    if not path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise Malformed("a folder must be an absolute path without ..")
    location = quote(str(PurePosixPath(path)))
    return RepositoryAddress(name=f"local{location}", url=f"file://{location}", scheme="file")


def _remote(text: str, *, local: bool) -> RepositoryAddress:
    if "://" not in text:
        text = _with_scheme(text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Malformed("repository address is not a URL") from None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise Unsupported(f"scheme {scheme[:16]!r} is not admitted: https or ssh")
    if scheme == "http" and not local:
        raise Unsupported("plain http is not admitted: https or ssh")
    if parts.password is not None or (parts.username is not None and scheme != "ssh"):
        raise Malformed("credentials do not belong in a repository address")
    if parts.query or parts.fragment:
        raise Malformed("a repository address has no query and no fragment")
    if not _HOST.fullmatch(_bracketed(parts.hostname)):
        raise Malformed("repository address has no valid host")
    return _address(scheme, str(parts.hostname).lower(), port, parts.path, parts.username)


def _with_scheme(text: str) -> str:
    if scp := _SCP.fullmatch(text):
        return f"ssh://{scp['user']}@{scp['host']}/{scp['path']}"
    if _BARE.fullmatch(text):
        return f"https://{text}"
    raise Malformed("repository address is neither a URL nor host/owner/name")


def _address(scheme: str, host: str, port: int | None, raw_path: str, user: str | None) -> RepositoryAddress:
    if user and not re.fullmatch(r"[A-Za-z0-9_][\w.-]*", user):
        raise Malformed("repository address has an invalid user")
    path = unquote(raw_path).strip("/")
    segments = path.split("/")
    if not path or any(not part or part in {".", ".."} or part.startswith("-") for part in segments):
        raise Malformed("repository address has no valid path")
    if any(ord(char) < ord(" ") for char in path) or any(part != part.strip() for part in segments):
        raise Malformed("repository path holds control characters, or blanks at an end")
    custom = f":{port}" if port and port != _DEFAULT_PORTS[scheme] else ""
    location = f"{_bracketed(host)}{custom}"
    bare = path.removesuffix("/.git").removesuffix(".git")
    name = f"{location}/{quote(bare)}"
    return RepositoryAddress(
        name=fold(name),
        url=f"{scheme}://{user + '@' if user else ''}{location}/{quote(path)}",
        scheme=scheme,
        host=host,
        port=port or _DEFAULT_PORTS[scheme],
    )


def _bracketed(host: str | None) -> str:
    return f"[{host}]" if host and ":" in host else str(host or "")

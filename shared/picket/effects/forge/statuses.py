"""Setting the status of a commit at its forge."""

from __future__ import annotations

import time

from pydantic import SecretStr

from picket.commits.repository import RepositoryAddress
from picket.effects import exchange
from picket.effects.exchange import Limits, Outgoing
from picket.effects.git.address import resolve
from picket.errors import Misconfigured, TransientError, Unauthorized, Unsupported
from picket.forges import FORGES
from picket.forges.reporting import Commit, Status
from picket.settings import settings

_SECONDS = 15.0
_SIZE = 256 * 1024
_LATER = frozenset({408, 425, 429})


Access = tuple[str, SecretStr]
"""Name of a forge, and the token for it."""


def access(name: str) -> Access | None:
    """Return forge and token for a repository, `host/owner/name`, as PICKET_STATUSES has them; None if it has none.

    Raises:
        Misconfigured: It names no forge whose commits can be told of.
    """
    known, parts = settings().statuses, name.split("/")
    keys = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    found = next((known[key] for key in keys if key in known), None)
    if found is None:
        return None
    homes = {forge.home: each for each, forge in FORGES.items() if forge.home}
    forge = found["forge"].get_secret_value() if "forge" in found else homes.get(parts[0], "")
    if forge not in FORGES or not FORGES[forge].reports:
        able = ", ".join(sorted(each for each, one in FORGES.items() if one.reports))
        raise Misconfigured(f"PICKET_STATUSES: {parts[0]}: forge must be one of {able}")
    if "token" not in found:
        raise Misconfigured(f"PICKET_STATUSES: {parts[0]}: token is missing")
    return forge, found["token"]


def _is_limit(answer: exchange.Answer) -> bool:
    """Return whether a refusal is of one request too many: GitHub's have the status of missing rights."""
    told = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    return answer.status == 403 and (told or b"rate limit" in answer.body.lower())  # noqa: PLR2004 - HTTP's refusal


def send(forge: str, commit: Commit, status: Status, token: SecretStr) -> None:
    """Set a commit's status.

    Raises:
        Gone: The host does not exist.
        TransientError: The forge has a problem, does not answer, or asks to come again.
        Unauthorized: The token may not do this.
        Unsupported: The forge refuses it.
    """
    reporting = FORGES[forge].reporting
    request = reporting.request(commit, status, token.get_secret_value())
    if not all(value.isascii() and value.isprintable() for value in request.headers.values()):
        raise Misconfigured("PICKET_STATUSES: a token has characters that no header may hold")
    scheme, host, port = exchange.origin(request.url)
    addresses = resolve(RepositoryAddress(name="", url="", scheme=scheme, host=host, port=port))
    limits = Limits(time.monotonic() + _SECONDS, _SECONDS, _SIZE)
    headers = {"User-Agent": "picket", **request.headers}
    answer = exchange.send(Outgoing("POST", request.url, headers, request.body), addresses, limits)
    if 200 <= answer.status < 300 or reporting.is_done(answer.status, answer.body, status):  # noqa: PLR2004 - HTTP's successes
        return
    if answer.status in _LATER or answer.status >= 500 or _is_limit(answer):  # noqa: PLR2004
        raise TransientError(f"{host} answered {answer.status} to a commit's status")
    if answer.status in {401, 403, 404}:
        raise Unauthorized(
            f"{host} does not let the token of PICKET_STATUSES set this commit's status ({answer.status})"
        )
    raise Unsupported(f"{host} refuses a commit's status ({answer.status})")

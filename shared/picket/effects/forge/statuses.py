"""Setting the status of a commit at its forge."""

from __future__ import annotations

from pydantic import SecretStr, ValidationError

from picket.effects.forge import client, credentials, transport
from picket.effects.forge.client import Caller
from picket.errors import Misconfigured, Unauthorized
from picket.forges import FORGES
from picket.forges.accounts import GitHubApp
from picket.forges.status import Commit, Status
from picket.settings import settings

Access = tuple[str, SecretStr]
"""Name of a forge, and the token for it."""


def access(name: str) -> Access | None:
    """Return forge and token for a repository, `host/owner/name`, as PICKET_STATUSES has them; None if it has none.

    In place of `token`, `app_id` and `key_file` may name a GitHub App.

    Raises:
        Misconfigured: It names no forge whose commits can be told of.
        PicketError: As `credentials.of_account`.
    """
    found, parts = _entry(name), name.split("/")
    if found is None:
        return None
    homes = {forge.home: each for each, forge in FORGES.items() if forge.home}
    forge = found["forge"].get_secret_value() if "forge" in found else homes.get(parts[0], "")
    if forge not in FORGES or not FORGES[forge].reports:
        able = ", ".join(sorted(each for each, one in FORGES.items() if one.reports))
        raise Misconfigured(f"PICKET_STATUSES: {parts[0]}: forge must be one of {able}")
    if "token" in found:
        return forge, found["token"]
    if forge != "github" or not {"app_id", "key_file"} <= found.keys():
        raise Misconfigured(f"PICKET_STATUSES: {parts[0]}: token is missing")
    fields = {field: found[field].get_secret_value() for field in ("app_id", "key_file")}
    try:
        account = GitHubApp.model_validate({"type": "github-app", **fields})
    except ValidationError:
        raise Misconfigured(f"PICKET_STATUSES: {parts[0]}: app_id is not the id of a GitHub App") from None
    return forge, credentials.of_account(f"PICKET_STATUSES: {parts[0]}", account, name)


def uploads(name: str) -> bool:
    """Return whether findings of a repository's pull requests are handed to its forge's own page of findings."""
    found = _entry(name)
    return found is not None and "sarif" in found and found["sarif"].get_secret_value().lower() == "true"


def _entry(name: str) -> dict[str, SecretStr] | None:
    known, parts = settings().statuses, name.split("/")
    keys = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((known[key] for key in keys if key in known), None)


def send(forge: str, commit: Commit, status: Status, token: SecretStr) -> None:
    """Set a commit's status.

    Raises:
        Gone: The host does not exist.
        RateLimited: The forge asks to come again later, or has been told as much as it takes within the time.
        TransientError: The forge has a problem, or does not answer.
        Unauthorized: The token may not do this, or see it.
        Unsupported: The forge refuses it; Moved: the repository has another path by now.
    """
    reporting = FORGES[forge].reporting
    request = reporting.request(commit, status)
    host = transport.origin_of(request.url)[1]
    try:
        headers = {**reporting.headers(token.get_secret_value()), **request.headers}
        client.send(Caller(forge, token), "POST", request.url, headers, request.body)
    except (Unauthorized, client.Absent) as error:
        raise Unauthorized(f"{host} does not let the token of PICKET_STATUSES set this commit's status") from error
    except client.Refused as error:
        if not reporting.is_done(error.answer.status, error.answer.body, status):
            raise

"""Tokens that a forge gives to an account (see `forges.accounts`): asked for when they are needed.

They are kept in memory alone until shortly before they end. These few requests are not counted by what replicas share,
so that they can be made where there is no store, as by `picket scan`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, SecretStr, ValidationError

from picket.effects.exchange import Answer
from picket.effects.forge import client, minted
from picket.effects.forge.client import Caller
from picket.effects.forge.minted import Minted
from picket.effects.git.address import scheme_of
from picket.effects.telemetry import note
from picket.errors import Misconfigured, Unauthorized, Unsupported
from picket.forges import FORGES, limits
from picket.forges.accounts import Account, AzurePrincipal, BitbucketConsumer, GitHubApp, Granted, basic
from picket.forges.github.installations import Installation, InstallationToken
from picket.forges.github.listing import api

_MOST = 64 * 1024
"""Bytes of a secret's file."""
_SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/.default"
"""Azure DevOps itself. Source: the page named at `AzurePrincipal`."""
_SHORTEST = 120.0
_SECONDS = 10.0
M = TypeVar("M", bound=BaseModel)


class Suspended(Unauthorized):
    """The forge knows the account, and a person there has suspended it."""


def of_account(where: str, account: Account, name: str) -> SecretStr:
    """Return a token of an account.

    Args:
        where: Setting and entry that it stands in.
        account: Who asks.
        name: What it is for, `host/owner…`.

    Raises:
        Misconfigured: Its secret cannot be read or is not valid.
        TransientError: The forge has a problem, does not answer, or asks to come again.
        Unauthorized: The forge refuses it, or it is not installed there, or suspended.
        Unsupported: The answer is not what the forge answers.
    """
    host, _, rest = name.partition("/")
    owner = rest.partition("/")[0]
    match account:
        case GitHubApp():
            return minted.token(where, owner, lambda: _of_installation(where, account, host, owner))
        case BitbucketConsumer():
            return minted.token(where, "", lambda: _of_consumer(where, account, host))
        case AzurePrincipal():
            return minted.token(where, "", lambda: _of_principal(where, account))


def _of_installation(where: str, account: GitHubApp, host: str, owner: str) -> Minted:
    """Ask for a token of the App's installation for an organization or user."""
    try:
        from picket.forges.github import app as github  # noqa: PLC0415 - the command line does without its package
    except ModuleNotFoundError as error:
        raise Misconfigured(f"{where}: a GitHub App needs the package {error.name}, which is not installed") from None
    try:
        made = SecretStr(github.signed(account.app_id, _file(where, account.key_file), time.time()))
    except Misconfigured as error:
        raise Misconfigured(f"{where}: {error}") from None
    base, headers = api(scheme_of(host), host), FORGES["github"].listing.headers(made.get_secret_value())
    caller = Caller("github", made, counted=False, seconds=_SECONDS)
    try:
        found = _installation(caller, base, headers, owner)
        url = f"{base}/app/installations/{found.id}/access_tokens"
        answer = client.write(caller, "POST", url, headers, {})
    except client.Absent:
        raise Unauthorized(f"the GitHub App is not installed for {owner}") from None
    except Suspended:
        raise
    except Unauthorized:
        raise Unauthorized(f"{host} does not know the GitHub App by its id and key, or our clock is wrong") from None
    token = _read(InstallationToken, answer)
    if "contents" not in token.permissions:
        note("the GitHub App may not read what repositories hold", host=host, organization=owner)
    if found.repository_selection == "selected":
        note("the GitHub App is installed for selected repositories only", host=host, organization=owner)
    lives = token.expires_at.timestamp() - limits.clock_of(answer.headers, time.time())
    return Minted(token.token, f"app {account.app_id} installation {found.id}", max(lives, _SHORTEST))


def _installation(caller: Caller, base: str, headers: Mapping[str, str], owner: str) -> Installation:
    try:
        answer = client.get(caller, f"{base}/orgs/{owner}/installation", headers)
    except client.Absent:
        answer = client.get(caller, f"{base}/users/{owner}/installation", headers)
    found = _read(Installation, answer)
    if found.suspended_at:
        raise Suspended(f"the GitHub App is suspended for {owner}")
    return found


def _of_consumer(where: str, account: BitbucketConsumer, host: str) -> Minted:
    url = f"{scheme_of(host)}://{host}/site/oauth2/access_token"
    headers = {"Authorization": basic(f"{account.client_id}:{_secret(where, account.secret_file)}")}
    caller = Caller("bitbucket", counted=False, seconds=_SECONDS)
    return _granted(caller, f"consumer {account.client_id}", url, headers, {"grant_type": "client_credentials"})


def _of_principal(where: str, account: AzurePrincipal) -> Minted:
    scheme, _, host = account.authority.partition("://")
    if scheme != scheme_of(host):
        raise Misconfigured(f"{where}: authority must be https")
    asked = {"grant_type": "client_credentials", "client_id": account.client_id, "scope": _SCOPE}
    asked |= {"client_secret": _secret(where, account.secret_file)}
    caller = Caller("azure", counted=False, seconds=_SECONDS)
    url = f"{account.authority}/{account.tenant}/oauth2/v2.0/token"
    return _granted(caller, f"principal {account.client_id}", url, {}, asked)


def _granted(caller: Caller, identity: str, url: str, headers: Mapping[str, str], asked: Mapping[str, str]) -> Minted:
    """Ask an OAuth 2.0 server for a token by client credentials. Source: RFC 6749, 4.4."""
    sent = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", **headers}
    try:
        answer = client.send(caller, "POST", url, sent, urlencode(asked).encode())
    except (Unauthorized, client.Absent, client.Refused):
        raise Unauthorized(f"{url.split('/')[2]} refuses the account's id and secret") from None
    granted = _read(Granted, answer)
    return Minted(granted.access_token, identity, max(float(granted.expires_in), _SHORTEST))


def _read(kind: type[M], answer: Answer) -> M:
    try:
        return kind.model_validate_json(answer.body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise Unsupported(f"the forge's answer is no {kind.__name__}: {where}: {first['type']}") from None


def _secret(where: str, path: Path) -> str:
    text = _file(where, path).decode("utf-8", "replace").strip()
    if not text or not text.isascii() or not text.isprintable():
        raise Misconfigured(f"{where}: secret_file is empty or not printable ASCII")
    return text


def _file(where: str, path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(_MOST)
    except OSError as error:
        raise Misconfigured(f"{where}: its file cannot be read ({type(error).__name__})") from None

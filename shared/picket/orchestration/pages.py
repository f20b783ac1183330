"""A page of an organization's repositories: where it is asked for, with which token, as an organization or a user."""

from __future__ import annotations

from urllib.parse import quote

from pydantic import SecretStr

from picket.commits.repository import fold
from picket.effects.forge import listing
from picket.effects.forge.tokens import token_at, token_for
from picket.effects.git.address import scheme_of
from picket.effects.mongo.documents import Organization, OrganizationPage
from picket.errors import Unsupported
from picket.forges import FORGES
from picket.settings import settings

__all__ = ["check", "fetch", "scheme_of", "token_of"]


def fetch(organization: Organization, known: OrganizationPage | None, same: str) -> tuple[str, listing.Page | None]:
    """Fetch the page that a listing is at.

    What was listed as an organization is not looked for among users: if the token saw it no more, all would vanish.

    Args:
        organization: Whose page, and how far its listing is.
        known: What was kept of the page when it was last read.
        same: The filter for which that may stand.

    Returns:
        The page's URL, and the page; None if it is as it is known.

    Raises:
        PicketError: As `listing.fetch`.
    """
    forge, host, name = (organization[field] for field in ("forge", "host", "name"))
    token, urls = token_of(forge, host, name, organization["token_ref"]), iter([organization.get("cursor", "")])
    if not organization.get("cursor"):
        urls = listing.first_urls(forge, scheme_of(host), host, name, token)
    for url in urls:
        is_known = known is not None and known["url"] == url
        etag = known["etag"] if known and is_known and known["filter"] == same else ""
        try:
            return url, listing.fetch(forge, name, url, token, etag)
        except listing.Absent as error:
            absent = error
            if is_known:
                break
    raise absent


def check(host: str, reference: str) -> None:
    """Refuse the entry of the setting that holds tokens which an organization is not to be asked for with.

    Args:
        host: Host of its forge.
        reference: The entry; empty: the one for the longest part of host and name, if there is one.

    Raises:
        Unsupported: There is no such entry, or it is another host's: that one's token must not come here.
    """
    if not reference:
        return
    if reference.partition("/")[0].lower() not in {host, host.rpartition(":")[0]} - {""}:
        raise Unsupported("token_ref names the token of another host")
    if reference not in settings().git_tokens:
        raise Unsupported("token_ref names no entry of PICKET_GIT_TOKENS")


def token_of(forge: str, host: str, name: str, reference: str) -> SecretStr | None:
    """Return the access token for an organization; None without one.

    Args:
        forge: Name of its forge.
        host: Host of its forge.
        name: Its name.
        reference: As for `check`.

    Raises:
        PicketError: As `check` and `token_for`.
    """
    check(host, reference)
    if not reference:
        return token_for(fold(f"{host}/{FORGES[forge].listing.within}{quote(name)}"))
    return token_at(reference, fold(f"{host}/{quote(name)}"))

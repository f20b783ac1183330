"""What a forge says that a token lacks when it refuses a request.

Sources: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps (`X-OAuth-Scopes`),
https://docs.github.com/en/rest/overview/permissions-required-for-fine-grained-personal-access-tokens
(`X-Accepted-GitHub-Permissions`), https://docs.gitlab.com/api/rest/authentication/ (`insufficient_scope`); Gitea names
them in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMES = re.compile(r"[a-z0-9_:=,; -]{1,200}")
_GITEA = re.compile(rb"required scope\(s\)[^\[]{0,40}\[([a-z:, ]{1,200})\]")
_GITLAB = re.compile(rb'"insufficient_scope".{0,400}?"scope"\s*:\s*"([a-z_ ]{1,200})"', re.DOTALL)
_LOOKED_AT = 16 * 1024


def missing(headers: Mapping[str, str], body: bytes) -> str:
    """Return what a refusal wants, in words; empty where it does not say, or nothing that can be told on.

    Args:
        headers: Of the answer; names in lower case.
        body: Of the answer.
    """
    wanted = headers.get("x-accepted-oauth-scopes") or headers.get("x-accepted-github-permissions") or ""
    if not wanted:
        found = _GITEA.search(body[:_LOOKED_AT]) or _GITLAB.search(body[:_LOOKED_AT])
        wanted = found[1].decode() if found else ""
    if not _NAMES.fullmatch(wanted.lower()):
        return ""
    has = headers.get("x-oauth-scopes", "")
    told = f", the token has {has}" if has and _NAMES.fullmatch(has.lower()) else ""
    return f"it wants {wanted}{told}"

"""What tokens are sent as where a forge takes both tokens and accounts."""

from __future__ import annotations

import base64
from collections.abc import Mapping


def headers_of(token: str) -> Mapping[str, str]:
    """Return the headers of a request for JSON.

    A token of the form `user:password`, such as Atlassian's API tokens with the mail address of their account, is sent
    as Basic, any other as Bearer; "" is nobody's.

    Source: https://support.atlassian.com/bitbucket-cloud/docs/using-api-tokens/
    """
    if not token:
        return {"Accept": "application/json"}
    return {"Accept": "application/json", "Authorization": basic(token) if ":" in token else f"Bearer {token}"}


def basic(account: str) -> str:
    """Return the header's value for `user:password`. Source: RFC 7617."""
    return f"Basic {base64.b64encode(account.encode()).decode()}"

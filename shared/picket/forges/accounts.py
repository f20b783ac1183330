"""What a forge's tokens are sent as, and accounts that short-lived ones are asked for with.

An account's secret is in a file, which is read each time: it can be changed without a restart. None is in a setting.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

_JWT = re.compile(r"ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class GitHubApp(BaseModel):
    """A GitHub App: `app_id` is its id or client id, `key_file` holds its private key, PEM.

    Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
    """

    model_config = _STRICT

    type: Literal["github-app"]
    app_id: str = Field(pattern=r"^[A-Za-z0-9.]{1,64}$")
    key_file: Path


class BitbucketConsumer(BaseModel):
    """An OAuth consumer of a Bitbucket Cloud workspace, private, whose secret `secret_file` holds.

    Source: https://developer.atlassian.com/cloud/bitbucket/rest/intro/#authentication
    """

    model_config = _STRICT

    type: Literal["bitbucket-oauth"]
    client_id: str = Field(pattern=r"^[!-9;-~]{1,200}$")
    secret_file: Path


class AzurePrincipal(BaseModel):
    """A service principal of Microsoft Entra that is a user of the organization; `secret_file` holds its secret.

    Source: https://learn.microsoft.com/en-us/azure/devops/integrate/get-started/authentication/service-principal-managed-identity
    """

    model_config = _STRICT

    type: Literal["azure-service-principal"]
    tenant: str = Field(pattern=r"^[A-Za-z0-9.-]{1,255}$")
    client_id: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    secret_file: Path
    authority: str = Field(default="https://login.microsoftonline.com", pattern=r"^https?://[A-Za-z0-9.:-]{1,255}$")


Account = Annotated[GitHubApp | BitbucketConsumer | AzurePrincipal, Field(discriminator="type")]


class Granted(BaseModel):
    """A token as an OAuth 2.0 server grants it; `expires_in` is in seconds. Source: RFC 6749, 5.1."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    access_token: SecretStr = Field(min_length=1, max_length=16_384)
    expires_in: int = Field(ge=0, le=31_536_000)


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


def is_jwt(token: str) -> bool:
    """Return whether a token is a JWT, as those of Microsoft Entra are. Source: RFC 7519."""
    return _JWT.fullmatch(token) is not None

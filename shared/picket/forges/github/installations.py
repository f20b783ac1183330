"""What GitHub tells of an App's installations.

Source: https://docs.github.com/en/rest/apps/apps (get-an-organization-installation-for-the-authenticated-app,
create-an-installation-access-token-for-an-app)
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Installation(BaseModel):
    """An App's installation for an organization or user; `repository_selection` is `all` or `selected`."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int = Field(ge=0, lt=2**63)
    suspended_at: str | None = Field(default=None, max_length=64)
    repository_selection: str = Field(default="", max_length=20)


class InstallationToken(BaseModel):
    """A token of an installation; nothing is said of its length or shape."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    token: SecretStr = Field(min_length=1, max_length=16_384)
    expires_at: datetime
    permissions: dict[str, str] = Field(default={}, max_length=200)

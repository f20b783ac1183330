"""The settings that say which forges may be asked, by what right, and what they are told."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from picket.forges.accounts import Account


class ForgeSettings(BaseSettings):
    """Part of `settings.Settings`; each field's description is its row in README's table."""

    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="JSON list of forge hosts that may be fetched from; empty: any public host"
    )
    allow_local_repositories: bool = Field(
        default=False, description="Admit local paths, loopback addresses and plain http (one machine only)"
    )
    allow_private_addresses: bool = Field(default=False, description="Admit forges whose address is in a private range")
    git_tokens: dict[str, SecretStr | Account] = Field(
        default_factory=dict,
        description="JSON object of `host` or `host/owner` to access token, or to an account, for what is private",
    )
    statuses: dict[str, dict[str, SecretStr]] = Field(
        default_factory=dict,
        description="JSON object of `host` or `host/owner` to `forge` and `token` (or `app_id`, `key_file`) "
        "to set statuses of commits with",
    )
    status_repositories: tuple[str, ...] = Field(
        (), description="JSON list of repositories, or globs such as `github.com/acme/*`, whose pushes get a status"
    )
    web_url: str = Field("", pattern=r"^(https?://[^\s?#]+)?$", description="Base of the URLs of findings, for people")
    refs_minutes: float = Field(
        default=45.0,
        ge=0,
        description="How often the refs of each repository are compared with what is known of it; 0: never",
    )
    operators_channel: str = Field(
        "", max_length=100, description="Notice channel that is told of webhooks that cannot be kept; empty: none"
    )

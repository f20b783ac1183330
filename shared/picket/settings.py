"""Everything that can be set from outside, in one frozen object. Nothing else reads the environment."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, DirectoryPath, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SecretsSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError
from pydantic_settings.sources import PydanticBaseSettingsSource

from picket.channel.model import Delivery
from picket.context import context
from picket.errors import Misconfigured
from picket.findings.life import DUE_DAYS
from picket.forge_settings import ForgeSettings

_MOST_DUE_DAYS = 3_650
_SHORTEST_TOKEN = 20
"""Characters; fewer can be guessed."""


class Settings(ForgeSettings):
    """Settings of every function and of the CLI. Each field's description is its row in README's table."""

    model_config = SettingsConfigDict(
        env_prefix="PICKET_", frozen=True, hide_input_in_errors=True, populate_by_name=True, extra="ignore"
    )

    # Knative's own variables have no prefix.
    sink: str = Field(default="", validation_alias="K_SINK", description="Broker ingress that events are posted to")
    ce_overrides: str = Field(
        default="", validation_alias="K_CE_OVERRIDES", description="JSON whose `extensions` are set on every event"
    )
    service: str = Field(default="picket", validation_alias="K_SERVICE", description="Name of the running function")
    host: str = Field(
        default="0.0.0.0",  # noqa: S104 - a container listens on its pod's address
        validation_alias="HOST",
        description="Address the function listens on; the API is open without a token on loopback only",
    )

    mongodb_uri: SecretStr = Field(
        SecretStr("mongodb://127.0.0.1:27017"), validation_alias="MONGODB_URI", description="Where the store is"
    )
    mongodb_database: str = Field(default="picket", description="Database name in the store")
    mongodb_timeout_seconds: float = Field(
        default=3.0, gt=0, description="How long an operation waits for the store before the event is redelivered"
    )

    nats_url: SecretStr = Field(
        default=SecretStr(""),
        description="NATS of the Broker's channel, to compare its stream with the channel's template; empty: it is not",
    )
    stream: str = Field(default="", description="Name of that stream")
    channel: Path | None = Field(default=None, description="File with the channel's template, read for each comparison")
    consumers: dict[str, Delivery] = Field(
        default_factory=dict,
        description="JSON object of Trigger to `ack_wait` (seconds) and `max_deliver` of its consumer, to be compared",
    )

    channels: dict[str, dict[str, SecretStr]] = Field(
        default_factory=dict,
        description="JSON object of name to notice channel: `type` (`webhook`) and what that needs, `url` and `secret`",
    )

    data_dir: Path = Field(default=Path(".picket"), description="Folder of mirrors, caches and local artifacts")
    mirror_idle_days: float = Field(
        default=30.0, gt=0, description="After how many days without a use a mirror is deleted; it is fetched again"
    )
    mirrors_max_bytes: int = Field(
        default=0,
        ge=0,
        description="How much room mirrors may take; 0: as much as there is, but for a twentieth of their disk",
    )
    artifacts: str = Field(
        "", description="obstore URL (`s3://…`) for what scanners need and large events; in a cluster it must be set"
    )
    artifact_days: float = Field(
        default=7.0, gt=0, description="After how many days what only open scans and waiting events need is deleted"
    )
    retention_days: dict[str, Annotated[int, Field(ge=1, le=36_500)]] = Field(
        default_factory=dict,
        description="JSON object of collection to days, for what is to be kept for longer or shorter than otherwise",
    )
    rules: Path | None = Field(default=None, description="Detection rules in gitleaks' TOML; none: the shipped ones")
    policy: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("PICKET_POLICY", "PICKET_FEEDBACK_RULES"),
        description="The team's policy, added to the shipped one; `PICKET_FEEDBACK_RULES` is read as well",
    )
    due_days: dict[str, int] = Field(
        default_factory=dict,
        description="JSON object of severity to days until a finding is due; those it leaves out: 7, 30, 90 and 120",
    )
    reevaluations_per_minute: int = Field(
        default=6_000,
        ge=60,
        le=1_000_000,
        description="How many stored findings a minute a new policy is applied to",
    )

    hash_key: SecretStr = Field(
        default=SecretStr(""), description="Key of every HMAC kept in place of a secret; never change it"
    )
    encryption_key: SecretStr = Field(
        default=SecretStr(""),
        description="Fernet keys, separated by commas: the first encrypts webhook secrets, all of them decrypt",
    )
    api_token: SecretStr = Field(
        default=SecretStr(""),
        description="Bearer token that may do everything, to make the others with; of the CLI: the one that it sends",
    )
    secrets_dir: DirectoryPath | None = Field(
        default=None,
        description="Folder with a file for each variable that is not in the environment, such as a mounted Secret",
    )
    requests_per_minute: int = Field(
        default=600, ge=0, description="How many API requests a minute a replica answers to one token; 0: any number"
    )
    webhooks_per_minute: int = Field(
        default=20_000,  # four times the burst that is measured: GitHub does not send again what is refused
        ge=0,
        description="How many deliveries a minute a replica takes of one source; 0: any number",
    )
    public_url: str = Field(default="http://127.0.0.1:8080", description="Base of the URLs that `webhooks add` prints")

    verify_hosts: tuple[str, ...] = Field(
        (), description="JSON list of hosts, or globs, that leaked credentials may belong to and providers are asked at"
    )
    verify_proxy: SecretStr = Field(
        SecretStr(""), description="URL of an HTTP proxy through which providers are asked; empty: none"
    )
    verifications_per_minute: int = Field(
        60, ge=1, le=60, description="How many requests a minute one host of a provider gets, of all replicas"
    )
    tools: tuple[str, ...] = Field(
        (), description="JSON list of the third-party tools that are deployed; `picket up` finds those installed"
    )
    allowed_targets: tuple[str, ...] = Field(
        (), description="JSON list of host names, globs and CIDRs that active tools may touch; empty: nothing"
    )
    fetch_timeout_seconds: float = Field(default=240.0, gt=0, description="Longest time of one git fetch")
    max_repository_bytes: int = Field(
        default=10 * 1024**3, gt=0, description="A fetch is ended when the mirror's packs grow beyond this"
    )
    schedule_hours: float = Field(
        default=24.0,
        gt=0,
        description="How long after its last scheduled scan a repository without schedules of its own gets another",
    )
    rescans_per_hour: int = Field(
        default=60,
        ge=0,
        le=10_000,
        description="How many repositories an hour are scanned in full because the detection rules have changed",
    )
    max_blob_bytes: int = Field(
        default=32 * 1024 * 1024, gt=0, description="Blobs above this are listed as skipped, not scanned"
    )
    fetches_per_host: int = Field(
        default=8,
        gt=0,
        description="How many scans may fetch from a forge at a time; full ones half of it, pushes all but one",
    )
    batches_in_flight: int = Field(
        default=8, gt=0, description="How many batches of one full scan are with the scanners at a time"
    )
    lease_seconds: float = Field(default=10.0, gt=0, description="Time after which a dead worker's work is taken over")

    metrics: bool = Field(
        default=False, description="Count, and answer `GET /metrics` in Prometheus' format; asks for a token"
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="Bearer token that opens `GET /metrics` and nothing else"
    )
    otlp_endpoint: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Base URL of an OTLP/HTTP collector that gets traces and metrics; empty: none are made for it",
    )
    otlp_headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="JSON object of headers for the collector, such as its API key"
    )

    @property
    def hmac_key(self) -> bytes:
        """Key of every HMAC kept in place of a secret.

        Raises:
            Misconfigured: None is set; with an empty one, a reader of the store could try out secrets.
        """
        key = self.hash_key.get_secret_value().encode()
        if not key:
            raise Misconfigured("PICKET_HASH_KEY is not set: findings cannot be kept")
        return key

    @field_validator("due_days")
    @classmethod
    def _are_days(cls, days: dict[str, int]) -> dict[str, int]:
        if set(days) - set(DUE_DAYS) or not all(1 <= each <= _MOST_DUE_DAYS for each in days.values()):
            raise ValueError(f"severities ({', '.join(DUE_DAYS)}) to days from 1 to {_MOST_DUE_DAYS}")
        return days

    @field_validator("verify_proxy")
    @classmethod
    def _is_a_proxy(cls, proxy: SecretStr) -> SecretStr:
        if proxy.get_secret_value() and not re.fullmatch(r"http://[^\s/?#]+/?", proxy.get_secret_value()):
            raise ValueError("must be http://HOST:PORT, with user and password in front where it wants them")
        return proxy

    @property
    def due(self) -> Mapping[str, int]:
        """Days until a finding is due, by severity."""
        return {**DUE_DAYS, **self.due_days}

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the function."""
        return self.host in {"127.0.0.1", "::1", "localhost"}

    @property
    def weakening(self) -> list[str]:
        """Variables that are set to what weakens security."""
        return sorted(variable_of(name) for name, weakens in _WEAKENS.items() if weakens(getattr(self, name)))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what the environment does not say from the files of `secrets_dir`."""
        del dotenv_settings, file_secret_settings
        folder = env_settings().get("secrets_dir")
        if not folder or not Path(folder).is_dir():
            return init_settings, env_settings  # a wrong one is reported when its own field is checked
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, folder)


_WEAKENS: dict[str, Callable[[Any], bool]] = {
    "allow_local_repositories": bool,
    "allow_private_addresses": bool,
    "requests_per_minute": operator.not_,
    "webhooks_per_minute": operator.not_,
    "api_token": lambda token: 0 < len(token.get_secret_value()) < _SHORTEST_TOKEN,
}
"""Which values of which settings weaken security. No default does; what does is logged at start."""


@context.kept
def settings() -> Settings:
    """Return the settings, read once from the environment.

    Raises:
        Misconfigured: A variable does not fit; names it and says why, but not what it holds.
    """
    try:
        return Settings()
    except (ValidationError, SettingsError) as error:
        raise Misconfigured(_what_is_wrong(error)) from None


def _what_is_wrong(error: ValidationError | SettingsError) -> str:
    if isinstance(error, SettingsError):
        named = re.search(r'field "(\w+)"', str(error))
        what = "not JSON" if "parsing" in str(error) else "its file cannot be read"
        return f"{variable_of(named[1]) if named else 'a setting'}: {what}"
    return "; ".join(
        f"{variable_of(str(item['loc'][0]))}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False)
    )


def variable_of(name: str) -> str:
    """Return the environment variable that sets the field *name*."""
    field = Settings.model_fields.get(name)
    alias = field.validation_alias if field else None
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return str(alias) if alias else f"PICKET_{name.upper()}"

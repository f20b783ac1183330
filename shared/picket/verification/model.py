"""What is known of asking a provider whether a credential still works: one verifier for a kind of credential.

A verifier is data, `providers/*.toml`. In its templates `{secret}` stands for the credential, `{NAME}` for a part of it
(`parts`) or for something found near it (`pairs`), and `{host}` for the host of the provider's own or of its customer.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator, model_validator

Result = Literal["live", "dead", "unknown"]
Json = str | bool | int | float | None
Status = Annotated[int, Field(ge=100, le=599)]
_URL = re.compile(r"https://(?P<host>[a-z0-9.-]+|\{host\})(?::\d+)?(?:[/?].*)?")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Template(_Model):
    """A request. Its host is written out, or `{host}`; `form` and `json` are bodies, `basic` is user and password."""

    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE"] = "GET"
    url: str
    headers: dict[str, str] = {}
    basic: tuple[str, str] | None = None
    form: dict[str, str] | None = None
    json_: dict[str, object] | None = Field(default=None, alias="json")
    sign: Literal["", "aws-v4"] = ""

    @field_validator("url")
    @classmethod
    def _has_a_host(cls, url: str) -> str:
        if not _URL.fullmatch(url):
            raise ValueError("must begin with https:// and a host, written out or {host}")
        return url

    @property
    def host(self) -> str:
        """The host that is asked, or `{host}`."""
        found = _URL.fullmatch(self.url)
        return found["host"] if found else ""

    @property
    def port(self) -> int:
        """The port that is asked."""
        return urlsplit(self.url.replace("{host}", "host.invalid")).port or 443

    def texts(self) -> list[str]:
        """All texts of the request that may have something to be filled in."""
        texts = [self.url, *self.headers.values(), *(self.basic or ()), *(self.form or {}).values()]
        return [*texts, *_texts(self.json_)]


class Condition(_Model):
    """What an answer must be: all that is given. `json` maps dotted paths to values, `contains` is in the body."""

    status: Annotated[tuple[Status, ...], Field(min_length=1)]
    json_: dict[str, Json] = Field(default={}, alias="json")
    contains: str = ""


class Pair(_Model):
    """Something else that the request needs, such as an account's name: its first group, found near the secret."""

    regex: str

    @field_validator("regex")
    @classmethod
    def _has_at_most_one_group(cls, pattern: str) -> str:
        if _compiled(pattern).groups > 1:
            raise ValueError("has more than one group")
        return pattern


class Host(_Model):
    """Whose host is asked. `regex` finds it near the secret (first group); `default` is the provider's own, if any.

    That a host of the provider's own does not know a credential says nothing where the repository may mean another.
    """

    regex: str
    default: str = ""

    _sound = field_validator("regex")(lambda pattern: _compiled(pattern).pattern)


class Revocation(_Model):
    """How the credential itself can be made invalid, where the provider offers that; `done` are its answers to it."""

    source: HttpUrl
    request: Template
    done: Annotated[tuple[Condition, ...], Field(min_length=1)]


class Verifier(_Model):
    """How to ask a provider about the credentials that some rules find.

    `dead` is empty where no answer tells a credential that is revoked from one that is for something else. `owner` and
    `scopes` are where an answer tells whose it is and what it may do: a dotted path of its JSON, or `header:NAME`.
    `parts` is a pattern with named groups that the whole secret has.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    provider: str
    rules: Annotated[tuple[str, ...], Field(min_length=1)]
    source: HttpUrl
    note: str = ""
    request: Template
    live: Annotated[tuple[Condition, ...], Field(min_length=1)]
    dead: tuple[Condition, ...] = ()
    owner: str = ""
    scopes: str = ""
    parts: str = ""
    pairs: dict[str, Pair] = {}
    host: Host | None = None
    revoke: Revocation | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        known = {"secret", *self.pairs, *_compiled(self.parts).groupindex, *(["host"] if self.host else [])}
        for template in (self.request, *([self.revoke.request] if self.revoke else [])):
            for text in template.texts():
                if unknown := [name for name in fields_of(text) if name not in known]:
                    raise ValueError(f"{{{unknown[0]}}} is neither the secret, a part of it, a pair, nor the host")
        return self


def fields_of(text: str) -> list[str]:
    """Return the names between braces in *text*; doubled braces are braces."""
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list | tuple):
        return [text for each in value for text in _texts(each)]
    return []


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None

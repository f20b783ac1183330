"""GitHub's webhooks of organizations and repositories.

Source: https://docs.github.com/en/rest/repos/webhooks and https://docs.github.com/en/rest/orgs/webhooks
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from picket.forges.github.listing import api
from picket.forges.hooks import (
    Attempt,
    Hook,
    Managing,
    Place,
    Redelivery,
    Wanted,
    drift_of,
    of_repository,
    whole_or_one,
)
from picket.forges.listing import linked
from picket.forges.request import Request, with_json

_EVENTS = frozenset({"push", "pull_request", "repository", "public"})
_ALERTS = frozenset(
    {
        *("dependabot_alert", "code_scanning_alert", "repository_advisory"),
        *("secret_scanning_alert", "secret_scanning_alert_location"),
    }
)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Config(_Model):
    url: str = ""
    content_type: str = "form"
    insecure_ssl: str | int = "0"


class _Hook(_Model):
    id: int
    active: bool
    events: list[str]
    config: _Config

    def listed(self) -> Hook:
        wrong = {
            "it is switched off": not self.active,
            "its content type is not JSON": self.config.content_type != "json",
            "it does not check certificates": str(self.config.insecure_ssl) != "0",
        }
        return Hook(str(self.id), self.config.url, frozenset(self.events), drift_of(wrong))


class _Delivery(_Model):
    id: int
    guid: str = Field(max_length=200)
    delivered_at: str = Field(max_length=40)
    status_code: int = 0


_HOOKS, _DELIVERIES = TypeAdapter(list[_Hook]), TypeAdapter(list[_Delivery])


def _base(place: Place) -> str:
    kind = "orgs" if place.level == "organization" else "repos"
    return f"{api(place.scheme, place.host)}/{kind}/{quote(place.path)}/hooks"


def _config(wanted: Wanted) -> dict[str, str]:
    return {"url": wanted.url, "content_type": "json", "secret": wanted.secret, "insecure_ssl": "0"}


def _headers(token: str) -> Mapping[str, str]:
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    return headers | {"Authorization": f"Bearer {token}"}


def _create(place: Place, wanted: Wanted) -> Request:
    told = {"name": "web", "active": True, "events": sorted(wanted.events), "config": _config(wanted)}
    return with_json("POST", _base(place), told)


def _mend(place: Place, hook: Hook, wanted: Wanted) -> list[Request]:
    """Change URL and secret separately: in one request, whatever is left out would be removed."""
    where = f"{_base(place)}/{hook.id}"
    told = {"active": True, "events": sorted(wanted.events)}
    return [with_json("PATCH", f"{where}/config", _config(wanted)), with_json("PATCH", where, told)]


def _failed(body: bytes) -> list[Attempt]:
    found = _DELIVERIES.validate_json(body)
    return [Attempt(str(one.id), one.guid, one.delivered_at) for one in found if not 200 <= one.status_code < 300]  # noqa: PLR2004 - HTTP's successes


HOOKS = Managing(
    places=whole_or_one,
    place_of=of_repository,
    events={"organization": _EVENTS, "repository": _EVENTS},
    alerts=_ALERTS,
    rights={
        "organization": "admin:org_hook as an owner, or organization webhooks: write",
        "repository": "admin:repo_hook, or repository webhooks: write",
    },
    headers=_headers,
    list_url=lambda place: f"{_base(place)}?per_page=100",
    parse=lambda _place, body: [hook.listed() for hook in _HOOKS.validate_json(body)],
    next_url=linked,
    create=_create,
    created=lambda body: str(_Hook.model_validate_json(body).id),
    mend=_mend,
    remove=lambda place, hook: Request("DELETE", f"{_base(place)}/{hook}"),
    test=lambda place, hook: Request("POST", f"{_base(place)}/{hook}/pings"),
    tests_when_made=True,
    redelivery=Redelivery(
        failed_url=lambda place, hook: f"{_base(place)}/{hook}/deliveries?per_page=100&status=failure",
        parse=_failed,
        again=lambda place, hook, attempt: Request("POST", f"{_base(place)}/{hook}/deliveries/{attempt}/attempts"),
    ),
)

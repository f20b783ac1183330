"""Bitbucket Cloud's webhooks of workspaces and repositories.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/ and …/api-group-workspaces/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from picket.forges.accounts import headers_of
from picket.forges.hooks import Hook, Managing, Place, Wanted, drift_of, of_repository, whole_or_one
from picket.forges.request import Request, with_json

_EVENTS = frozenset({"repo:push", "repo:updated", "repo:deleted", "pullrequest:created", "pullrequest:updated"})
_EVENTS |= {"repo:transfer"}
_WORKSPACE_EVENTS = _EVENTS | {"repo:created"}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Hook(_Model):
    uuid: str = Field(max_length=100)
    url: str = ""
    active: bool
    events: list[str]
    skip_cert_verification: bool = False
    secret_set: bool = True

    def listed(self) -> Hook:
        wrong = {
            "it is switched off": not self.active,
            "it does not check certificates": self.skip_cert_verification,
            "it has no secret": not self.secret_set,
        }
        return Hook(self.uuid, self.url, frozenset(self.events), drift_of(wrong))


class _Page(_Model):
    values: list[_Hook]


def api(scheme: str, host: str) -> str:
    """Return where the API is: Bitbucket's own has a host for it."""
    return "https://api.bitbucket.org/2.0" if host == "bitbucket.org" else f"{scheme}://{host}/2.0"


def _base(place: Place) -> str:
    kind = "workspaces" if place.level == "organization" else "repositories"
    return f"{api(place.scheme, place.host)}/{kind}/{quote(place.path)}/hooks"


def _told(wanted: Wanted) -> dict[str, object]:
    told = {"description": "picket", "url": wanted.url, "secret": wanted.secret}
    return {**told, "active": True, "events": sorted(wanted.events), "skip_cert_verification": False}


def _next_url(_url: str, _headers: Mapping[str, str], body: bytes) -> str:
    following = json.loads(body).get("next")
    return following if isinstance(following, str) else ""


HOOKS = Managing(
    places=whole_or_one,
    place_of=of_repository,
    events={"organization": _WORKSPACE_EVENTS, "repository": _EVENTS},
    rights={
        "organization": "webhook, repository and pullrequest, as an administrator of the workspace",
        "repository": "webhook, repository and pullrequest, as an administrator of the repository",
    },
    headers=headers_of,
    list_url=lambda place: f"{_base(place)}?pagelen=100",
    parse=lambda _place, body: [hook.listed() for hook in _Page.model_validate_json(body).values],
    next_url=_next_url,
    create=lambda place, wanted: with_json("POST", _base(place), _told(wanted)),
    created=lambda body: _Hook.model_validate_json(body).uuid,
    mend=lambda place, hook, wanted: [with_json("PUT", f"{_base(place)}/{quote(hook.id)}", _told(wanted))],
    remove=lambda place, hook: Request("DELETE", f"{_base(place)}/{quote(hook)}"),
)

"""Bitbucket Data Center's webhooks of projects and repositories.

Source: https://developer.atlassian.com/server/bitbucket/rest/ (Project, Repository: Webhooks)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from picket.forges.hooks import Hook, Managing, Place, Wanted, drift_of
from picket.forges.request import Request, with_json

_EVENTS = frozenset({"repo:refs_changed", "repo:modified", "pr:opened", "pr:from_ref_updated"})
_ALERTS = frozenset({"repo:secret_detected"})


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Hook(_Model):
    id: int
    url: str = ""
    active: bool
    events: list[str]
    sslVerificationRequired: bool = True  # noqa: N815 - Bitbucket's name

    def listed(self) -> Hook:
        wrong = {
            "it is switched off": not self.active,
            "it does not check certificates": not self.sslVerificationRequired,
        }
        return Hook(str(self.id), self.url, frozenset(self.events), drift_of(wrong))


class _Page(_Model):
    values: list[_Hook]


def _places(scheme: str, host: str, name: str) -> tuple[Place, ...]:
    return (Place(scheme, host, "repository" if "/" in name else "project", name),)


def _place_of(scheme: str, host: str, path: str) -> Place:
    """Return the place of a repository whose clone URL is `/scm/PROJECT/NAME`."""
    return Place(scheme, host, "repository", path.removeprefix("scm/"))


def _base(place: Place) -> str:
    project, _, name = place.path.partition("/")
    within = f"/repos/{quote(name)}" if name else ""
    return f"{place.scheme}://{place.host}/rest/api/latest/projects/{quote(project)}{within}/webhooks"


def _told(wanted: Wanted) -> dict[str, object]:
    told = {"name": "picket", "url": wanted.url, "active": True, "events": sorted(wanted.events)}
    return {**told, "configuration": {"secret": wanted.secret}, "sslVerificationRequired": True}


def _next_url(url: str, _headers: Mapping[str, str], body: bytes) -> str:
    page = json.loads(body)
    start, (before, _, present) = page.get("nextPageStart"), url.rpartition("start=")
    follows = page.get("isLastPage") is False and isinstance(start, int) and start > int(present)
    return f"{before}start={start}" if follows else ""


HOOKS = Managing(
    places=_places,
    place_of=_place_of,
    events={"project": _EVENTS, "repository": _EVENTS},
    alerts=_ALERTS,
    rights={"project": "PROJECT_ADMIN", "repository": "REPO_ADMIN"},
    headers=lambda token: {"Accept": "application/json", "Authorization": f"Bearer {token}"},
    list_url=lambda place: f"{_base(place)}?limit=100&start=0",
    parse=lambda _place, body: [hook.listed() for hook in _Page.model_validate_json(body).values],
    next_url=_next_url,
    create=lambda place, wanted: with_json("POST", _base(place), _told(wanted)),
    created=lambda body: str(_Hook.model_validate_json(body).id),
    mend=lambda place, hook, wanted: [with_json("PUT", f"{_base(place)}/{hook.id}", _told(wanted))],
    remove=lambda place, hook: Request("DELETE", f"{_base(place)}/{hook}"),
    scope=lambda name: f"scm/{name}",
)

"""Gitea's webhooks of organizations and repositories, and Forgejo's.

Source: https://docs.gitea.com/api/ (orgListHooks, repoListHooks). A change cannot give a webhook another secret, and
takes away what it does not name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, TypeAdapter

from picket.forges.hooks import Hook, Managing, Place, Wanted, drift_of, of_repository, whole_or_one
from picket.forges.listing import linked
from picket.forges.request import Request, with_json

_EVENTS = frozenset({"push", "create", "delete", "pull_request", "pull_request_sync"})
_ORGANIZATION_EVENTS = _EVENTS | {"repository"}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Config(_Model):
    url: str = ""
    content_type: str = ""


class _Hook(_Model):
    id: int
    active: bool
    events: list[str]
    config: _Config
    branch_filter: str = ""

    def listed(self) -> Hook:
        wrong = {
            "it is switched off": not self.active,
            "its content type is not JSON": self.config.content_type != "json",
            "it is limited to some branches": self.branch_filter not in {"", "*"},
        }
        return Hook(str(self.id), self.config.url, frozenset(self.events), drift_of(wrong))


_HOOKS = TypeAdapter(list[_Hook])


def _base(place: Place) -> str:
    kind = "orgs" if place.level == "organization" else "repos"
    return f"{place.scheme}://{place.host}/api/v1/{kind}/{quote(place.path)}/hooks"


def _headers(token: str) -> Mapping[str, str]:
    return {"Accept": "application/json", "Authorization": f"token {token}"}


def managing(kind: Literal["gitea", "forgejo"]) -> Managing:
    """Return how webhooks are managed that deliver in the format of *kind*."""

    def told(wanted: Wanted, config: Mapping[str, str]) -> dict[str, object]:
        events = sorted(wanted.events)
        return {"active": True, "events": events, "branch_filter": "*", "config": {"content_type": "json", **config}}

    def create(place: Place, wanted: Wanted) -> Request:
        config = {"url": wanted.url, "secret": wanted.secret}
        return with_json("POST", _base(place), {"type": kind, **told(wanted, config)})

    def mend(place: Place, hook: Hook, wanted: Wanted) -> list[Request]:
        return [with_json("PATCH", f"{_base(place)}/{hook.id}", told(wanted, {"url": wanted.url}))]

    def test(place: Place, hook: str) -> Request | None:
        return Request("POST", f"{_base(place)}/{hook}/tests") if place.level == "repository" else None

    return Managing(
        places=whole_or_one,
        place_of=of_repository,
        events={"organization": _ORGANIZATION_EVENTS, "repository": _EVENTS},
        rights={
            "organization": "write:organization as an owner",
            "repository": "write:repository as an administrator of the repository",
        },
        headers=_headers,
        list_url=lambda place: f"{_base(place)}?limit=50&page=1",
        parse=lambda _place, body: [hook.listed() for hook in _HOOKS.validate_json(body)],
        next_url=linked,
        create=create,
        created=lambda body: str(_Hook.model_validate_json(body).id),
        mend=mend,
        remove=lambda place, hook: Request("DELETE", f"{_base(place)}/{hook}"),
        test=test,
        keeps_secret=True,
    )


HOOKS = managing("gitea")

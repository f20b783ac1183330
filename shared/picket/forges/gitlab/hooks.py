"""GitLab's webhooks of groups and projects.

Source: https://docs.gitlab.com/api/group_webhooks/ and https://docs.gitlab.com/api/project_webhooks/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, TypeAdapter

from picket.forges.hooks import Hook, Level, Managing, Place, Wanted, drift_of, of_repository
from picket.forges.request import Request, with_json

_EVENTS = frozenset({"push_events", "tag_push_events", "merge_requests_events"})
_BY_LEVEL: Mapping[Level, frozenset[str]] = {"organization": _EVENTS | {"project_events"}, "repository": _EVENTS}
_ALERTS = frozenset({"vulnerability_events"})
_SIGNING = "whsec_"
_PAGE = re.compile(r"[0-9]{1,6}")


class _Hook(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    id: int
    url: str = ""
    enable_ssl_verification: bool = True
    branch_filter_strategy: str | None = None
    push_events_branch_filter: str | None = None
    custom_webhook_template: str | None = None
    alert_status: str | None = None
    disabled_until: str | None = None

    def listed(self) -> Hook:
        filtered = self.push_events_branch_filter and self.branch_filter_strategy != "all_branches"
        wrong = {
            "it does not check certificates": not self.enable_ssl_verification,
            "it is limited to some branches": bool(filtered),
            "it has a template of its own": bool(self.custom_webhook_template),
        }
        extra: dict[str, Any] = self.model_extra or {}
        events = frozenset(name for name, value in extra.items() if name.endswith("_events") and value is True)
        broken = self.alert_status if self.alert_status not in {None, "executable"} else ""
        drift = drift_of(wrong)
        return Hook(str(self.id), self.url, events, drift, f"GitLab calls it {broken}" if broken else "")


_HOOKS = TypeAdapter(list[_Hook])


def _places(scheme: str, host: str, name: str) -> tuple[Place, ...]:
    """Return the group of that name, and the project: the name does not say which it is."""
    group = Place(scheme, host, "organization", name)
    return (group, of_repository(scheme, host, name)) if "/" in name else (group,)


def _base(place: Place) -> str:
    kind = "groups" if place.level == "organization" else "projects"
    return f"{place.scheme}://{place.host}/api/v4/{kind}/{quote(place.path, safe='')}/hooks"


def _headers(token: str) -> Mapping[str, str]:
    return {"Accept": "application/json", "PRIVATE-TOKEN": token}


def _told(place: Place, wanted: Wanted) -> dict[str, object]:
    known = _BY_LEVEL[place.level] | _ALERTS
    signing = {"signing_token": wanted.secret} if wanted.secret.startswith(_SIGNING) else {}
    return {
        "url": wanted.url,
        "token": wanted.secret,  # left out, a change of the URL would take it away
        **signing,
        **{event: event in wanted.events for event in sorted(known)},
        "enable_ssl_verification": True,
        "branch_filter_strategy": "all_branches",
        "push_events_branch_filter": "",
        "custom_webhook_template": "",
    }


def _next_url(url: str, headers: Mapping[str, str], _body: bytes) -> str:
    number = headers.get("x-next-page", "")
    before, _, present = url.rpartition("page=")
    follows = _PAGE.fullmatch(number) and int(number) > int(present)
    return f"{before}page={int(number)}" if follows else ""


HOOKS = Managing(
    places=_places,
    place_of=of_repository,
    events=_BY_LEVEL,
    alerts=_ALERTS,
    rights={
        "organization": "api as an owner of the group, in an edition that has webhooks of groups",
        "repository": "api as a maintainer of the project",
    },
    headers=_headers,
    list_url=lambda place: f"{_base(place)}?per_page=100&page=1",
    parse=lambda _place, body: [hook.listed() for hook in _HOOKS.validate_json(body)],
    next_url=_next_url,
    create=lambda place, wanted: with_json("POST", _base(place), _told(place, wanted)),
    created=lambda body: str(_Hook.model_validate_json(body).id),
    mend=lambda place, hook, wanted: [with_json("PUT", f"{_base(place)}/{hook.id}", _told(place, wanted))],
    remove=lambda place, hook: Request("DELETE", f"{_base(place)}/{hook}"),
    depth=20,
    test=lambda place, hook: Request("POST", f"{_base(place)}/{hook}/test/push_events"),
)

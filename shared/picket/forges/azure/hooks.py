"""Azure DevOps' service hooks: a subscription for each event of a project.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/hooks/subscriptions
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from picket.forges.azure.listing import LISTING
from picket.forges.hooks import Hook, Managing, Place, Wanted
from picket.forges.request import Request, with_json

_EVENTS = frozenset({"git.push", "git.pullrequest.created", "git.pullrequest.updated"})
_VERSION = "api-version=7.1"
_WANTED = {"resourceDetailsToSend": "all", "messagesToSend": "none", "detailedMessagesToSend": "none"}
_USER = "picket"
"""Name beside the secret, which is a password here: nothing is signed."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Subscription(_Model):
    id: str = Field(max_length=100)
    eventType: str = Field(max_length=200)  # noqa: N815 - Azure's names, here and below
    status: str = "enabled"
    publisherInputs: dict[str, Any] = Field(default_factory=dict)  # noqa: N815
    consumerInputs: dict[str, Any] = Field(default_factory=dict)  # noqa: N815

    def listed(self) -> Hook:
        narrow = [name for name in ("repository", "branch", "pushedBy") if self.publisherInputs.get(name)]
        thin = self.consumerInputs.get("resourceDetailsToSend") not in {None, "", "all"}
        drift = [*(f"it is limited by {name}" for name in narrow), *(["it sends no details"] if thin else [])]
        drift += ["it is switched off"] if self.status == "disabledByUser" else []
        broken = self.status not in {"enabled", "disabledByUser"}
        url = str(self.consumerInputs.get("url") or "")
        return Hook(self.id, url, frozenset({self.eventType}), tuple(drift), f"Azure: {self.status}" if broken else "")


class _Subscriptions(_Model):
    value: list[_Subscription]


class _Project(_Model):
    id: str = Field(pattern=r"^[0-9A-Fa-f-]{36}$")


def _organization(place: Place) -> str:
    return f"{place.scheme}://{place.host}/{quote(place.path.partition('/')[0])}"


def _base(place: Place) -> str:
    return f"{_organization(place)}/_apis/hooks/subscriptions"


def _places(scheme: str, host: str, name: str) -> tuple[Place, ...]:
    """Return the project; there is nothing for a whole organization."""
    return (Place(scheme, host, "project", name),) if "/" in name else ()


def _place_of(scheme: str, host: str, path: str) -> Place:
    """Return the project of a repository whose clone URL is `/ORGANIZATION/[PROJECT/]_git/NAME`."""
    organization, _, rest = path.partition("/")
    before, _, after = rest.partition("_git/")
    return Place(scheme, host, "project", f"{organization}/{before.strip('/') or after}")


def _told(place: Place, wanted: Wanted) -> dict[str, object]:
    access = {"url": wanted.url, "basicAuthUsername": _USER, "basicAuthPassword": wanted.secret}
    return {
        "publisherId": "tfs",
        "eventType": next(iter(wanted.events)),
        "resourceVersion": "1.0",
        "consumerId": "webHooks",
        "consumerActionId": "httpRequest",
        "publisherInputs": {"projectId": place.key},
        "consumerInputs": {**access, **_WANTED},
    }


def _parse(place: Place, body: bytes) -> list[Hook]:
    found = _Subscriptions.model_validate_json(body).value
    return [one.listed() for one in found if one.publisherInputs.get("projectId") == place.key]


def _mend(place: Place, hook: Hook, wanted: Wanted) -> list[Request]:
    return [with_json("PUT", f"{_base(place)}/{quote(hook.id)}?{_VERSION}", _told(place, wanted))]


def _test(place: Place, hook: str) -> Request:
    where = f"{_organization(place)}/_apis/hooks/testnotifications?{_VERSION}"
    return with_json("POST", where, {"subscriptionId": hook})


HOOKS = Managing(
    places=_places,
    place_of=_place_of,
    events={"project": _EVENTS},
    rights={"project": "Edit Subscriptions, as a project administrator has it"},
    headers=LISTING.headers,
    list_url=lambda place: f"{_base(place)}?publisherId=tfs&consumerId=webHooks&{_VERSION}",
    parse=_parse,
    next_url=lambda _url, _headers, _body: "",
    create=lambda place, wanted: with_json("POST", f"{_base(place)}?{_VERSION}", _told(place, wanted)),
    created=lambda body: _Subscription.model_validate_json(body).id,
    mend=_mend,
    remove=lambda place, hook: Request("DELETE", f"{_base(place)}/{quote(hook)}?{_VERSION}"),
    test=_test,
    one_event_each=True,
    scope=quote,
    key_url=lambda place: f"{_organization(place)}/_apis/projects/{quote(place.path.partition('/')[2])}?{_VERSION}",
    parse_key=lambda body: _Project.model_validate_json(body).id,
)

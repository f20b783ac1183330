"""Organizations, whose repositories are registered by their forge's own list."""

from __future__ import annotations

import re
import uuid
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, url_for
from pydantic import BaseModel, ConfigDict, Field, field_validator

from picket.api.bodies import read
from picket.api.paging import paged
from picket.api.schedules import ScheduleOrder
from picket.commits.repository import fold
from picket.commits.schedule import MAX_CRON_LENGTH, MAX_JITTER_SECONDS, Schedule, check
from picket.effects import broker
from picket.effects.git.address import admitted, scheme_of
from picket.effects.mongo import organizations as store
from picket.effects.mongo.client import Document, members
from picket.effects.mongo.documents import Fields, Organization
from picket.effects.mongo.schedules import fields_of, unmarked
from picket.errors import Gone, Malformed
from picket.events import Envelope
from picket.events.spelling import today
from picket.forges import FORGES
from picket.orchestration import organizations, pages

blueprint = Blueprint("organizations", __name__)
_ORDERED = ("forge", "host", "name", "token_ref", "include", "exclude", "schedule")
_TOLD = ("state", "reason", "listed", "kept", "refused", "vanished", "created_at", "requested_at", "listed_at")
_LISTING = sorted(name for name, forge in FORGES.items() if forge.lists)
NAME_HELP = (
    "Name of the organization or user; of a GitLab group its whole path, of Bitbucket Data Center a project's key or "
    "~user, of Azure DevOps organization or organization/project"
)
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?|\[::1\](?::[0-9]{1,5})?")
_MAX_GLOBS = 100


class SyncOrder(BaseModel):
    """When an organization is listed again."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    cron: str = Field(max_length=MAX_CRON_LENGTH)
    timezone: str = Field(default="UTC", max_length=100)
    jitter_seconds: int = Field(default=0, ge=0, le=MAX_JITTER_SECONDS)


class OrganizationOrder(BaseModel):
    """Whose repositories to register: those whose path below it one of `include` matches and none of `exclude`.

    `token_ref` names an entry of PICKET_GIT_TOKENS, never a token; empty: the one for the longest part of host/name.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    forge: str = Field(json_schema_extra={"enum": [*_LISTING]})
    host: str = Field(default="", max_length=260, description="The forge's public host need not be named")
    name: str = Field(max_length=1024, description=NAME_HELP)
    token_ref: str = Field(default="", max_length=300)
    include: list[str] = Field(default=[], max_length=_MAX_GLOBS)
    exclude: list[str] = Field(default=[], max_length=_MAX_GLOBS)
    archived: bool = Field(default=False, description="Register archived ones, too")
    forks: bool = Field(default=True, description="Register forks, too")
    schedule: SyncOrder | None = Field(default=None, description="When to list it again")
    repository_schedule: ScheduleOrder | None = Field(default=None, description="Schedule of its new repositories")

    @field_validator("forge")
    @classmethod
    def _lists(cls, forge: str) -> str:
        if forge not in FORGES or not FORGES[forge].lists:
            raise ValueError(f"one of {', '.join(_LISTING)}")
        return forge

    @field_validator("include", "exclude")
    @classmethod
    def _short(cls, globs: list[str]) -> list[str]:
        if not all(0 < len(glob) <= 200 for glob in globs):  # noqa: PLR2004 - longer than any path that is matched
            raise ValueError("a glob has 1 to 200 characters")
        return globs

    def organization(self) -> tuple[str, Fields]:
        """Return the organization's id, and what is wanted of it.

        Raises:
            Malformed: Host, name or a schedule is invalid.
            Unsupported: The host or the token is not admitted.
        """
        host = (self.host or FORGES[self.forge].home).lower()
        if not HOST.fullmatch(host) or not FORGES[self.forge].listing.named.fullmatch(self.name):
            raise Malformed("host and name do not fit the forge")
        path = quote(self.name)
        admitted(f"{scheme_of(host)}://{host}/{path}/any")
        pages.check(host, self.token_ref)
        wanted: Fields = {**self.model_dump(), "host": host}
        if self.schedule:
            check(Schedule("sync", **self.schedule.model_dump()))
        if self.repository_schedule:
            wanted["repository_schedule"] = fields_of(self.repository_schedule.schedule("organization"))
        return fold(f"{host}/{path}"), wanted


@blueprint.post("/organizations")
def add() -> Response:
    """Register an organization, or change what is wanted of it; its repositories are listed in the background."""
    organization_id, wanted = read(OrganizationOrder).organization()
    with broker.caused_by(_root()):
        return _accepted(organizations.register(organization_id, wanted))


@blueprint.get("/organizations")
def page() -> Response:
    """List organizations."""
    documents, cursor = paged(store.page)
    return jsonify({"organizations": [view(organization) for organization in documents], "next": cursor})


@blueprint.get("/organizations/<path:wanted>")
def show(wanted: str) -> Response:
    """Show an organization, and how far its listing has come."""
    return jsonify(view(_known(wanted)))


@blueprint.post("/organizations/<path:wanted>/sync")
def sync(wanted: str) -> Response:
    """List an organization's repositories again, unless that is under way."""
    with broker.caused_by(_root()):
        return _accepted(organizations.begin(_known(wanted)))


@blueprint.delete("/organizations/<path:wanted>")
def remove(wanted: str) -> Response:
    """Forget an organization; its repositories and their schedules stay."""
    organization = _known(wanted)
    store.remove(organization["_id"])
    return jsonify(view(organization))


def view(organization: Organization) -> Document:
    """Return an organization as the API shows it."""
    waits, schedule = organization["state"] == "Waiting", organization["repository_schedule"]
    return {
        "id": organization["_id"],
        **members(organization, _ORDERED),
        "repository_schedule": {**schedule, "kind": today(schedule["kind"])} if schedule else None,
        "archived": bool(organization["archived"]),
        "forks": bool(organization["forks"]),
        **members(organization, _TOLD),
        "pages": organization["page"],
        "resume_at": unmarked(organization["resume"]) if waits else None,
        "due_at": unmarked(organization["due"]) if "due" in organization else None,
    }


def _accepted(organization: Organization) -> Response:
    answer = jsonify(view(organization))
    answer.status_code = 202
    answer.headers["Location"] = url_for("organizations.show", wanted=organization["_id"])
    return answer


def _known(wanted: str) -> Organization:
    organization = store.find(fold(wanted)) or store.find(fold(quote(wanted)))  # a project's name may hold blanks
    if organization is None:
        raise Gone("no such organization")
    return organization


def _root() -> Envelope:
    return Envelope(id=uuid.uuid4().hex, type="request", source="/picket/api")

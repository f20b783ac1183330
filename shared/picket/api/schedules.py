"""Schedules of repositories."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from picket.api import repositories
from picket.api.bodies import read
from picket.commits.schedule import MAX_CRON_LENGTH, MAX_JITTER_SECONDS, Schedule, check, next_time
from picket.effects.mongo import schedules as store
from picket.effects.mongo.client import Document
from picket.effects.mongo.documents import Repository
from picket.errors import Gone, Malformed
from picket.events import RegularKind
from picket.settings import settings

blueprint = Blueprint("schedules", __name__)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class ScheduleOrder(BaseModel):
    """When to look at a repository: cron in a time zone, and up to the jitter later, each repository at its own place.

    `kind` is that of the scans it asks for; with `pull_requests` they look at the refs of pull requests, too.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    cron: str = Field(max_length=MAX_CRON_LENGTH)
    timezone: str = Field(default="UTC", max_length=100)
    jitter_seconds: int = Field(default=0, ge=0, le=MAX_JITTER_SECONDS)
    kind: RegularKind = "scheduled"
    pull_requests: bool = False
    enabled: bool = True

    def schedule(self, name: str) -> Schedule:
        """Return the schedule under *name*.

        Raises:
            Malformed: It is invalid.
        """
        found = Schedule(name, **self.model_dump())
        check(found)
        return found


@blueprint.get("/repositories/<path:wanted>/schedules")
def page(wanted: str) -> Response:
    """List the schedules of a repository; without any, that of all is in force."""
    repository = _repository(wanted)
    if repository is None:  # one whose own name ends so
        return repositories.show(f"{wanted}/schedules")
    found = store.of(repository)
    return jsonify(
        {
            "schedules": [view(schedule, repository) for schedule in found],
            "default": None if found else {"every_hours": settings().schedule_hours},
            "due_at": store.due_at(repository, settings().schedule_hours),
        }
    )


@blueprint.get("/repositories/<path:wanted>/schedules/<name>")
def show(wanted: str, name: str) -> Response:
    """Show one schedule of a repository."""
    repository = _repository(wanted)
    if repository is None:
        return repositories.show(f"{wanted}/schedules/{name}")
    schedule = next((one for one in store.of(repository) if one.name == name), None)
    if schedule is None:
        raise Gone("no such schedule")
    return jsonify(view(schedule, repository))


@blueprint.put("/repositories/<path:wanted>/schedules/<name>")
def put(wanted: str, name: str) -> Response:
    """Give a repository a schedule, in place of one of the same name."""
    if not _NAME.fullmatch(name):
        raise Malformed("a schedule is named by lower-case letters, digits and dashes, at most 63")
    schedule = read(ScheduleOrder).schedule(name)
    repository = store.put(repositories.known(wanted)["_id"], schedule)
    if repository is None:
        raise Gone("no such repository")
    return jsonify(view(schedule, repository))


@blueprint.delete("/repositories/<path:wanted>/schedules/<name>")
def remove(wanted: str, name: str) -> Response:
    """Take a schedule away; without any the repository follows that of all again."""
    repository = store.remove(repositories.known(wanted)["_id"], name)
    if repository is None:
        raise Gone("no such schedule")
    return page(wanted)


def view(schedule: Schedule, repository: Repository) -> Document:
    """Return a schedule as the API shows it."""
    idle = not schedule.enabled or store.rests(repository)
    moment = None if idle else next_time(schedule, repository["_id"], datetime.now(UTC))
    return {**asdict(schedule), "next_at": moment.isoformat().replace("+00:00", "Z") if moment else None}


def _repository(wanted: str) -> Repository | None:
    try:
        return repositories.known(wanted)
    except Gone:
        return None

"""When each repository is due: fields of its document whose indexes give those to be looked at, and no others.

`due` is when the next of a repository's own schedules comes, or a first look; `waits_since` is there instead while it
follows the schedule of all. `evidence` is the ruleset of its last full look and when that was; `rescan_asked` when
another was asked for because of a new ruleset. A repository that rests has none of them.

The one-machine store takes text that begins like a date for one, compares it by the second and uses no index. Times
that are looked up therefore begin with a word.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from picket.commits.schedule import Schedule, next_time
from picket.effects.mongo.client import Document, collection
from picket.effects.mongo.documents import Repository, ScheduleFields
from picket.errors import Busy, Malformed
from picket.events import ago, now
from picket.events.spelling import former, today

MOST_SCHEDULES = 20
"""Of one repository."""
_TRIES = 5
_MOST_RULESETS = 100
"""Former rulesets that are told apart when the oldest evidence is looked for."""
MARK = "at "
"""What a time that is looked up begins with."""


def first(*, at_once: bool) -> Document:
    """Return the fields of a new repository: it follows the schedule of all, or is due at once."""
    return {"due" if at_once else "waits_since": f"{MARK}{now()}"}


def evidence(ruleset: str, at: str) -> Document:
    """Return the fields that tell of a full look for *ruleset* at that time (RFC 3339)."""
    return {"evidence": f"{ruleset}|{at}"}


def due_at(repository: Repository, hours: float) -> str | None:
    """Return when a repository is due next (RFC 3339); None if never. *hours* is the schedule of all."""
    if rests(repository):
        return None
    if "due" in repository:
        return unmarked(repository["due"])
    if "waits_since" not in repository:
        return None
    return text_of(datetime.fromisoformat(unmarked(repository["waits_since"])) + timedelta(hours=hours))


def rests(repository: Repository) -> bool:
    """Return whether a repository is left out: it is archived, deleted, or its forge lists it no more."""
    return any(repository.get(name) for name in ("archived", "deleted", "vanished_at"))


def due(hours: float, limit: int) -> list[Repository]:
    """Return up to *limit* repositories that are due, those with schedules of their own first, the longest due first.

    Args:
        hours: The schedule of those that have none of their own.
        limit: At most so many.
    """
    found = list(
        collection("repositories", Repository).find({"due": {"$lt": MARK + now()}}).sort("due", 1).limit(limit)
    )
    if len(found) < limit:
        before = {"$lt": MARK + ago(timedelta(hours=hours))}
        waiting = collection("repositories", Repository).find({"waits_since": before}).sort("waits_since", 1)
        found += list(waiting.limit(limit - len(found)))
    return found


def slot(repository: Repository) -> str:
    """Return what a repository is due for: the same until it is claimed."""
    return str(repository.get("due") or repository["waits_since"])


def of(repository: Repository) -> list[Schedule]:
    """Return the schedules of a repository, by name."""
    return [named(fields["name"], fields) for fields in repository.get("schedules", ())]


def named(name: str, fields: ScheduleFields) -> Schedule:
    """Return a stored schedule under *name*."""
    return Schedule(
        name=name,
        cron=fields["cron"],
        timezone=fields["timezone"],
        jitter_seconds=fields["jitter_seconds"],
        kind="full" if today(fields["kind"]) == "full" else "scheduled",
        pull_requests=bool(fields["pull_requests"]),
        enabled=bool(fields["enabled"]),
    )


def fields_of(schedule: Schedule) -> Document:
    """Return a schedule as it is stored, but for its name."""
    told = {name: value for name, value in asdict(schedule).items() if name != "name"}
    return told | {"kind": former(schedule.kind)}


def wanted(repository: Repository, at: datetime) -> dict[str, bool]:
    """Return what a repository that is due by *at* is due for: kinds of scans, and whether with pull requests."""
    since = datetime.fromisoformat(unmarked(slot(repository))) - timedelta(microseconds=1)
    kinds: dict[str, bool] = {}
    for schedule in of(repository):
        if (moment := _next(schedule, repository, since)) and moment <= at:
            kinds[schedule.kind] = kinds.get(schedule.kind, False) or schedule.pull_requests
    return kinds or {"scheduled": any(schedule.pull_requests for schedule in of(repository))}


def claim(repository: Repository, at: datetime) -> bool:
    """Move a repository that is due on to its next time after *at*; False if somebody else did, or it changed."""
    which: Document = {"_id": repository["_id"]}
    which |= {"due": repository["due"]} if "due" in repository else {"waits_since": repository["waits_since"]}
    result = collection("repositories").update_one(which, _change(repository, of(repository), at))
    return result.modified_count == 1


def put_off(repository: Repository) -> None:
    """Let a repository that could not be asked for be due an hour later, so that others are not behind it."""
    later = MARK + ago(-timedelta(hours=1))
    for field in ("due", "waits_since"):
        if field in repository:
            collection("repositories").update_one(
                {"_id": repository["_id"], field: repository[field]}, {"$set": {field: later}}
            )


def resume(repository: Repository) -> None:
    """Let a repository that was left out be looked at again."""
    if rests(repository):
        return
    change: Document = {}
    if "due" not in repository and "waits_since" not in repository:
        change = _change(repository, of(repository), datetime.now(UTC)).get("$set", {})
    if "evidence" not in repository and "history_ruleset" in repository:
        change |= evidence(repository["history_ruleset"], repository["history_scanned_at"])
    if change:
        collection("repositories").update_one({"_id": repository["_id"]}, {"$set": change})


def put(repository_id: str, schedule: Schedule) -> Repository | None:
    """Give a repository a schedule, in place of one of the same name; None if there is no such repository.

    Raises:
        Busy: Others kept changing its schedules.
        Malformed: It has too many.
    """
    return _rewrite(repository_id, schedule.name, [schedule])


def remove(repository_id: str, name: str) -> Repository | None:
    """Take a schedule away; without any the repository follows that of all again. None if it does not exist.

    Raises:
        Busy: Others kept changing its schedules.
    """
    repository = collection("repositories", Repository).find_one({"_id": repository_id})
    if repository is None or name not in {schedule.name for schedule in of(repository)}:
        return None
    return _rewrite(repository_id, name, [])


def stale(ruleset: str, limit: int) -> list[Repository]:
    """Return repositories whose evidence is for another ruleset, oldest first, by leaps over rulesets."""
    found: list[Repository] = []
    names, at = collection("repositories", Repository), ""
    for _ in range(_MOST_RULESETS):
        head = names.find_one({"evidence": {"$gt": at}}, {"evidence": 1}, sort=[("evidence", 1)])
        if head is None:
            break
        former = head["evidence"].partition("|")[0]
        at = f"{former}}}"
        if former != ruleset:
            found += names.find({"evidence": {"$gt": f"{former}|", "$lt": at}}).sort("evidence", 1).limit(limit)
    return sorted(found, key=lambda repository: str(repository["evidence"].partition("|")[2]))[:limit]


def rescans_since(span: timedelta, limit: int) -> int:
    """Count the repositories that a rescan was asked for within *span*, up to *limit*."""
    recent = {"rescan_asked": {"$gt": MARK + ago(span)}}
    return len(list(collection("repositories", Repository).find(recent, {"_id": 1}).limit(limit)))


def claim_rescan(repository: Repository, ruleset: str) -> bool:
    """Note that a rescan for *ruleset* is asked for; False if somebody else did.

    Asked for counts as done: where it fails, the next scan by schedule looks at what is not scanned for the ruleset.
    """
    at = now()
    fields = {"rescan_asked": MARK + at, **evidence(ruleset, at)}
    return _claim_evidence(repository, {"$set": fields})


def leave_out(repository: Repository) -> None:
    """Take a repository that rests out of those to be scanned again for a new ruleset."""
    _claim_evidence(repository, {"$unset": {"evidence": ""}})


def _claim_evidence(repository: Repository, change: Document) -> bool:
    which = {"_id": repository["_id"], "evidence": repository["evidence"]}
    return collection("repositories").update_one(which, change).modified_count == 1


def _rewrite(repository_id: str, name: str, fresh: list[Schedule]) -> Repository | None:
    for _ in range(_TRIES):
        repository = collection("repositories", Repository).find_one({"_id": repository_id})
        if repository is None:
            return None
        kept = sorted(
            [schedule for schedule in of(repository) if schedule.name != name] + fresh,
            key=lambda schedule: schedule.name,
        )
        if len(kept) > MOST_SCHEDULES:
            raise Malformed(f"a repository has at most {MOST_SCHEDULES} schedules")
        revision = repository.get("schedules_revision", 0)
        change = _change(repository, kept, datetime.now(UTC))
        if "$set" in change and repository.get("due", "~") < MARK + now():
            change = {}  # a first look, or one that is late, is not put off
        fields = {
            "schedules": [{"name": one.name, **fields_of(one)} for one in kept],
            "schedules_revision": revision + 1,
        }
        change["$set"] = {**change.get("$set", {}), **fields}
        same = {"schedules_revision": revision or {"$exists": False}}
        done = collection("repositories").update_one({"_id": repository_id, **same}, change)
        if done.modified_count == 1:
            return collection("repositories", Repository).find_one({"_id": repository_id})
    raise Busy(f"the schedules of {repository_id} are being changed by others")


def _change(repository: Repository, schedules: list[Schedule], at: datetime) -> Document:
    """Return the update that lets a repository be due by *schedules* after *at*, by that of all where it has none."""
    if rests(repository):
        return {"$unset": {"due": "", "waits_since": ""}}
    if not schedules:
        return {"$set": {"waits_since": MARK + text_of(at)}, "$unset": {"due": ""}}
    moments = [moment for schedule in schedules if (moment := _next(schedule, repository, at))]
    if not moments:
        return {"$unset": {"due": "", "waits_since": ""}}
    return {"$set": {"due": MARK + text_of(min(moments))}, "$unset": {"waits_since": ""}}


def _next(schedule: Schedule, repository: Repository, after: datetime) -> datetime | None:
    """Return when a schedule comes next; never if it is switched off, or its time zone is not known here any more."""
    if not schedule.enabled:
        return None
    try:
        return next_time(schedule, repository["_id"], after)
    except Malformed:
        return None


def text_of(moment: datetime) -> str:
    """Return *moment* as RFC 3339 text in UTC, in the form of `events.now`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def unmarked(marked: str) -> str:
    """Return a time that is looked up as the time alone."""
    return marked.removeprefix(MARK)

"""Registering the repositories of an organization, as its forge lists them: a page an event.

Each page is registered whole before the listing moves on to the next, by compare-and-set under a lease. What dies half
way is done again, and changes nothing the second time; what stands still, waits for a rate limit or is due again, the
tick goes on with.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from picket.commits.schedule import Schedule, next_time
from picket.effects import broker
from picket.effects.forge import listing
from picket.effects.git.address import admitted
from picket.effects.mongo import leases, repositories, schedules
from picket.effects.mongo import organizations as store
from picket.effects.mongo.client import members
from picket.effects.mongo.documents import Fields, Organization, OrganizationPage
from picket.effects.telemetry import note
from picket.errors import Exhausted, PermanentError, TransientError, Unsupported
from picket.events import OrganizationRequested, now
from picket.forges.listing import Listed
from picket.orchestration import duties, pages, places
from picket.settings import settings

MAX_PAGES = 2_000
_AT_ONCE = 100
_PATIENCE = timedelta(minutes=10)
"""Longer than an event is retried."""
_FIRST_DELAY, _LONGEST_DELAY = timedelta(minutes=1), timedelta(hours=1)
MAX_FAILURES = 30
_SCHEDULE = "organization"
"""Name of the schedule that new repositories get."""


def request(organization: Organization) -> None:
    """Ask for the page that a listing is at."""
    event = OrganizationRequested(
        organization=organization["_id"], sync=organization["sync"], page=organization["page"]
    )
    broker.emit(event)


def register(organization_id: str, wanted: Fields) -> Organization:
    """Record an organization, begin a listing, and ask for its first page."""
    begun = store.register(organization_id, wanted, _PATIENCE)
    request(begun)
    return begun


def begin(organization: Organization) -> Organization:
    """Begin a listing, unless one is under way."""
    begun = None if organization["state"] not in store.FINAL else store.begin(organization, _PATIENCE)
    if begun is None:
        return store.find(organization["_id"]) or organization
    request(begun)
    return begun


def go_on(_cursor: str) -> str | None:
    """Go on with listings that stand still or have waited long enough, and begin those that are due."""
    duties.each("organizations", store.to_resume(_AT_ONCE), _resume, store.put_off)
    duties.each("organizations", store.due(_AT_ONCE), begin, store.put_off)
    return None


def _resume(organization: Organization) -> None:
    if taken := store.take_turn(organization, _PATIENCE):
        request(taken)
        note("listing goes on", state=taken["state"])


def step(event: OrganizationRequested) -> None:
    """List one page and register what is on it; then ask for the next.

    Raises:
        Busy: Another worker is at it.
    """
    organization = store.find(event.organization)
    if organization is None or not _concerns(event, organization):
        return
    if event.page < organization["page"]:
        if organization["state"] == "Listing":
            request(organization)  # this very event was handled by somebody who died before saying so
        return
    try:
        with leases.held("organizations", Organization, event.organization) as lease:
            after = _list_page(lease.document) if _concerns(event, lease.document) else None
    except Exhausted as error:
        _fail(organization, error)
        return
    if after is not None and after["state"] == "Listing":
        request(after)


def _concerns(event: OrganizationRequested, organization: Organization) -> bool:
    """Return whether an event belongs to the listing that is under way, at its page or the one before."""
    if event.sync != organization["sync"] or organization["state"] in store.FINAL:
        return False
    return bool(organization["page"] - 1 <= event.page <= organization["page"])


def _list_page(organization: Organization) -> Organization | None:
    """Read and register a page; what stands in the way is the state of the listing, not an event to retry."""
    try:
        page, kept = _read(organization)
        return _move_on(organization, page, kept)
    except listing.RateLimited as error:
        return _put_off(organization, timedelta(seconds=error.seconds), str(error), failures=0)
    except TransientError as error:
        failures = organization["failures"] + 1
        if failures > MAX_FAILURES:
            return _fail(organization, error)
        delay = min(_FIRST_DELAY * 2 ** (failures - 1), _LONGEST_DELAY)
        return _put_off(organization, delay, str(error), failures=failures)
    except PermanentError as error:
        return _fail(organization, error)


def _read(organization: Organization) -> tuple[listing.Page | None, OrganizationPage]:
    """Read a page and register its repositories; the page, None if it is as it was, and what is kept of it."""
    if organization["page"] >= MAX_PAGES:
        raise Unsupported(f"the forge's list has more than {MAX_PAGES} pages")
    known, same = store.known_page(organization), _filter(organization)
    url, page = pages.fetch(organization, known, same)
    if page is None:
        if known is None:
            raise TransientError("the forge says that nothing has changed since nothing was known")
        store.see(organization, known["repositories"])
        return None, known
    ids, refused = _register(organization, page)
    kept: OrganizationPage = {
        "_id": "",
        "url": url,
        "filter": same,
        "etag": page.etag,
        "next": page.next,
        "repositories": ids,
        "listed": len(page.repositories),
        "refused": refused,
    }
    store.keep_page(organization, kept)
    note("page of an organization listed", forge=organization["forge"], repositories=len(page.repositories))
    return page, kept


def _register(organization: Organization, page: listing.Page) -> tuple[list[str], int]:
    """Register what is wanted of a page, and bring what is known up to date; ids, and how many were refused."""
    ids: list[str] = []
    refused = 0
    for listed in page.repositories:
        try:
            repository = _register_one(organization, listed)
        except PermanentError as error:
            refused += 1
            note("listed repository is not admitted", reason=str(error))
            continue
        if repository:
            ids.append(repository)
    store.see(organization, ids)
    places.add_listed(organization["_id"], ids)
    return ids, refused


def _register_one(organization: Organization, listed: Listed) -> str:
    """Register a repository unless it is unknown and unwanted; its id, "" if it is left out.

    Raises:
        PermanentError: Its URL may not be fetched from, or is on another host than its forge.
    """
    host = organization["host"]
    address = admitted(listed.url)
    if address.host != urlsplit(f"//{host}").hostname:
        raise Unsupported("it is on another host than its forge")
    forge_key = f"{address.name.partition('/')[0]}:{listed.key}"
    known = repositories.find(address.name, forge_key)
    if known is not None and known.get("forge_key", forge_key) != forge_key:
        known = None  # another one had that name before
    if known is None and not _is_wanted(organization, listed):
        return ""
    seen: Any = {"visibility": listed.visibility} if listed.visibility else {}
    repository = str(repositories.register(address.name, address.url, forge_key=forge_key, at_once=True, **seen)["_id"])
    if known is None and organization["repository_schedule"]:
        schedules.put(repository, schedules.named(_SCHEDULE, organization["repository_schedule"]))
    if listed.archived != bool(known and known.get("archived")):
        repositories.update(repository, archived=listed.archived)
    return repository


def _is_wanted(organization: Organization, listed: Listed) -> bool:
    if (listed.archived and not organization["archived"]) or (listed.fork and not organization["forks"]):
        return False
    path = listed.path.lower()
    included = organization["include"] or ["*"]
    return any(fnmatchcase(path, glob.lower()) for glob in included) and not any(
        fnmatchcase(path, glob.lower()) for glob in organization["exclude"]
    )


def _move_on(organization: Organization, page: listing.Page | None, kept: OrganizationPage) -> Organization | None:
    """Note that a page is done; after the last one, what the listing did not see has vanished."""
    counts = {
        "listed": organization["listed"] + kept["listed"],
        "refused": organization["refused"] + kept["refused"],
        "kept": organization["kept"] + len(kept["repositories"]),
    }
    if not kept["next"]:
        vanished = store.mark_vanished(organization)
        done = {**counts, "vanished": vanished, "state": "Done", "reason": "", "failures": 0, "listed_at": now()}
        note("organization listed", listed=counts["listed"], kept=counts["kept"], vanished=vanished)
        return store.end(organization, done, _next(organization))
    pause = page.pause if page else 0.0
    fields = {**counts, "page": organization["page"] + 1, "cursor": kept["next"], "failures": 0, "takeovers": 0}
    if pause:
        fields |= {"state": "Waiting", "reason": "the forge's rate limit is used up"}
        return store.advance(organization, fields, timedelta(seconds=pause))
    return store.advance(organization, {**fields, "state": "Listing", "reason": ""}, _PATIENCE)


def _put_off(organization: Organization, delay: timedelta, reason: str, *, failures: int) -> Organization | None:
    note("listing waits", reason=reason, seconds=delay.total_seconds())
    return store.advance(organization, {"state": "Waiting", "reason": reason, "failures": failures}, delay)


def _fail(organization: Organization, error: Exception) -> Organization | None:
    note("listing failed", reason=str(error))
    return store.end(organization, {"state": "Failed", "reason": str(error)}, _next(organization))


def _next(organization: Organization) -> datetime:
    """Return when an organization is listed again: by its own schedule, or after the time set for all."""
    at = datetime.now(UTC)
    if organization["schedule"]:
        return next_time(Schedule("sync", **organization["schedule"]), organization["_id"], at)
    return at + timedelta(hours=settings().schedule_hours)


def _filter(organization: Organization) -> str:
    """Return a hash of everything that decides what is made of a page."""
    names = ("forge", "host", "name", "token_ref", "include", "exclude", "archived", "forks", "repository_schedule")
    text = json.dumps(members(organization, names), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()

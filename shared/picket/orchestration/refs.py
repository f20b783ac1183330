"""Comparing the refs of repositories with what was scanned, to find pushes that no webhook announced.

Forges drop deliveries, disable webhooks and send none for a push of many branches. Listing refs is cheap. A scan is
requested only if a branch or tag points to something unscanned twice in a row; it reports the unannounced commits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from picket.effects import broker, ruleset
from picket.effects.git import transport
from picket.effects.git.address import admitted
from picket.effects.mongo import commits, scans, schedules
from picket.effects.mongo import refs as store
from picket.effects.mongo.documents import Repository
from picket.effects.telemetry import count, note
from picket.errors import PermanentError, PicketError
from picket.events import ScanRequested, ago, now, scan_id
from picket.orchestration import duties
from picket.settings import settings

AT_ONCE = 100
"""Repositories that one event compares: a tick leads to 2,000 at the most, 24,000 an hour."""
_AT_A_TIME = 8
_MOMENT = timedelta(minutes=2)
"""How long an announcement may be under way."""
_LONG = 4 * _MOMENT
_TRIED_AGAIN = frozenset({"Failed", "Cancelled"})
_ACTOR = "refs"


def compare_due(_cursor: str) -> str | None:
    """Compare some of the repositories that are due, several at a time."""
    if not settings().refs_minutes:
        return None
    entered = store.enter_some(AT_ONCE, _every())
    found = [one for one in store.due(AT_ONCE) if store.claim(one, _every())]
    asked = [one for one in found if not schedules.rests(one) and not one["url"].startswith("file:")]
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        offered = list(pool.map(_offered, asked))
    duties.each("refs", zip(asked, offered, strict=True), lambda pair: _compare(*pair))
    return duties.more(entered or len(found) == AT_ONCE)


def _every() -> timedelta:
    return timedelta(minutes=settings().refs_minutes)


def _offered(repository: Repository) -> Mapping[str, str] | PicketError:
    """Return what branches and tags lead to at the forge, or why that is not known."""
    try:
        return transport.branches_and_tags(admitted(repository["url"]))
    except PicketError as error:
        return error


def _compare(repository: Repository, offered: Mapping[str, str] | PicketError) -> None:
    """Request a scan if refs point to commits that are neither scanned nor being scanned."""
    identity = repository["_id"]
    if isinstance(offered, PicketError):
        outcome = "refused" if isinstance(offered, PermanentError) else "unanswered"
        count("picket_ref_comparisons_total", outcome=outcome)
        return  # the next scheduled scan says what is the matter
    digest = hashlib.sha256("\n".join(f"{oid} {name}" for name, oid in sorted(offered.items())).encode()).hexdigest()
    if repository.get("refs_known") == digest or not _unknown(identity, offered):
        count("picket_ref_comparisons_total", outcome="known")
        store.note(identity, _every(), refs_known=digest, refs_moved="", refs_moved_at="")
    elif repository.get("history_ruleset") != ruleset.plans():
        count("picket_ref_comparisons_total", outcome="unscanned")  # its full scan is still to come, and sees all
    elif repository.get("refs_moved") != digest and not _moves_since(repository):
        count("picket_ref_comparisons_total", outcome="moved")
        store.note(identity, _MOMENT, refs_moved=digest, refs_moved_at=repository.get("refs_moved_at") or now())
    else:
        count("picket_ref_comparisons_total", outcome="unannounced")
        _ask(repository, digest)


def _moves_since(repository: Repository) -> bool:
    """Return whether refs have pointed to unscanned commits for longer than an announcement may take."""
    since = repository.get("refs_moved_at", "")
    return bool(since) and since < ago(_LONG)


def _unknown(repository: str, offered: Mapping[str, str]) -> list[str]:
    """Return what refs point to that is neither scanned nor being scanned."""
    tips = list(dict.fromkeys(offered.values()))
    left = commits.unscanned(repository, ruleset.plans(), tips)
    announced = {scan["after"] for scan in scans.running(repository)} if left else set()
    return [tip for tip in left if tip not in announced]


def _ask(repository: Repository, digest: str) -> None:
    scan = scan_id(repository["_id"], f"refs|{digest}")
    former = scans.find(scan)
    if former is not None and former["state"] in _TRIED_AGAIN:  # once a day
        scan = scan_id(repository["_id"], f"refs|{digest}|{now()[:10]}")
    store.note(repository["_id"], _every(), refs_moved_at="")
    request = ScanRequested(
        repository=repository["_id"],
        url=repository["url"],
        scan=scan,
        kind="scheduled",
        reason="refs have moved",
    )
    scans.record(request, _ACTOR)
    broker.emit(request)
    note("refs have moved and nobody has said so", repository=repository["_id"], scan=request.scan)

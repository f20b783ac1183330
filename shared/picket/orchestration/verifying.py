"""Having a provider asked about a finding, or its secret revoked, and keeping what it says.

Nothing hands a secret over: it is found again, in a copy of its blob that is kept for this, and known by the finding's
HMAC.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from picket.detection import Engine
from picket.effects import artifacts, broker, ruleset
from picket.effects.mongo import findings
from picket.effects.telemetry import count, note
from picket.errors import Busy, Gone
from picket.events import FindingVerified, VerificationRequested, now
from picket.findings.identity import value_id
from picket.findings.life import entry
from picket.findings.stored import Changes, Finding
from picket.orchestration import asking, keeping
from picket.orchestration.asking import Asked, Postponed
from picket.orchestration.verified import BY, due_at, put
from picket.settings import settings
from picket.verification.nearby import Around

_SOON = timedelta(minutes=5)
"""When what did not get its turn is asked for again: at the next tick."""


def carry_out(event: VerificationRequested) -> None:
    """Ask the provider, keep what it says, and tell of it; what was done already is only told.

    Raises:
        Busy: The finding is being changed by others.
        Gone: There is no such finding.
    """
    finding = findings.get(event.finding)
    if finding is None:
        raise Gone("no such finding")
    request = broker.cause().id
    if finding.get("verification", {}).get("request") != request:
        if not event.by and finding.get("verify_due") != event.due:
            return  # another event has done it, or the policy wants it no longer
        try:
            asked = _ask(finding, event)
        except Postponed:
            if event.by:
                raise Busy("others are asking this provider") from None
            put(finding, {"verify_due": due_at(datetime.now(UTC) + _SOON)})
            return
        finding = _keep(finding, event, asked, request)
    told = finding.get("verification", {}).get("result", "unknown")
    broker.emit(
        FindingVerified.model_validate({"repository": event.repository, "finding": event.finding, "result": told})
    )


def find(engine: Engine, content: bytes, path: str, is_wanted: Callable[[bytes], bool]) -> tuple[str, Around] | None:
    """Find a secret again in its blob.

    Args:
        engine: The detection engine.
        content: The blob.
        path: Where it stands in its repository.
        is_wanted: Tells the secret by its identity.

    Returns:
        The secret and where it stands; None if it is not there, or not as text.
    """
    for hit in engine.scan(content, path):
        if is_wanted(hit.identity):
            try:
                return hit.secret.decode(), Around.of(content, hit.start, hit.end)
            except UnicodeDecodeError:
                return None
    return None


def is_identity(identity: str) -> Callable[[bytes], bool]:
    """Return what tells a secret by the HMAC that a finding keeps of it."""
    key = settings().hmac_key
    return lambda value: value_id(key, value) == identity


def _ask(finding: Finding, event: VerificationRequested) -> Asked:
    """Find the secret again, and ask."""
    rule = finding["evidence"]["rule"]
    if not finding.get("kept"):
        return asking.unknown("no copy of its file is kept: scan the repository in full again")
    engine = ruleset.engine()
    try:
        content = artifacts.get(keeping.reference(finding["kept"]))
        wanted = is_identity(finding["identity"])
        found = find(engine, content, finding.get("kept_path", ""), wanted)
        if found is None:
            return asking.unknown("the rules in force no longer find it in its file")
        return (asking.revoke if event.action == "revoke" else asking.verify)(rule, *found)
    except Gone:
        findings.without_copy(finding["kept"])
        return asking.unknown("the copy of its file is gone: scan the repository in full again")
    finally:
        engine.forget()


def _keep(finding: Finding, event: VerificationRequested, asked: Asked, request: str) -> Finding:
    """Keep an answer, and when to ask again; a line of the history tells of what is new."""
    verdict, at = asked.verdict, datetime.now(UTC)
    fields: Changes = {
        "verification": {
            "result": verdict.result,
            "at": now(),
            "reason": verdict.reason,
            "owner": verdict.owner,
            "scopes": list(verdict.scopes),
            "request": request,
        }
    }
    every = timedelta(hours=finding.get("verify_every", 0))
    if every:
        fields["verify_due"] = "" if verdict.result == "dead" else due_at(at + (asked.pause or every))
    if event.action == "revoke" and asked.pause:
        fields["verify_due"] = due_at(at + asked.pause)
    elif not every and finding.get("verify_due"):
        fields["verify_due"] = ""
    if event.by or finding.get("verification", {}).get("result") != verdict.result:
        told = f"{event.action}: {verdict.result}" + (f" ({verdict.reason})" if verdict.reason else "")
        fields["entry"] = {**entry(event.by or BY, str(fields["verification"]["at"])), "comment": told}
    put(finding, fields)
    count("picket_verifications_total", result=verdict.result)
    note("credential verified", finding=finding["_id"], action=event.action, result=verdict.result, by=event.by)
    return findings.get_many([finding["_id"]])[0]

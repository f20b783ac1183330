"""Telling forges what was found in pushed commits: what they show follows the findings.

A commit fails while findings are open that its push, or the pushes to its branch before it, have brought; the head of a
pull request while findings are open that its commits have brought. Which commits these are is for git to say, and not
for clocks. A status says nothing of what a repository holds, no path and no rule: numbers and severities alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

from picket.commits import lifecycle
from picket.detection.pointers import ELSEWHERE
from picket.effects import policy as effective
from picket.effects.forge import statuses as forge
from picket.effects.forge.client import RateLimited
from picket.effects.git.address import admitted
from picket.effects.mongo import batches, findings, leases, repositories, scans, statuses
from picket.effects.mongo.documents import Scan
from picket.effects.mongo.statuses import StoredStatus, Told
from picket.effects.telemetry import count, note
from picket.errors import Busy, PermanentError, TransientError
from picket.events import StatusRequested
from picket.findings.life import state_of
from picket.findings.stored import Finding
from picket.forges.status import CONTEXT, PROPOSED, Commit, Status
from picket.orchestration import reviewing
from picket.orchestration.reviewing import Verdict
from picket.orchestration.statuses import PATIENCE, commit_of, is_proposed
from picket.settings import settings

_SEVERITIES = ("critical", "high", "medium", "low", "info")
_CORRECTED = 100
"""Commits of a repository that a change of findings is looked up for, the last told of."""
_TRIES = 5
_LONGEST = 140
"""Characters of a description that every forge takes."""


def tell(event: StatusRequested) -> None:
    """Bring what the forge shows of a commit, or of all that have brought findings, to what is so now.

    Raises:
        Busy: Another worker is telling the forge of the same commit.
        Misconfigured: PICKET_STATUSES does not fit.
        PermanentError: The forge refuses.
        TransientError: The forge does not answer.
    """
    if event.scan:
        scan = scans.get(event.scan)
        proposal = scan["ref"] if is_proposed(scan) else ""
        _try(statuses.begin(scan["repository"], commit_of(scan), scan["_id"], scan["created_at"], proposal=proposal))
        return
    later: list[TransientError] = []
    for known in statuses.watched(event.repository, _CORRECTED):
        try:
            _try(known["_id"])
        except PermanentError as error:  # of one commit, which was forced away perhaps: the others are to follow
            note("a commit's status is refused", repository=event.repository, reason=type(error).__name__)
            statuses.give_up(known)
        except TransientError as error:
            later.append(error)
    if later:
        raise later[0]


def _try(identity: str) -> None:
    """Bring one commit's status up to date; the clock retries what the forge does not accept now.

    Raises:
        PicketError: As `tell`, but not for a rate limit.
    """
    try:
        _bring(identity)
    except RateLimited as error:
        note("a commit's status waits for its forge", seconds=error.seconds)
        statuses.put_off(identity, timedelta(seconds=error.seconds))
    except Busy:
        raise
    except TransientError:
        statuses.put_off(identity, PATIENCE)  # longer than events are tried again
        raise
    except PermanentError:
        statuses.end(identity)
        raise


def _bring(identity: str) -> None:
    """Send one commit's status until what was sent is what is so; one worker at a time."""
    with leases.held("statuses", StoredStatus, identity):
        for _ in range(_TRIES):
            known = statuses.get(identity)
            scan = scans.find(known["scan"]) if known else None
            access = _access(scan) if scan else None
            if known is None or scan is None or access is None:
                statuses.end(identity)
                return
            verdict = verdict_on(scan, known)
            status, brought = verdict.status, verdict.brought
            told: Told = {"state": status.state, "description": status.description, "url": status.url}
            commit = _where(scan)
            shown = reviewing.is_shown(access[0], scan, known, verdict)
            if shown and known.get("told") == told and known["findings"] == sorted(brought):
                if "due" in known:
                    statuses.end(identity)
                return
            if known.get("told") != told and not reviewing.carries(access):
                statuses.sending(identity)
                forge.send(access[0], commit, status, access[1])
                count("picket_statuses_total", state=status.state)
                note("commit status set", repository=scan["repository"], scan=scan["_id"], state=status.state)
            statuses.tell(known, told, brought)
            if not shown:
                reviewing.show(access, scan, commit, known, verdict)
    raise Busy("the findings of a commit keep changing")


def _access(scan: Scan) -> forge.Access | None:
    found = forge.access(repositories.known(scan["repository"])["name"])
    if found is None:
        note("no token of PICKET_STATUSES is for this repository", repository=scan["repository"])
    return found


def _where(scan: Scan) -> Commit:
    address = admitted(repositories.known(scan["repository"])["url"])
    host, _, path = address.name.partition("/")
    scheme = urlsplit(address.url).scheme
    if scheme == "ssh":  # its port is not that of the API
        host = address.host
    branch = _branch(scan).removeprefix("refs/heads/")
    context = PROPOSED if is_proposed(scan) else CONTEXT
    return Commit("http" if scheme == "http" else "https", host, unquote(path), branch, commit_of(scan), context)


def _branch(scan: Scan) -> str:
    """Return the branch of this repository that a commit is told of in; of a pull request, where that is known."""
    if not is_proposed(scan):
        return scan["ref"]
    return "" if scan.get("source_url") else scan.get("source", "")


def verdict_on(scan: Scan, known: StoredStatus) -> Verdict:
    """Return what is to be said of a commit."""
    if scan["state"] not in lifecycle.FINAL:
        return Verdict(Status("pending", "looking for leaked credentials"), set(known["findings"]))
    whole = scans.get(scan["taken_by"]) if "taken_by" in scan else scan
    proposed = is_proposed(scan)
    before = statuses.of_commit(scan["repository"], commit_of(scan) if proposed else scan["before"])
    first = findings.first_in(scan["repository"], {commit_of(scan), *whole.get("pushed", ())})
    brought = {*known["findings"], *(before["findings"] if before else ()), *first}
    scanned = set(batches.findings_of(whole))
    if proposed:
        brought |= {*statuses.of_proposal(scan["repository"], scan["ref"], known["scanned_at"]), *scanned}
        brought = _not_in(brought, set(whole.get("in_target", ())))
    elif whole.get("pushed_cut"):
        brought |= scanned  # not all commits of the push were kept, so it is not known which are new
    seen = _open({*brought, *scanned})
    again = sum(one["_id"] not in brought for one in seen)
    aside = f"; {again} known before, here again" if again else ""
    wanted = effective.policy().statuses
    new = [one for one in seen if one["_id"] in brought]
    grave = [one for one in new if one["severity"] in wanted.severities]
    failing = [one for one in grave if one["confidence"] >= wanted.min_confidence]
    unseen = _unseen(whole)
    if failing:
        return Verdict(Status("failure", f"{_counted(failing)}{aside}", _link(failing, scan)), brought, new)
    if scan["state"] != "Done" or unseen:
        return Verdict(Status("error", _missed(scan, unseen), _link([], scan)), brought, new)
    said = f"no new leaked credentials{_elsewhere(whole)}{aside}"
    return Verdict(Status("success", said, _link([], scan)), brought, new)


def _not_in(names: Collection[str], target: Collection[str]) -> set[str]:
    """Return those of findings (ids) that are not in a target: the ids that are or, of a former version, commits."""
    known = findings.get_many(set(names).difference(target))
    return {one["_id"] for one in known if one["first"].get("commit", "") not in target}


def _missed(scan: Scan, unseen: str) -> str:
    """Say what could not be looked at; why, where that is the whole of a pull request."""
    if is_proposed(scan) and not scan["after"]:
        return f"not looked at: {scan['history'][-1]['reason']}"[:_LONGEST]
    return f"not everything could be looked at ({unseen or scan['state']})"


def _open(names: Collection[str]) -> list[Finding]:
    at = datetime.now(UTC)
    return [one for one in findings.get_many(names) if state_of(one, at) == "open"]


def _unseen(scan: Scan) -> str:
    """Say how many files a scan has left out for other reasons than that they are kept elsewhere; empty if none."""
    skipped = scan["tally"]["skipped"] if "tally" in scan else {"total": 0, "first": []}
    elsewhere = sum(one.get("reason") == ELSEWHERE for one in skipped["first"])
    left = skipped["total"] - elsewhere
    return f"{left} file{'s' if left > 1 else ''} left out" if left else ""


def _elsewhere(scan: Scan) -> str:
    total = scan["tally"]["skipped"]["total"] if "tally" in scan else 0
    return f"; {total} in Git LFS not looked at" if total else ""


def _counted(failing: list[Finding]) -> str:
    by_severity = Counter(one["severity"] for one in failing)
    parts = [f"{by_severity[each]} {each}" for each in _SEVERITIES if by_severity[each]]
    return f"open findings: {', '.join(parts)}"


def _link(failing: list[Finding], scan: Scan) -> str:
    """Return where a person sees more: the finding, all of the scan's, or the scan; empty without PICKET_WEB_URL."""
    base = settings().web_url.rstrip("/")
    if not base:
        return ""
    if len(failing) == 1:
        return f"{base}/findings/{failing[0]['_id']}"
    return f"{base}/findings?scan={scan['_id']}" if failing else f"{base}/scans/{scan['_id']}"

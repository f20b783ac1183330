"""Telling forges what was found in pushed commits: sent once, and corrected when findings change.

A status says nothing of what a repository holds, no path and no rule: numbers and severities alone.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from picket.commits import lifecycle
from picket.effects import policy as effective
from picket.effects.forge import statuses as forge
from picket.effects.git.address import admitted
from picket.effects.mongo import batches, findings, repositories, scans, statuses
from picket.effects.mongo.documents import Scan
from picket.effects.mongo.statuses import Told
from picket.effects.telemetry import count, note
from picket.events import StatusRequested
from picket.findings.life import state_of
from picket.findings.stored import Finding
from picket.forges.reporting import Commit, Status
from picket.settings import settings

_SEVERITIES = ("critical", "high", "medium", "low", "info")
_CORRECTED = 100
"""Commits of a repository whose failure is looked at again."""


def tell(event: StatusRequested) -> None:
    """Bring what the forge says of a commit, or of all that have failed, to what is so now.

    Raises:
        Misconfigured: PICKET_STATUSES does not fit.
        PermanentError: The forge refuses.
        TransientError: The forge does not answer.
    """
    if event.scan:
        _one(scans.get(event.scan))
        return
    for known in statuses.failing(event.repository, _CORRECTED):
        scan = scans.find(known["scan"])
        if scan is not None:
            _one(scan)


def _one(scan: Scan) -> None:
    address = admitted(scan["url"])
    access = forge.access(repositories.known(scan["repository"])["name"]) or forge.access(address.name)
    if access is None:
        note("no token of PICKET_STATUSES is for this repository", repository=scan["repository"])
        return
    known = statuses.begin(scan["repository"], scan["after"], scan["_id"], scan["created_at"])
    if known is None:
        return
    status = status_of(scan)
    told: Told = {"state": status.state, "description": status.description, "url": status.url}
    if known.get("told") == told:
        return
    host, _, path = address.name.partition("/")
    scheme = urlsplit(address.url).scheme
    branch = scan["ref"].removeprefix("refs/heads/")
    where = Commit("http" if scheme == "http" else "https", host, unquote(path), branch, scan["after"])
    forge.send(access[0], where, status, access[1])
    statuses.tell(known, told)
    count("picket_statuses_total", state=status.state)
    note("commit status set", repository=scan["repository"], scan=scan["_id"], state=status.state)


def status_of(scan: Scan) -> Status:
    """Return what is to be said of the commit that a scan of a push was for."""
    if scan["state"] not in lifecycle.FINAL:
        return Status("pending", "looking for leaked credentials")
    whole = scans.get(scan["taken_by"]) if "taken_by" in scan else scan
    wanted, at = effective.policy().statuses, datetime.now(UTC)
    found = [one for one in findings.get_many(batches.findings_of(whole)) if state_of(one, at) == "open"]
    new = [one for one in found if one["created_at"] >= scan["created_at"]]
    failing = [
        one for one in new if one["severity"] in wanted.severities and one["confidence"] >= wanted.min_confidence
    ]
    again = len(found) - len(new)
    known = f"; {again} known before, here again" if again else ""
    if failing:
        return Status("failure", f"{_counted(failing)}{known}", _link(failing, scan))
    if scan["state"] != "Done":
        return Status("error", f"not everything could be looked at ({scan['state']})", _link([], scan))
    return Status("success", f"no new leaked credentials{known}", _link([], scan))


def _counted(failing: list[Finding]) -> str:
    by_severity = Counter(one["severity"] for one in failing)
    parts = [f"{by_severity[each]} {each}" for each in _SEVERITIES if by_severity[each]]
    return f"new findings: {', '.join(parts)}"


def _link(failing: list[Finding], scan: Scan) -> str:
    """Return where a person sees more: the finding, all of the scan's, or the scan; empty without PICKET_WEB_URL."""
    base = settings().web_url.rstrip("/")
    if not base:
        return ""
    if len(failing) == 1:
        return f"{base}/findings/{failing[0]['_id']}"
    return f"{base}/findings?scan={scan['_id']}" if failing else f"{base}/scans/{scan['_id']}"

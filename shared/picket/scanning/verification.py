"""Asking providers about what a scan on this machine found, where that was asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from picket.orchestration import asking
from picket.orchestration.asking import Postponed
from picket.scanning.findings import Finding
from picket.scanning.result import Json
from picket.scanning.stores import Store
from picket.verification.judging import Verdict
from picket.verification.nearby import Around

_PAUSE_SECONDS = 1.0
"""Between two requests to one host."""


class Turns:
    """Lets each host be asked once a second."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}

    def take(self, host: str) -> bool:
        """Wait for the next turn with *host*; False if it wants to be left alone for longer."""
        wait = self._next.get(host, 0.0) - time.monotonic()
        if wait > _PAUSE_SECONDS:
            return False
        time.sleep(max(0.0, wait))
        self._next[host] = time.monotonic() + _PAUSE_SECONDS
        return True

    def leave(self, host: str, pause: timedelta) -> None:
        """Leave *host* alone for some time."""
        self._next[host] = time.monotonic() + pause.total_seconds()


def verified(findings: Sequence[Finding], reasons: Sequence[str], store: Store) -> Iterator[Verdict | None]:
    """Ask about each finding that is shown; None for the others.

    Args:
        findings: What was found, with its secrets.
        reasons: Why a finding is not shown, empty for one that is.
        store: Where the contents come from.
    """
    turns = Turns()
    with store.open() as read:
        for finding, reason in zip(findings, reasons, strict=True):
            if reason:
                yield None
                continue
            first = finding.occurrences[0]
            [(_, content)] = read([first.blob]) if first.blob and not first.at.blob_path else [("", "")]
            yield _verdict(finding, content if isinstance(content, bytes) else b"", turns)


def told(verdict: Verdict) -> Json:
    """Return a verdict as a finding's document has it."""
    said = {"result": verdict.result, "reason": verdict.reason}
    return {"verification": {**said, "owner": verdict.owner, "scopes": list(verdict.scopes)}}


def _verdict(finding: Finding, content: bytes, turns: Turns) -> Verdict:
    hit = finding.occurrences[0].at.hit
    try:
        secret = hit.secret.decode()
    except UnicodeDecodeError:
        return Verdict("unknown", "it is no text")
    try:
        return asking.verify(finding.best.rule.id, secret, Around.of(content, hit.start, hit.end), turns).verdict
    except Postponed:
        return Verdict("unknown", "its provider wants to be left alone")

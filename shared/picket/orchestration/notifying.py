"""Telling somebody through a channel: once, and nothing that only the finding's own page should show."""

from __future__ import annotations

import time

from picket.effects import broker, outgoing
from picket.effects.mongo import findings, notices
from picket.effects.telemetry import note
from picket.errors import PermanentError
from picket.events import NoticeRequested, NoticeSent
from picket.findings.life import named
from picket.findings.stored import Finding
from picket.notices.channel import Notice

_TOLD = 100
"""Findings that a notice tells of; of the others it gives the number."""


def notify(event: NoticeRequested) -> None:
    """Send a notice unless it was sent.

    A server that took it, and an instance that died before it could note that, lead to a second sending under the same
    id, by which the receiver tells.

    Raises:
        Misconfigured: The channel's settings do not fit.
        TransientError: The channel's server does not answer.
        PermanentError: There is no such channel, or its server refuses the notice.
    """
    identity = broker.cause().id
    known = notices.begin(identity, event.channel, event.repository, event.reason)
    if known["state"] == "Waiting":
        try:
            found, config = outgoing.channel(event.channel)
            outgoing.send(found.render(config, _notice(identity, known["at"], event), int(time.time())))
        except PermanentError as error:
            notices.finish(identity, "Failed", str(error))
            _tell(event, identity, "failed", str(error))
            raise
        notices.finish(identity, "Sent")
        note("notice sent", channel=event.channel, repository=event.repository, rule=event.reason)
    if known["state"] != "Failed":
        _tell(event, identity, "sent")


def _tell(event: NoticeRequested, identity: str, outcome: str, reason: str = "") -> None:
    told = NoticeSent(
        repository=event.repository, notice=identity, channel=event.channel, outcome=outcome, reason=reason
    )
    broker.emit(told)


def _notice(identity: str, at: str, event: NoticeRequested) -> Notice:
    shown = tuple(_shown(one) for one in findings.get_many(event.findings[:_TOLD]))
    count = len(event.findings)
    return Notice(identity, at, event.repository, event.reason, event.message, shown, count)


def _shown(finding: Finding) -> dict[str, object]:
    place = {"path": finding["first"].get("path", ""), "start_line": finding["first"].get("start_line", 0)}
    told = {name: finding[name] for name in ("kind", "severity", "confidence")}
    rule, state = finding["evidence"]["rule"], named(finding["state"])
    return {"id": finding["_id"], "rule": rule, **told, **place, "state": state}

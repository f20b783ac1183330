"""Events of tools' reports and of the policy that judges what they say."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from picket.events.base import Event


class ReportReceived(Event):
    """A tool's report of a repository was taken in, and waits in the artifact store."""

    TYPE: ClassVar[str] = "dev.picket.report.received.v1"

    report: str = Field(description="Id of the report")
    tool: str

    @property
    def subject(self) -> str:
        """The report."""
        return self.report


class ReportCollected(Event):
    """Findings of a repository have changed by a report: appeared, changed, or are no longer reported."""

    TYPE: ClassVar[str] = "dev.picket.report.collected.v1"

    report: str
    tool: str
    part: int = Field(default=0, ge=0, description="Which part of the report's findings these are, from 0")
    findings: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The report and which part of it."""
        return f"{self.report}|{self.part}" if self.part else self.report


class PolicyChanged(Event):
    """A policy is in force by which stored findings are still to be judged: judge some, then ask for more."""

    TYPE: ClassVar[str] = "dev.picket.policy.changed.v1"

    policy: str = Field(description="Digest of the policy in force")
    turn: int = Field(default=0, ge=0, description="How many pieces were done before on account of the same tick")

    @property
    def subject(self) -> str:
        """The policy."""
        return self.policy

    @property
    def natural_key(self) -> str:
        """Policy and turn."""
        return f"{self.policy}|{self.turn}"


class NoticeRequested(Event):
    """Something is to be told to somebody through a notice channel."""

    TYPE: ClassVar[str] = "dev.picket.notice.requested.v1"

    channel: str = Field(description="Name of a configured channel")
    reason: str = Field(description="Why: the policy rule that asks for it")
    message: str = ""
    findings: tuple[str, ...] = Field(default=(), description="Findings that it is about")

    @property
    def natural_key(self) -> str:
        """Channel, reason and findings."""
        return f"{self.repository}|{self.channel}|{self.reason}|{'|'.join(self.findings)}"


class NoticeSent(Event):
    """A notice was delivered, or given up."""

    TYPE: ClassVar[str] = "dev.picket.notice.sent.v1"
    TERMINAL: ClassVar[bool] = True

    notice: str
    channel: str
    outcome: str = Field(description="sent, or failed")
    reason: str = ""

    @property
    def subject(self) -> str:
        """The notice."""
        return self.notice

"""Events of asking providers whether a leaked credential still works."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from picket.events.base import Event


class VerificationRequested(Event):
    """The provider of a leaked credential is to be asked whether it still works, or to revoke it."""

    TYPE: ClassVar[str] = "dev.picket.verification.requested.v1"

    finding: str
    action: Literal["verify", "revoke"] = "verify"
    by: str = Field(default="", description="The person who asks; empty: the policy")
    due: str = Field(default="", description="Of the policy: the time for which the finding was due")

    @property
    def subject(self) -> str:
        """The finding."""
        return self.finding

    @property
    def natural_key(self) -> str:
        """Finding, what is to be done, and what it is due for."""
        return f"{self.finding}|{self.action}|{self.due}"


class FindingVerified(Event):
    """A provider was asked about a leaked credential; what it said stands in the finding."""

    TYPE: ClassVar[str] = "dev.picket.finding.verified.v1"

    finding: str
    result: Literal["live", "dead", "unknown"]

    @property
    def subject(self) -> str:
        """The finding."""
        return self.finding

"""Events of telling forges what was found in a commit."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from picket.events.base import Event


class StatusRequested(Event):
    """What a forge says of commits may be out of date: a scan of a push began or ended, or findings changed."""

    TYPE: ClassVar[str] = "dev.picket.status.requested.v1"

    scan: str = Field(default="", description="The scan; empty: all of the repository's that have failed a commit")
    phase: Literal["begun", "ended", "changed"]

    @property
    def subject(self) -> str:
        """The scan, or else the repository."""
        return self.scan or self.repository

    @property
    def natural_key(self) -> str:
        """What it is about, and how far that is."""
        return f"{self.repository}|{self.scan}|{self.phase}"

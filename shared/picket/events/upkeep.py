"""Events by which the functions keep house: each asks for a bounded piece of work, and for the next one if need be.

What emits one again while it handles it gives the new one another id, since ids are derived from the event at hand.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from picket.events.base import Event


class Tick(Event):
    """A PingSource fired: do what is due."""

    TYPE: ClassVar[str] = "dev.knative.sources.ping"

    task: str = Field(default="", description="Which of a function's periodic duties is due")


class DutyDue(Event):
    """One of the clock's duties is due; a tick asks for each by an event of its own."""

    TYPE: ClassVar[str] = "dev.picket.duty.due.v1"

    duty: str = Field(description="Name of the duty")
    turn: int = Field(default=0, ge=0, description="How many pieces of it this tick has done before")
    cursor: str = Field(default="", description="Where the next piece begins")

    @property
    def natural_key(self) -> str:
        """Duty and turn."""
        return f"{self.duty}|{self.turn}"


class CancellationRequested(Event):
    """A scan is cancelled; what is open of it, batches and child scans, is to end with it."""

    TYPE: ClassVar[str] = "dev.picket.cancellation.requested.v1"

    scan: str = Field(description="Id of the scan")
    reason: str = ""

    @property
    def subject(self) -> str:
        """The scan."""
        return self.scan


class RepositoryForgotten(Event):
    """A person has forgotten a repository; all that is stored of it is to be deleted."""

    TYPE: ClassVar[str] = "dev.picket.repository.forgotten.v1"


class ScoreRequested(Event):
    """Findings of a repository are still to be rated: a day has begun, or what they weigh has changed."""

    TYPE: ClassVar[str] = "dev.picket.score.requested.v1"


class TeamChanged(Event):
    """Scores of a team's repositories have moved, or its repositories are others now."""

    TYPE: ClassVar[str] = "dev.picket.team.changed.v1"

    team: str

    @property
    def subject(self) -> str:
        """The team."""
        return f"team:{self.team}"

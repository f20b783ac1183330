"""Events of managing webhooks at forges."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from picket.events.base import Event


class WebhookRequested(Event):
    """A forge's webhooks are to be created, checked or removed."""

    TYPE: ClassVar[str] = "dev.picket.webhook.requested.v1"

    connection: str = Field(description="Id of the connection: host/owner or host/owner/name")
    action: Literal["connect", "check", "disconnect"]
    hook: str = Field(default="", description="Of a check: id of the place whose webhook is looked after")
    due: str = Field(default="", description="The time for which that was due; empty where somebody asks")

    @property
    def subject(self) -> str:
        """The connection."""
        return self.connection

    @property
    def natural_key(self) -> str:
        """Connection, action, place, and the time that it is due for."""
        return f"{self.connection}|{self.action}|{self.hook}|{self.due}"


class WebhookChanged(Event):
    """A webhook was created, repaired, revived or removed at its forge, or that failed."""

    TYPE: ClassVar[str] = "dev.picket.webhook.changed.v1"
    TERMINAL: ClassVar[bool] = True

    connection: str
    place: str = Field(description="Path at the forge, such as acme or acme/shop")
    change: Literal["created", "adopted", "repaired", "replaced", "revived", "redelivered", "removed", "failed"]
    reason: str = ""

    @property
    def subject(self) -> str:
        """The connection."""
        return self.connection

    @property
    def natural_key(self) -> str:
        """Connection, place and change."""
        return f"{self.connection}|{self.place}|{self.change}"

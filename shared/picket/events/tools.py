"""Events of third-party tools: one run is asked for, and has ended."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from picket.events.base import Event

AssetType = Literal["repository", "image", "domain", "host", "url", "namespace"]
"""Kinds of assets that can be looked at."""
RunState = Literal["Done", "Partial", "Failed"]


class ToolRequested(Event):
    """A tool is to look at an asset; one Trigger a tool delivers it, by the extension `tool`."""

    TYPE: ClassVar[str] = "dev.picket.tool.requested.v1"

    run: str = Field(description="Id of the run")
    tool: str
    asset_type: AssetType
    asset: str = Field(description="Canonical name of the asset")
    commit: str = Field(default="", description="Commit of a repository that the material is of")
    material: str = Field(default="", description="Where its files are: an artifact's reference, or a URL for a time")
    report: str = Field(default="", description="Where its report goes: an artifact's reference, or a URL for a time")
    nonce: str = Field(description="What proves that an answer is this run's; the store knows its hash")

    @property
    def subject(self) -> str:
        """The run."""
        return self.run

    @property
    def extensions(self) -> dict[str, str]:
        """The tool."""
        return {"tool": self.tool}


class ToolCompleted(Event):
    """A run has ended; what it found waits in the artifact store."""

    TYPE: ClassVar[str] = "dev.picket.tool.completed.v1"

    run: str
    tool: str
    nonce: str
    state: RunState = Field(description="Done, Partial where it has not looked at everything, Failed without a report")
    reason: str = Field(default="", max_length=4_000, description="What it has not looked at, or why it failed")

    @property
    def subject(self) -> str:
        """The run."""
        return self.run

    @property
    def extensions(self) -> dict[str, str]:
        """The tool."""
        return {"tool": self.tool}

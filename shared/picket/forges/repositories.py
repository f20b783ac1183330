"""Repositories as GitHub's API lists them, and those of forges that follow it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from picket.forges.listing import Listed


class Repository(BaseModel):
    """GitHub's and Gitea's; only GitHub has `visibility`, only Gitea `internal`."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int = Field(ge=0, lt=2**63)
    full_name: str = Field(max_length=2048)
    clone_url: str = Field(max_length=2048)
    private: bool
    visibility: str = Field(default="", max_length=20)
    internal: bool = False
    archived: bool = False
    fork: bool = False

    def listed(self) -> Listed:
        """Return what is told of it."""
        known = self.visibility or ("private" if self.private else "internal" if self.internal else "public")
        path = self.full_name.partition("/")[2]
        return Listed(path, self.clone_url, str(self.id), known, self.archived, self.fork)


REPOSITORIES = TypeAdapter(list[Repository])

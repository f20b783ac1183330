"""How a run of a tool went, as it is kept with its report."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from picket.findings.model import Name, Text


class Record(BaseModel):
    """How a run went.

    `program` and `data` are SHA-256 digests of the tool's program and of what it judges by, empty where there is none;
    `status` is its exit status, negative for a signal; `stopped` says why it was ended, and `errors` is the end of what
    it wrote to standard error, without secrets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    version: Name = ""
    arguments: tuple[Text, ...] = Field(default=(), max_length=100)
    program: Name = ""
    data: Name = ""
    seconds: float = Field(default=0.0, ge=0)
    memory: int = Field(default=0, ge=0)
    status: int = 0
    stopped: Text = ""
    errors: str = Field(default="", max_length=4_000)

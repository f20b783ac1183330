"""What tools report, whichever format they say it in: problems with their places.

Text of a report that may hold a secret, such as a message or a snippet, has no place here.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from picket.events import Severity

Name = Annotated[str, StringConstraints(max_length=200)]
MAX_TEXT = 1_000
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
MAX_PLACES = 1_000
"""Places of one problem; a report has more of them only by mistake or malice."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Place(_Model):
    """Where a problem shows: a path from the top of the repository, lines and columns from 1, 0 where not told."""

    path: str = Field(max_length=4_096)
    start_line: int = Field(default=0, ge=0)
    end_line: int = Field(default=0, ge=0)
    start_column: int = Field(default=0, ge=0)
    end_column: int = Field(default=0, ge=0)


class Problem(_Model):
    """One problem as a tool reports it.

    `cwe` are numbers such as `CWE-79`, `advisory` the id of a vulnerability, `component` a package URL or name without
    version, `resource` the address of what is configured wrongly; each is empty where the tool does not tell.
    `exploitability` is an EPSS probability, `cvss` a base score. `aliases` are other ids of the same vulnerability;
    `version` is what is installed, `fixed_in` what is no longer affected, `attribute` the path of the setting below the
    resource. `secret` is a credential in clear: it is never written out, and `sealed` puts `value_id` in its place.
    """

    kind: Name
    rule: Name
    title: Text = ""
    severity: Severity
    confidence: float = Field(default=0.8, ge=0, le=1)
    cwe: tuple[Name, ...] = ()
    advisory: Name = ""
    component: Text = ""
    resource: Text = ""
    attribute: Text = ""
    aliases: tuple[Name, ...] = ()
    version: Name = ""
    fixed_in: Text = ""
    cvss: float = Field(default=0.0, ge=0, le=10)
    secret: str = Field(default="", exclude=True, repr=False)
    value_id: Name = ""
    exploitability: float = Field(default=0.0, ge=0, le=1)
    is_exploited: bool = False
    remediation: Text = ""
    link: Text = ""
    places: tuple[Place, ...] = Field(default=(), max_length=MAX_PLACES)


class LeftOut(_Model):
    """A part of a report that is not applied: where it stands there, and why."""

    where: Text
    reason: Text


class Report(_Model):
    """A tool's report, read: `succeeded` says that the tool ran to its end, as far as it tells."""

    tool_version: Name = ""
    problems: tuple[Problem, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    succeeded: bool = True

"""The part of SARIF 2.1.0 that is read, as pydantic checks it; what else a document holds is passed over."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MAX_RUNS = 100
MAX_RESULTS = 100_000
MAX_RULES = 20_000
_MOST = 2**31 - 1
"""Lines and columns: a store takes no larger numbers than 64 bits hold, and no file has more."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True)


class Message(_Model):
    """Text; what a result's message says is not kept, since it may quote a secret."""

    text: str = ""


class Artifact(_Model):
    """Where a file is: a URI, relative to a base, or an index into the run's artifacts."""

    uri: str = ""
    base: str = Field(default="", alias="uriBaseId")
    index: int = -1


class Region(_Model):
    """Lines and columns, from 1; the end column is the one after the last character."""

    start_line: int = Field(default=0, alias="startLine", ge=0, le=_MOST)
    end_line: int = Field(default=0, alias="endLine", ge=0, le=_MOST)
    start_column: int = Field(default=0, alias="startColumn", ge=0, le=_MOST)
    end_column: int = Field(default=0, alias="endColumn", ge=0, le=_MOST)


class Physical(_Model):
    """A place in a file."""

    artifact: Artifact = Field(default=Artifact(), alias="artifactLocation")
    region: Region | None = None


class Logical(_Model):
    """A place in what the file means: a function, a resource."""

    full_name: str = Field(default="", alias="fullyQualifiedName")
    name: str = ""
    kind: str = ""


class Location(_Model):
    """A place."""

    physical: Physical | None = Field(default=None, alias="physicalLocation")
    logical: tuple[Logical, ...] = Field(default=(), alias="logicalLocations")


class Configuration(_Model):
    """How grave a rule's results are where they do not say."""

    level: str = "warning"


class RuleReference(_Model):
    """Which rule a result is of, in the other way that the standard allows."""

    id: str = ""
    index: int = -1


class Relationship(_Model):
    """A rule's place in a taxonomy, such as CWE."""

    target: RuleReference = RuleReference()


class Rule(_Model):
    """A rule of the tool."""

    id: str
    name: str = ""
    short: Message = Field(default=Message(), alias="shortDescription")
    full: Message = Field(default=Message(), alias="fullDescription")
    help: Message = Message()
    help_uri: str = Field(default="", alias="helpUri")
    default: Configuration = Field(default=Configuration(), alias="defaultConfiguration")
    relationships: tuple[Relationship, ...] = ()
    properties: dict[str, Any] = Field(default_factory=dict)


class Suppression(_Model):
    """A decision of the tool's user not to see a result."""

    status: str = "accepted"


class Result(_Model):
    """One result."""

    rule_id: str = Field(default="", alias="ruleId")
    rule_index: int = Field(default=-1, alias="ruleIndex")
    rule: RuleReference = RuleReference()
    kind: str = "fail"
    level: str = ""
    baseline: str = Field(default="", alias="baselineState")
    locations: tuple[Location, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    properties: dict[str, Any] = Field(default_factory=dict)


class Driver(_Model):
    """The tool, or an extension of it."""

    name: str = ""
    version: str = ""
    semantic_version: str = Field(default="", alias="semanticVersion")
    rules: tuple[Rule, ...] = Field(default=(), max_length=MAX_RULES)


class ToolPart(_Model):
    """The tool and its extensions."""

    driver: Driver = Driver()
    extensions: tuple[Driver, ...] = ()


class Invocation(_Model):
    """Whether the tool ran to its end."""

    succeeded: bool = Field(default=True, alias="executionSuccessful")


class ArtifactEntry(_Model):
    """A file that the run names by its index."""

    location: Artifact = Artifact()


class Run(_Model):
    """What one tool said in one run."""

    tool: ToolPart = ToolPart()
    results: tuple[Result, ...] | None = Field(default=None, max_length=MAX_RESULTS)
    artifacts: tuple[ArtifactEntry, ...] = ()
    bases: dict[str, Artifact] = Field(default_factory=dict, alias="originalUriBaseIds")
    invocations: tuple[Invocation, ...] = ()


class Document(_Model):
    """A SARIF file."""

    version: str
    runs: tuple[Run, ...] = Field(max_length=MAX_RUNS)

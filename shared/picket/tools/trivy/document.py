"""The part of Trivy's JSON that is read. Lists that are empty are not written."""

from __future__ import annotations

from pydantic import Field

from picket.tools.reading import Listed, Number, Part, Told


class Identifier(Part):
    """What a package is."""

    purl: Told = Field(default="", alias="PURL")
    uid: Told = Field(default="", alias="UID")


class Package(Part):
    """A package that is there; an operating system's has a source package."""

    id: Told = Field(default="", alias="ID")
    source: Told = Field(default="", alias="SrcName")


class Score(Part):
    """A vendor's CVSS scores."""

    v3: float | None = Field(default=None, alias="V3Score")
    v4: float | None = Field(default=None, alias="V40Score")


class Vulnerability(Part):
    """A vulnerability of a package."""

    id: str = Field(alias="VulnerabilityID")
    vendor_ids: Listed[str] = Field(default=(), alias="VendorIDs")
    package_id: Told = Field(default="", alias="PkgID")
    package: Told = Field(default="", alias="PkgName")
    path: Told = Field(default="", alias="PkgPath")
    identifier: Identifier = Field(default=Identifier(), alias="PkgIdentifier")
    installed: Told = Field(default="", alias="InstalledVersion")
    fixed: Told = Field(default="", alias="FixedVersion")
    status: Told = Field(default="", alias="Status")
    title: Told = Field(default="", alias="Title")
    severity: Told = Field(default="", alias="Severity")
    source: Told = Field(default="", alias="SeveritySource")
    url: Told = Field(default="", alias="PrimaryURL")
    cwes: Listed[str] = Field(default=(), alias="CweIDs")
    cvss: dict[str, Score] | None = Field(default=None, alias="CVSS")


class Cause(Part):
    """What is configured wrongly."""

    resource: Told = Field(default="", alias="Resource")
    start: Number = Field(default=0, alias="StartLine")
    end: Number = Field(default=0, alias="EndLine")


class Misconfiguration(Part):
    """A check, failed or passed."""

    id: str = Field(alias="ID")
    title: Told = Field(default="", alias="Title")
    resolution: Told = Field(default="", alias="Resolution")
    severity: Told = Field(default="", alias="Severity")
    status: Told = Field(default="FAIL", alias="Status")
    url: Told = Field(default="", alias="PrimaryURL")
    cause: Cause = Field(default=Cause(), alias="CauseMetadata")


class Secret(Part):
    """A secret: what it is and where. The line that it quotes is masked only in part, and not read."""

    rule: str = Field(alias="RuleID")
    title: Told = Field(default="", alias="Title")
    severity: Told = Field(default="", alias="Severity")
    start: Number = Field(default=0, alias="StartLine")
    end: Number = Field(default=0, alias="EndLine")


class Result(Part):
    """What was found in one target: a file, or what an image holds of one kind."""

    target: Told = Field(default="", alias="Target")
    of: Told = Field(default="", alias="Class")
    type: Told = Field(default="", alias="Type")
    packages: Listed[Package] = Field(default=(), alias="Packages")
    vulnerabilities: Listed[Vulnerability] = Field(default=(), alias="Vulnerabilities")
    misconfigurations: Listed[Misconfiguration] = Field(default=(), alias="Misconfigurations")
    secrets: Listed[Secret] = Field(default=(), alias="Secrets")


class Program(Part):
    """The program that wrote it."""

    version: Told = Field(default="", alias="Version")


class Document(Part):
    """A report."""

    schema_version: int = Field(alias="SchemaVersion")
    program: Program = Field(default=Program(), alias="Trivy")
    artifact_type: Told = Field(default="", alias="ArtifactType")
    results: Listed[Result] = Field(default=(), alias="Results")

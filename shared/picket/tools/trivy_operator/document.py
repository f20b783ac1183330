"""The part of Trivy Operator's custom resources that is read."""

from __future__ import annotations

from pydantic import Field

from picket.tools.reading import MAX_RESULTS, Listed, Part, Told


class Metadata(Part):
    """Of which object a report is; a name that is too long for a label stands in an annotation."""

    labels: dict[str, str] | None = Field(default=None, max_length=MAX_RESULTS)
    annotations: dict[str, str] | None = Field(default=None, max_length=MAX_RESULTS)

    def told(self, name: str) -> str:
        """Return what is told under a name."""
        return (self.labels or {}).get(name) or (self.annotations or {}).get(name, "")


class Vulnerability(Part):
    """A vulnerability of a package in a container's image."""

    id: str = Field(alias="vulnerabilityID")
    package: Told = Field(default="", alias="resource")
    installed: Told = Field(default="", alias="installedVersion")
    fixed: Told = Field(default="", alias="fixedVersion")
    severity: Told = ""
    score: float | None = None
    title: Told = ""
    link: Told = Field(default="", alias="primaryLink")
    purl: Told = Field(default="", alias="packagePURL")
    path: Told = Field(default="", alias="packagePath")
    of: Told = Field(default="", alias="class")
    type: Told = Field(default="", alias="packageType")


class Check(Part):
    """A check, failed or passed; its messages are not read, since they quote the object."""

    id: str = Field(alias="checkID")
    title: Told = ""
    severity: Told = ""
    success: bool
    remediation: Told = ""


class Secret(Part):
    """A secret in an image; the line that it quotes is masked only in part, and not read."""

    rule: str = Field(alias="ruleID")
    title: Told = ""
    severity: Told = ""
    target: Told = ""


class System(Part):
    """The image's operating system."""

    family: Told = ""


class Scanner(Part):
    """The program that looked."""

    version: Told = ""


class Content(Part):
    """What was found; which of the lists is there depends on the kind of report."""

    system: System | None = Field(default=None, alias="os")
    scanner: Scanner | None = None
    vulnerabilities: Listed[Vulnerability] = ()
    checks: Listed[Check] = ()
    secrets: Listed[Secret] = ()


class Resource(Part):
    """A custom resource."""

    metadata: Metadata = Metadata()
    report: Content

"""What the payloads of GitHub's security alerts look like.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#dependabot_alert and the sections that follow it
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from picket.findings.model import Problem
from picket.forges.github.models import OfRepository
from picket.webhooks import alerts
from picket.webhooks.payloads import Model, Number, Sha

Told = Annotated[str, StringConstraints(max_length=65_536)] | None
"""Text that may be long, or missing."""
RefOrNone = Annotated[str, StringConstraints(pattern=r"^(?:refs/[^\x00-\x20\x7f~^:?*\[\\]+)?$", max_length=1024)]


class Alert(OfRepository):
    """What all of them have."""

    action: Annotated[str, StringConstraints(max_length=100)]


class _Package(Model):
    ecosystem: Told = None
    name: Annotated[str, StringConstraints(max_length=1_000)]


class _Dependency(Model):
    package: _Package
    manifest_path: Told = None


class _Cwe(Model):
    cwe_id: Told = None


class _Epss(Model):
    percentage: Annotated[float, Field(ge=0, le=1)] | None = None


class _Advisory(Model):
    ghsa_id: Told = None
    cve_id: Told = None
    summary: Told = None
    severity: Told = None
    cwes: tuple[_Cwe, ...] | None = None
    epss: _Epss | None = None


class _Version(Model):
    identifier: Told = None


class _Vulnerability(Model):
    severity: Told = None
    first_patched_version: _Version | None = None


class Dependabot(Model):
    """One alert of Dependabot."""

    number: Number
    html_url: Told = None
    dependency: _Dependency
    security_advisory: _Advisory
    security_vulnerability: _Vulnerability

    def problem(self) -> Problem:
        """Return the vulnerable dependency."""
        found, package = self.security_advisory, self.dependency.package
        name = alerts.advisory([found.cve_id, found.ghsa_id])
        patched = self.security_vulnerability.first_patched_version
        better = f"Update {package.name} to {patched.identifier}." if patched and patched.identifier else ""
        epss = found.epss.percentage if found.epss else None
        return Problem(
            kind="vulnerability",
            rule=alerts.rule(name, "dependabot"),
            title=alerts.text(found.summary),
            severity=alerts.severity(self.security_vulnerability.severity, found.severity),
            cwe=alerts.cwes([one.cwe_id for one in found.cwes or ()]),
            advisory=name,
            component=alerts.component(package.ecosystem or "", package.name),
            exploitability=epss or 0.0,
            remediation=alerts.text(better),
            link=alerts.link(self.html_url),
            places=alerts.places(self.dependency.manifest_path),
        )


class DependabotAlert(Alert):
    """`dependabot_alert`."""

    alert: Dependabot


class _Legacy(Model):
    id: Number
    number: Number | None = None
    affected_package_name: Annotated[str, StringConstraints(max_length=1_000)]
    external_identifier: Told = None
    ghsa_id: Told = None
    severity: Told = None
    fixed_in: Told = None

    def problem(self) -> Problem:
        name = alerts.advisory([self.external_identifier, self.ghsa_id])
        better = f"Update {self.affected_package_name} to {self.fixed_in}." if self.fixed_in else ""
        return Problem(
            kind="vulnerability",
            rule=alerts.rule(name, "dependabot"),
            severity=alerts.severity(self.severity),
            advisory=name,
            component=self.affected_package_name,
            remediation=alerts.text(better),
        )


class LegacyAlert(Alert):
    """`repository_vulnerability_alert`, which `dependabot_alert` supersedes."""

    alert: _Legacy


class _Rule(Model):
    id: Told = None
    severity: Told = None
    security_severity_level: Told = None
    description: Told = None
    tags: tuple[Told, ...] | None = None
    help_uri: Told = None


class _Tool(Model):
    name: Told = None


class _Location(Model):
    path: Told = None
    start_line: Number | None = None
    end_line: Number | None = None


class _Instance(Model):
    ref: RefOrNone | None = None
    commit_sha: Sha | None = None
    location: _Location | None = None


class _CodeScanning(Model):
    number: Number
    html_url: Told = None
    rule: _Rule
    tool: _Tool | None = None
    most_recent_instance: _Instance | None = None
    instances: tuple[_Instance, ...] | None = None

    @property
    def instance(self) -> _Instance:
        return self.most_recent_instance or next(iter(self.instances or ()), _Instance())

    def problem(self) -> Problem:
        named, place = self.rule, self.instance.location or _Location()
        tags = [one or "" for one in named.tags or ()]
        vulnerability = alerts.advisory([named.id, *tags])
        return Problem(
            kind="vulnerability" if vulnerability else "weakness",
            rule=alerts.rule(named.id, "code-scanning"),
            title=alerts.text(named.description),
            severity=alerts.severity(named.security_severity_level, named.severity),
            cwe=alerts.cwes(tags),
            advisory=vulnerability,
            link=alerts.link(named.help_uri or self.html_url),
            places=alerts.places(place.path, place.start_line, place.end_line),
        )


class CodeScanningAlert(Alert):
    """`code_scanning_alert`."""

    alert: _CodeScanning
    ref: RefOrNone | None = None


class _Place(Model):
    type: Told = None


class SecretLocation(Alert):
    """`secret_scanning_alert_location`."""

    location: _Place


class _Affected(Model):
    package: _Package | None = None
    patched_versions: Told = None


class _Own(_Advisory):
    state: Told = None
    html_url: Told = None
    vulnerabilities: tuple[_Affected, ...] | None = None

    @property
    def is_patched(self) -> bool:
        found = self.vulnerabilities or ()
        return self.state in {"closed", "withdrawn"} or (bool(found) and all(one.patched_versions for one in found))

    def problem(self) -> Problem:
        name = alerts.advisory([self.cve_id, self.ghsa_id])
        packages = [one.package for one in self.vulnerabilities or () if one.package]
        first = packages[0] if packages else None
        return Problem(
            kind="vulnerability",
            rule=alerts.rule(name, "repository-advisory"),
            title=alerts.text(self.summary),
            severity=alerts.severity(self.severity),
            cwe=alerts.cwes([one.cwe_id for one in self.cwes or ()]),
            advisory=name,
            component=alerts.component(first.ecosystem or "", first.name) if first else "",
            link=alerts.link(self.html_url),
        )


class OwnAdvisory(Alert):
    """`repository_advisory`: a vulnerability of what the repository itself makes."""

    repository_advisory: _Own

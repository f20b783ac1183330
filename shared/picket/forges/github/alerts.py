"""GitHub's security alerts as reports.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#dependabot_alert and the sections that follow it
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field, StringConstraints

from picket.findings.model import Problem
from picket.forges.github.models import OfRepository
from picket.webhooks import alerts
from picket.webhooks.events import ForgeEvent, Ignored, ReportTold, ScanWanted
from picket.webhooks.payloads import Model, Number, Sha
from picket.webhooks.receiving import Payload

Told = Annotated[str, StringConstraints(max_length=65_536)] | None
"""Text that may be long, or missing."""
RefOrNone = Annotated[str, StringConstraints(pattern=r"^(?:refs/[^\x00-\x20\x7f~^:?*\[\\]+)?$", max_length=1024)]
_THERE = frozenset({"created", "create", "reintroduced", "reopened", "reopen", "auto_reopened", "reopened_by_user"})
_THERE_IN_A_BRANCH = _THERE | {"appeared_in_branch"}
_GONE = frozenset({"fixed", "resolve"})
_BRANCHES = "refs/heads/"
_SECRET_TOOLS = frozenset({"gitleaks", "trufflehog", "detect-secrets", "kingfisher", "ggshield"})


class _Alert(OfRepository):
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


class _Dependabot(Model):
    number: Number
    html_url: Told = None
    dependency: _Dependency
    security_advisory: _Advisory
    security_vulnerability: _Vulnerability

    def problem(self) -> Problem:
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


class _DependabotAlert(_Alert):
    alert: _Dependabot


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


class _LegacyAlert(_Alert):
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


class _CodeScanningAlert(_Alert):
    alert: _CodeScanning
    ref: RefOrNone | None = None


class _Place(Model):
    type: Told = None


class _SecretLocation(_Alert):
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


class _OwnAdvisory(_Alert):
    repository_advisory: _Own


def read(event: str, payload: Payload) -> ForgeEvent | None:
    """Say what an alert means; None where the event is none.

    Raises:
        pydantic.ValidationError: The payload does not have the shape GitHub documents.
    """
    reader = _READERS.get(event)
    return reader(payload) if reader else None


def _dependabot(told: _DependabotAlert | _LegacyAlert) -> ForgeEvent:
    """Report a vulnerable dependency; the legacy event, which names no ecosystem, is of the same alert."""
    alert = told.alert
    number = alert.number if isinstance(alert, _Dependabot) or alert.number is not None else f"id {alert.id}"
    return _reported(told, "dependabot", f"alert {number}", alert.problem())


def _legacy(payload: Payload) -> ForgeEvent:
    """Report what the legacy event tells; it did not name its repository at first."""
    return _dependabot(_LegacyAlert.model_validate(payload)) if "repository" in payload else Ignored()


def _code_scanning(told: _CodeScanningAlert) -> ForgeEvent:
    """Report what a scanner found in a branch; what it finds in a pull request, a scan of that looks at.

    What people do to an alert is told without a ref.
    """
    alert, ref = told.alert, told.ref or told.alert.instance.ref or ""
    tool = alerts.tool_name((alert.tool.name if alert.tool else "") or "", "code-scanning")
    if not ref.startswith(_BRANCHES):
        return Ignored()
    if tool in _SECRET_TOOLS:
        return _secret(told)
    commit = alert.instance.commit_sha or ""
    return _reported(told, tool, f"alert {alert.number}", alert.problem(), ref=ref, commit=commit)


def _reported(  # noqa: PLR0913 - what a report is of
    told: _Alert, tool: str, part: str, problem: Problem, *, ref: str = "", commit: str = ""
) -> ForgeEvent:
    """Report a problem, or that it is gone; a weakness that is nowhere in the repository is none of its."""
    repository = told.repository.meaning()
    if told.action in _GONE:
        return alerts.told(repository, tool, part, None, ref=ref)
    is_there = told.action in _THERE_IN_A_BRANCH and (problem.places or problem.kind != "weakness")
    return alerts.told(repository, tool, part, problem, ref=ref, commit=commit) if is_there else Ignored()


def _secret(told: _Alert) -> ForgeEvent:
    """Ask for a scan: what identifies a secret is its value, and no alert tells that."""
    return ScanWanted(told.repository.meaning()) if told.action in _THERE_IN_A_BRANCH else Ignored()


def _secret_place(told: _SecretLocation) -> ForgeEvent:
    return _secret(told) if told.location.type == "commit" else Ignored()


def _own(told: _OwnAdvisory) -> ReportTold | Ignored:
    """Report a vulnerability of what the repository itself makes, until all that it affects has patched versions."""
    if told.action not in {"reported", "published"}:
        return Ignored()
    own = told.repository_advisory
    part = f"advisory {own.ghsa_id or ''}"[:100].strip()
    problem = None if own.is_patched else own.problem()
    return alerts.told(told.repository.meaning(), "github-advisories", part, problem)


_READERS: dict[str, Callable[[Payload], ForgeEvent]] = {
    "dependabot_alert": lambda payload: _dependabot(_DependabotAlert.model_validate(payload)),
    "repository_vulnerability_alert": _legacy,
    "code_scanning_alert": lambda payload: _code_scanning(_CodeScanningAlert.model_validate(payload)),
    "secret_scanning_alert": lambda payload: _secret(_Alert.model_validate(payload)),
    "secret_scanning_alert_location": lambda payload: _secret_place(_SecretLocation.model_validate(payload)),
    "repository_advisory": lambda payload: _own(_OwnAdvisory.model_validate(payload)),
}

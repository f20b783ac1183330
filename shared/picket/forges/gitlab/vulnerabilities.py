"""GitLab's vulnerabilities as reports.

Source: https://docs.gitlab.com/user/project/integrations/webhook_events/#vulnerability-events
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from picket.errors import Malformed
from picket.findings.model import Problem
from picket.webhooks import alerts
from picket.webhooks.events import ForgeEvent, Ignored, Repository, ScanWanted, host_of
from picket.webhooks.payloads import Model, Number, Url

Told = Annotated[str, StringConstraints(max_length=65_536)] | None
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,50}$")]
_KINDS = {
    "sast": "weakness",
    "dependency_scanning": "vulnerability",
    "container_scanning": "vulnerability",
}
_SECRETS = "secret_detection"


class _Package(Model):
    name: Told = None


class _Dependency(Model):
    package: _Package | None = None


class _Location(Model):
    file: Told = None
    start_line: Number | None = None
    end_line: Number | None = None
    dependency: _Dependency | None = None


class _Identifier(Model):
    name: Told = None
    external_type: Told = None
    external_id: Told = None


class _Vulnerability(Model):
    url: Url
    project_id: Number
    title: Told = None
    state: Told = None
    severity: Told = None
    report_type: Kind
    location: _Location | None = None
    identifiers: tuple[_Identifier, ...] = Field(default=(), max_length=1_000)
    resolved_on_default_branch: bool | None = None

    @property
    def page(self) -> tuple[str, str]:
        """The project's URL, and the path of the vulnerability there."""
        project, _, path = self.url.partition("/-/")
        return project, path

    def repository(self) -> Repository:
        """Return the project; only the URL of the vulnerability's page says where it is."""
        project, path = self.page
        if not path or not host_of(project):
            raise Malformed("GitLab vulnerability payload does not fit at: object_attributes.url")
        return Repository(f"{project}.git", f"{host_of(project)}:{self.project_id}")

    def problem(self, kind: str) -> Problem:
        place = self.location or _Location()
        names = [text for one in self.identifiers for text in (one.external_id, one.name)]
        weaknesses = [
            f"CWE-{one.external_id}" for one in self.identifiers if (one.external_type or "").lower() == "cwe"
        ]
        package = place.dependency.package if place.dependency else None
        vulnerability = alerts.advisory(names) if kind == "vulnerability" else ""
        first = self.identifiers[0] if self.identifiers else _Identifier()
        return Problem(
            kind=kind,
            rule=alerts.rule(vulnerability or first.external_id or first.name, self.report_type),
            title=alerts.text(self.title),
            severity=alerts.severity(self.severity),
            cwe=alerts.cwes([*weaknesses, *names]),
            advisory=vulnerability,
            component=alerts.text(package.name if package else "") if kind == "vulnerability" else "",
            link=alerts.link(self.url),
            places=alerts.places(place.file, place.start_line, place.end_line),
        )


class _VulnerabilityEvent(Model):
    object_attributes: _Vulnerability


def read(payload: dict[str, Any]) -> ForgeEvent:
    """Say what a vulnerability's event means: a problem, that it is gone, or nothing where people have decided.

    Raises:
        Malformed: The payload does not say where its project is.
        pydantic.ValidationError: The payload does not have the shape GitLab documents.
    """
    told = _VulnerabilityEvent.model_validate(payload).object_attributes
    is_gone = told.state == "resolved" or bool(told.resolved_on_default_branch)
    is_there = told.state in {"detected", "confirmed"} and not is_gone
    repository = told.repository()
    if told.report_type == _SECRETS:
        return ScanWanted(repository) if is_there else Ignored()
    kind = _KINDS.get(told.report_type, "")
    if not kind or not (is_there or is_gone):
        return Ignored()
    tool = f"gitlab-{told.report_type.replace('_', '-')}"
    part = f"vulnerability {told.page[1].rpartition('/')[2]}"[:100]
    problem = told.problem(kind) if is_there else None
    if problem and kind == "weakness" and not problem.places:
        return Ignored()  # nothing says which statement it is
    return alerts.told(repository, tool, part, problem)

"""GitHub's security alerts as reports.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#dependabot_alert and the sections that follow it
"""

from __future__ import annotations

from collections.abc import Callable

from picket.findings.model import Problem
from picket.forges.github.alert_models import (
    Alert,
    CodeScanningAlert,
    Dependabot,
    DependabotAlert,
    LegacyAlert,
    OwnAdvisory,
    SecretLocation,
)
from picket.webhooks import alerts
from picket.webhooks.events import ForgeEvent, Ignored, ReportTold, ScanWanted
from picket.webhooks.receiving import Payload

_THERE = frozenset({"created", "create", "reintroduced", "reopened", "reopen", "auto_reopened", "reopened_by_user"})
_THERE_IN_A_BRANCH = _THERE | {"appeared_in_branch"}
_GONE = frozenset({"fixed", "resolve"})
_BRANCHES = "refs/heads/"
_SECRET_TOOLS = frozenset({"gitleaks", "trufflehog", "detect-secrets", "kingfisher", "ggshield"})


def read(event: str, payload: Payload) -> ForgeEvent | None:
    """Say what an alert means; None where the event is none.

    Raises:
        pydantic.ValidationError: The payload does not have the shape GitHub documents.
    """
    reader = _READERS.get(event)
    return reader(payload) if reader else None


def _dependabot(told: DependabotAlert | LegacyAlert) -> ForgeEvent:
    """Report a vulnerable dependency; the legacy event, which names no ecosystem, is of the same alert."""
    alert = told.alert
    number = alert.number if isinstance(alert, Dependabot) or alert.number is not None else f"id {alert.id}"
    return _reported(told, "dependabot", f"alert {number}", alert.problem())


def _legacy(payload: Payload) -> ForgeEvent:
    """Report what the legacy event tells; it did not name its repository at first."""
    return _dependabot(LegacyAlert.model_validate(payload)) if "repository" in payload else Ignored()


def _code_scanning(told: CodeScanningAlert) -> ForgeEvent:
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
    told: Alert, tool: str, part: str, problem: Problem, *, ref: str = "", commit: str = ""
) -> ForgeEvent:
    """Report a problem, or that it is gone; a weakness that is nowhere in the repository is none of its."""
    repository = told.repository.meaning()
    if told.action in _GONE:
        return alerts.told(repository, tool, part, None, ref=ref)
    is_there = told.action in _THERE_IN_A_BRANCH and (problem.places or problem.kind != "weakness")
    return alerts.told(repository, tool, part, problem, ref=ref, commit=commit) if is_there else Ignored()


def _secret(told: Alert) -> ForgeEvent:
    """Ask for a scan: what identifies a secret is its value, and no alert tells that."""
    return ScanWanted(told.repository.meaning()) if told.action in _THERE_IN_A_BRANCH else Ignored()


def _secret_place(told: SecretLocation) -> ForgeEvent:
    return _secret(told) if told.location.type == "commit" else Ignored()


def _own(told: OwnAdvisory) -> ReportTold | Ignored:
    """Report a vulnerability of what the repository itself makes, until all that it affects has patched versions."""
    if told.action not in {"reported", "published"}:
        return Ignored()
    own = told.repository_advisory
    part = f"advisory {own.ghsa_id or ''}"[:100].strip()
    problem = None if own.is_patched else own.problem()
    return alerts.told(told.repository.meaning(), "github-advisories", part, problem)


_READERS: dict[str, Callable[[Payload], ForgeEvent]] = {
    "dependabot_alert": lambda payload: _dependabot(DependabotAlert.model_validate(payload)),
    "repository_vulnerability_alert": _legacy,
    "code_scanning_alert": lambda payload: _code_scanning(CodeScanningAlert.model_validate(payload)),
    "secret_scanning_alert": lambda payload: _secret(Alert.model_validate(payload)),
    "secret_scanning_alert_location": lambda payload: _secret_place(SecretLocation.model_validate(payload)),
    "repository_advisory": lambda payload: _own(OwnAdvisory.model_validate(payload)),
}

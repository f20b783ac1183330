"""What forges' alerts have in common: each is a report of one problem, complete in itself.

An alert is a part of what its tool reports, named by its number: a report of that part without a problem says that the
problem is gone. What people have decided at the forge, such as a dismissal, says nothing of the problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from picket.events import Severity
from picket.findings.model import Place, Problem, Report
from picket.webhooks.events import ReportTold, Repository

_ADVISORY = re.compile(r"\b(?:CVE-[0-9]{4}-[0-9]{4,}|GHSA(?:-[0-9a-z]{4}){3})\b", re.IGNORECASE)
_CWE = re.compile(r"\bcwe[-/_ ]?0*([1-9][0-9]{0,4})\b", re.IGNORECASE)
_NO_NAME = re.compile(r"[^a-z0-9._]+")
_MOST = {"tool": 64, "rule": 200, "text": 1_000, "path": 4_096}
SEVERITIES: dict[str, Severity] = {
    "critical": "critical",
    "high": "high",
    "error": "high",
    "medium": "medium",
    "moderate": "medium",
    "warning": "medium",
    "low": "low",
    "note": "low",
    "info": "info",
}
_TYPES = {
    "npm": "npm",
    "pip": "pypi",
    "maven": "maven",
    "rubygems": "gem",
    "nuget": "nuget",
    "composer": "composer",
    "go": "golang",
    "rust": "cargo",
    "actions": "githubactions",
    "pub": "pub",
    "erlang": "hex",
    "swift": "swift",
}
"""Ecosystems as GitHub calls them, and as package URLs do. Source: https://github.com/package-url/purl-spec."""


def told(  # noqa: PLR0913 - what a report is of
    repository: Repository, tool: str, part: str, problem: Problem | None, *, ref: str = "", commit: str = ""
) -> ReportTold:
    """Return what an alert reports: a problem, or that there is none any more."""
    report = Report(problems=(problem,) if problem else ())
    return ReportTold(repository, tool, report, ref=ref, commit=commit, complete=True, part=part)


def severity(*names: str | None) -> Severity:
    """Return the first of these severities that is one; medium where none is."""
    known = (SEVERITIES.get((name or "").lower()) for name in names)
    return next((one for one in known if one), "medium")


def advisory(texts: Iterable[str | None]) -> str:
    """Return the id of the vulnerability that texts name, a CVE before GitHub's own; empty where they name none."""
    found = sorted(each[0].upper() for text in texts for each in _ADVISORY.finditer(text or ""))
    return f"GHSA{found[0][4:].lower()}" if found and found[0].startswith("GHSA") else (found[0] if found else "")


def cwes(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Return the weaknesses that texts name, lowest first."""
    numbers = {int(number) for text in texts for number in _CWE.findall(text or "")}
    return tuple(f"CWE-{number}" for number in sorted(numbers)[:50])


def component(ecosystem: str, name: str) -> str:
    """Return a package URL without a version; the name alone where the ecosystem has no type there."""
    kind = _TYPES.get(ecosystem.lower(), "")
    path = name.replace(":", "/") if kind == "maven" else name
    folded = path.lower().replace("_", "-") if kind == "pypi" else path
    return text(f"pkg:{kind}/{quote(folded, safe='/')}" if kind else name)


def places(path: str | None, first: int | None = 0, last: int | None = 0) -> tuple[Place, ...]:
    """Return where a problem shows: nowhere where the path does not lead into the repository."""
    name = path or ""
    if not name or name.startswith("/") or "://" in name or ".." in name.split("/") or len(name) > _MOST["path"]:
        return ()
    start = max(0, first or 0)
    return (Place(path=name, start_line=start, end_line=max(start, last or 0)),)


def tool_name(name: str, otherwise: str) -> str:
    """Return the name of a tool as reports have it: lower case, no blanks."""
    return _NO_NAME.sub("-", name.lower()).strip("-._")[: _MOST["tool"]] or otherwise


def rule(name: str | None, otherwise: str) -> str:
    """Return the name of a rule, as long as it may be."""
    return (name or "")[: _MOST["rule"]] or otherwise


def text(value: str | None) -> str:
    """Return text that is shown, as long as it may be."""
    return (value or "")[: _MOST["text"]]


def link(url: str | None) -> str:
    """Return a link that a page may show; empty where it is none."""
    return text(url) if (url or "").startswith(("https://", "http://")) else ""

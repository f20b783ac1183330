"""SARIF documents, as tools write them."""

from typing import Any


def place(path: str, line: int, **region: Any) -> dict[str, Any]:
    """Return a location."""
    where = {"artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%"}}
    return {"physicalLocation": {**where, "region": {"startLine": line, **region}}}


def result(rule: str, path: str, line: int, **more: Any) -> dict[str, Any]:
    """Return a result."""
    return {"ruleId": rule, "message": {"text": f"{rule} here"}, "locations": [place(path, line)], **more}


def rule(name: str, *tags: str, severity: str = "8.1", **more: Any) -> dict[str, Any]:
    """Return a rule with a severity as CVSS score."""
    told = {"tags": list(tags), "security-severity": severity, "precision": "high"}
    return {"id": name, "shortDescription": {"text": f"What {name} finds"}, "properties": told, **more}


def document(*results: dict[str, Any], rules: tuple[dict[str, Any], ...] = (), **run: Any) -> dict[str, Any]:
    """Return a document of one run."""
    driver = {"name": "t", "version": "1.2.3", "rules": list(rules)}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results), **run}]}

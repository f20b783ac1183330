"""SARIF 2.1.0, which code-scanning pages show. Source: OASIS standard sarif-v2.1.0."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from picket.changes import MESSAGE
from picket.scanning.result import Json, Result

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# GitHub's bands: critical is above 9.0, high from 7.0, medium from 4.0.
_SECURITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": "0.0"}
_MOST_PLACES = 100


def as_sarif(result: Result) -> str:
    """One run; a result for each finding, at its oldest occurrence, the others related to it."""
    rules = list({finding["rule"]: finding for finding in result.findings}.values())
    index = {finding["rule"]: number for number, finding in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "Picket", "version": version("picket"), "rules": [_rule(each) for each in rules]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The top of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": result.succeeded,
                "toolExecutionNotifications": [_notice(e, is_error=not result.succeeded) for e in result.errors],
            }
        ],
        "results": [_result(finding, index[finding["rule"]]) for finding in result.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(finding: Json) -> Json:
    text = ". ".join(
        part.rstrip(".") for part in (finding["description"] or finding["rule"], finding["remediation"]) if part
    )
    told: Json = {
        "id": finding["rule"],
        "name": "".join(part.capitalize() for part in finding["rule"].split("-")),
        "shortDescription": {"text": finding["description"] or finding["rule"]},
        "fullDescription": {"text": text},
        "help": {"text": text},
        "defaultConfiguration": {"level": _LEVELS[finding["severity"]]},
        "properties": {
            "tags": ["security", "secret"],
            "security-severity": _SECURITY[finding["severity"]],
            "precision": "high",
        },
    }
    return {**told, "helpUri": finding["doc_url"]} if finding["doc_url"] else told


def _result(finding: Json, index: int) -> Json:
    others = finding["occurrences"][1:_MOST_PLACES]
    text = f"{finding['description'] or finding['rule']} {finding['redacted']}"
    told: Json = {
        "ruleId": finding["rule"],
        "ruleIndex": index,
        "level": _LEVELS[finding["severity"]],
        "message": {"text": f"{text} ({_since(finding)}, confidence {finding['confidence']:.2f})"},
        "locations": [_location(finding)],
        "partialFingerprints": {"picketSecret/v1": finding["id"]},
        "properties": {
            "confidence": finding["confidence"],
            "severity": finding["severity"],
            "reasons": finding["reasons"],
            "commit": finding["commit"],
            "author": finding["author"],
            "email": finding["email"],
            "date": finding["date"],
            **({"unreachable": finding["unreachable"]} if "unreachable" in finding else {}),
            **({"verification": finding["verification"]} if "verification" in finding else {}),
        },
    }
    return (
        {**told, "relatedLocations": [_location(each, number) for number, each in enumerate(others)]}
        if others
        else told
    )


def _since(finding: Json) -> str:
    reach = "unreachable, " if finding.get("unreachable") else ""
    return reach + (f"since commit {finding['commit'][:12]}" if finding["commit"] else "not committed")


def _location(place: Json, number: int | None = None) -> dict[str, Any]:
    region = {
        "startLine": place["start_line"],
        "startColumn": place["start_column"],
        "endLine": place["end_line"],
        "endColumn": place["end_column"] + 1,  # SARIF's is the column after the last character
    }
    artifact = {"uri": place["uri"], "uriBaseId": "SRCROOT"}
    told: Json = {"physicalLocation": {"artifactLocation": artifact, "region": region}}
    if not place["path"] and "blob" in place:
        told = {"logicalLocations": [{"name": f"blob {place['blob']}", "fullyQualifiedName": f"blob {place['blob']}"}]}
    elif not place["path"]:
        told = {"logicalLocations": [{"name": MESSAGE, "fullyQualifiedName": f"{place['commit']}:{MESSAGE}"}]}
    return told if number is None else {"id": number, **told, "message": {"text": f"in {_holder(place)}"}}


def _holder(place: Json) -> str:
    return f"commit {place['commit']}" if place["commit"] else f"blob {place.get('blob', '')}".strip()


def _notice(error: Json, *, is_error: bool) -> Json:
    level = "error" if is_error and not error["is_limit"] else "warning"
    return {"level": level, "message": {"text": f"{error['path']}: {error['reason']}"}}

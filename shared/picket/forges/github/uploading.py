"""Findings of a pull request as SARIF for GitHub's code scanning.

Only a pull request's: an upload stands for all that its ref has, and what it leaves out is closed there. All that the
commits of a pull request bring is known; of a branch, what was there before Picket is not.

Source: https://docs.github.com/en/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any
from urllib.parse import quote

from picket.forges.github.review import repository
from picket.forges.request import Request, with_json
from picket.forges.reviewing import Remark, Review, place, plain

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_RULE = {
    "id": "leaked-credential",
    "name": "LeakedCredential",
    "shortDescription": {"text": "Leaked credential"},
    "fullDescription": {"text": "A credential that stands in the repository can be used by whoever can read it."},
    "properties": {"tags": ["security", "secret"], "security-severity": "8.0"},
}


def upload(shown: Review) -> Request:
    """Return the request that uploads what a pull request brings; no text of the repository's but paths is in it."""
    driver = {"name": "Picket", "rules": [_RULE]}
    run = {"tool": {"driver": driver}, "results": [_result(remark) for remark in shown.remarks]}
    run |= {"automationDetails": {"id": f"{shown.commit.context}/"}}
    document = json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}).encode()
    told = {
        "commit_sha": shown.commit.sha,
        "ref": f"refs/pull/{shown.number}/head",
        "sarif": base64.b64encode(gzip.compress(document, mtime=0)).decode(),
    }
    return with_json("POST", f"{repository(shown.commit)}/code-scanning/sarifs", told)


def _result(remark: Remark) -> dict[str, Any]:
    region = {"region": {"startLine": max(1, remark.line)}}
    where = {"physicalLocation": {"artifactLocation": {"uri": _uri(place(remark))}, **region}}
    return {
        "ruleId": _RULE["id"],
        "ruleIndex": 0,
        "level": _LEVELS.get(remark.severity, "warning"),
        "message": {"text": plain(remark.text)},
        "locations": [where],
        "partialFingerprints": {"picketFinding/v1": remark.finding},
    }


def _uri(path: str) -> str:
    """Return a path as a relative URI. Source: RFC 3986, 4.2: a colon in the first segment would begin a scheme."""
    return quote(path, safe="/")

"""Reports on configuration."""

from __future__ import annotations

from typing import Any

CHECKOV: dict[str, Any] = {
    "check_type": "kubernetes",
    "results": {
        "passed_checks": [],
        "failed_checks": [
            {
                "check_id": "CKV_K8S_16",
                "bc_check_id": None,
                "check_name": "Container should not be privileged",
                "check_result": {
                    "result": "FAILED",
                    "evaluated_keys": ["spec/containers/[0]/securityContext/privileged", "resource_type"],
                },
                "code_block": None,
                "file_path": "/k8s/web.yaml",
                "file_abs_path": "/tree/k8s/web.yaml",
                "repo_file_path": "/k8s/web.yaml",
                "file_line_range": [1, 15],
                "resource": "Deployment.default.web",
                "severity": None,
                "vulnerability_details": None,
                "guideline": None,
            }
        ],
        "skipped_checks": [],
        "parsing_errors": [],
    },
    "summary": {"passed": 1, "failed": 1, "skipped": 0, "parsing_errors": 0, "checkov_version": "3.3.30"},
    "url": "Add an api key",
}
CHECKOV_OF_NOTHING: dict[str, Any] = {
    "passed": 0,
    "failed": 0,
    "skipped": 0,
    "parsing_errors": 0,
    "resource_count": 0,
    "checkov_version": "3.3.30",
}


def zizmor_location(kind: str, row: int, path: str = "./.github/workflows/ci.yaml") -> dict[str, Any]:
    """Return a location of zizmor's."""
    return {
        "symbolic": {
            "key": {"Local": {"verbatim_path": path}},
            "annotation": "may expand into attacker-controllable code",
            "route": {"route": [{"Key": "jobs"}, {"Key": "build"}, {"Key": "steps"}, {"Index": 0}, {"Key": "run"}]},
            "feature_kind": "Normal",
            "kind": kind,
        },
        "concrete": {
            "location": {
                "start_point": {"row": row, "column": 8},
                "end_point": {"row": row, "column": 33},
                "offset_span": {"start": 94, "end": 119},
            },
            "feature": "run: echo",
            "comments": [],
        },
    }


ZIZMOR: list[dict[str, Any]] = [
    {
        "ident": "template-injection",
        "desc": "code injection via template expansion",
        "url": "https://docs.zizmor.sh/audits/#template-injection",
        "determinations": {"confidence": "High", "severity": "High", "persona": "Regular"},
        "locations": [zizmor_location("Hidden", 3), zizmor_location("Primary", 6)],
        "ignored": False,
    }
]

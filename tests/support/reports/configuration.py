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
KUBECONFORM: dict[str, Any] = {
    "resources": [
        {
            "filename": "k8s/web.yaml",
            "kind": "Deployment",
            "name": "web",
            "version": "apps/v1",
            "status": "statusInvalid",
            "msg": "problem validating schema: the-value-itself",
            "validationErrors": [{"path": "/spec/replicas", "msg": "got string, want integer"}],
        },
        {"filename": "k8s/other.yaml", "kind": "Service", "name": "web", "status": "statusValid", "msg": ""},
    ],
    "summary": {"valid": 1, "invalid": 1, "errors": 0, "skipped": 0},
}
HELM = """==> Linting deploy/chart
[INFO] Chart.yaml: icon is recommended
[ERROR] templates/a.yaml: unable to parse YAML: the-value-itself

==> Linting .
[WARNING] templates/b.yaml: object name does not conform to Kubernetes naming requirements

"""
NMAP = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap" args="nmap -oX - -- 192.0.2.1" version="7.93" xmloutputversion="1.05">
<host><status state="up" reason="user-set"/><address addr="192.0.2.1" addrtype="ipv4"/>
<ports>
<port protocol="tcp" portid="443"><state state="open" reason="syn-ack"/>
<service name="https" product="nginx" version="1.18" method="probed" conf="10"/></port>
<port protocol="tcp" portid="21"><state state="closed" reason="conn-refused"/></port>
<port protocol="tcp" portid="22"><state state="filtered" reason="no-response"/></port>
</ports></host>
<runstats><finished time="1795780008" exit="success"/><hosts up="1" down="0" total="1"/></runstats>
</nmaprun>
"""

EXPOSURE: dict[str, Any] = {
    "tool": "picket.exposure",
    "version": "0.1.0",
    "problems": [
        {
            "kind": "exposure",
            "rule": "ingress-from-internet",
            "title": "Deployment web in namespace shop: the internet reaches TCP/8080 through Service web",
            "severity": "high",
            "confidence": 0.9,
            "resource": "shop/Deployment/web",
            "attribute": "TCP/8080",
            "remediation": "Let in less.",
            "places": [{"path": "k8s/web.yaml", "start_line": 2, "end_line": 2, "start_column": 0, "end_column": 0}],
        }
    ],
    "left_out": [{"where": "shop/Chart.yaml", "reason": "helm is not installed"}],
    "svg": "<svg></svg>",
}

"""Reports of scanners of images and hosts, and of GitLab's pipelines."""

from __future__ import annotations

from typing import Any

from tests.support.reports.credentials import SECRET

NUCLEI: list[dict[str, Any]] = [
    {
        "template": "http/cves/2099/CVE-2099-41.yaml",
        "template-id": "CVE-2099-41",
        "matcher-name": "body",
        "info": {
            "name": "Made up",
            "severity": "critical",
            "tags": ["cve", "cve2099", "rce"],
            "reference": ["https://example.com/advisory"],
            "remediation": "Update it",
            "classification": {
                "cve-id": ["cve-2099-41"],
                "cwe-id": ["cwe-502"],
                "cvss-score": 9.8,
                "epss-score": 0.5,
            },
            "metadata": {"vendor": "example", "product": "made-up"},
        },
        "type": "http",
        "host": "https://shop.example.com",
        "matched-at": f"https://me:{SECRET}@shop.example.com:8443/admin?token={SECRET}#{SECRET}",
        "extracted-results": [SECRET],
        "request": f"GET / HTTP/1.1\r\nAuthorization: {SECRET}\r\n",
        "response": f"HTTP/1.1 200 OK\r\nSet-Cookie: {SECRET}\r\n",
        "curl-command": f"curl -H 'Authorization: {SECRET}' https://shop.example.com",
        "matcher-status": True,
        "timestamp": "2099-01-01T00:00:00Z",
    },
    {
        "template-id": "tech-detect",
        "matcher-name": "nginx",
        "info": {"name": "Technologies", "severity": "info", "tags": "tech,discovery", "classification": None},
        "type": "http",
        "host": "shop.example.com:443",
    },
    {
        "templateID": "git-config",
        "info": {"name": "Git configuration", "severity": "medium", "tags": ["config", "git", "exposure"]},
        "type": "http",
        "matched": "https://shop.example.com/.git/config",
    },
]
AQUA: dict[str, Any] = {
    "image": "shop/web:1",
    "registry": "Docker Hub",
    "digest": "sha256:1",
    "os": "debian",
    "version": "12.0",
    "resources": [
        {
            "resource": {
                "format": "deb",
                "name": "openssl",
                "version": "3.0.9-1",
                "arch": "amd64",
                "cpe": "cpe:/a:openssl:openssl:3.0.9-1",
                "layer_digest": "sha256:2",
            },
            "scanned": True,
            "vulnerabilities": [
                {
                    "name": "CVE-2099-7",
                    "description": "Made up",
                    "nvd_score": 10.0,
                    "nvd_score_v3": 7.5,
                    "nvd_severity": "critical",
                    "nvd_severity_v3": "high",
                    "vendor_severity": "low",
                    "aqua_severity": "medium",
                    "nvd_url": "https://nvd.nist.gov/vuln/detail/CVE-2099-7",
                    "fix_version": "3.0.10-1",
                }
            ],
        },
        *(
            {
                "resource": {
                    "format": "",
                    "name": "lodash",
                    "version": "4.17.0",
                    "path": f"/app/{folder}/package.json",
                    "cpe": "pkg:/npm:*:lodash:4.17.0",
                    "sensitive_items": None,
                },
                "vulnerabilities": [{"name": "CVE-2099-5", "nvd_score_v3": 7.5}],
            }
            for folder in ("a", "b")
        ),
        {"resource": {"path": "/app/key.pem", "sensitive_items": [SECRET]}, "vulnerabilities": None},
    ],
}
AQUA_FORMERLY: dict[str, Any] = {
    "cves": [{"file": "/usr/lib/libssl.so", "name": "CVE-2099-7", "score": "7.5", "solution": "Update it"}]
}


def gitlab(kind: str, scanner: str, *vulnerabilities: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a security report of GitLab's."""
    return {
        "version": "15.2.1",
        "scan": {
            "type": kind,
            "status": "success",
            "analyzer": {"id": scanner, "name": scanner, "version": "6.0.0", "vendor": {"name": "GitLab"}},
            "scanner": {"id": scanner, "name": scanner, "version": "1.2.3", "vendor": {"name": "GitLab"}},
            "start_time": "2099-01-01T00:00:00",
            "end_time": "2099-01-01T00:00:01",
        },
        "vulnerabilities": list(vulnerabilities),
        **more,
    }


GITLAB: dict[str, Any] = gitlab(
    "sast",
    "semgrep",
    {
        "id": "1",
        "category": "sast",
        "name": "Use of a weak hash",
        "description": "Made up",
        "severity": "High",
        "confidence": "High",
        "location": {"file": "shop/hashes.py", "start_line": 7, "end_line": 8},
        "identifiers": [
            {"type": "cwe", "name": "CWE-327", "value": "327"},
            {"type": "owasp", "name": "A03:2021", "value": "A03:2021"},
            {"type": "semgrep_id", "name": "bandit.B303-1", "value": "bandit.B303-1", "url": "https://semgrep.dev/r/x"},
        ],
    },
)
GITLAB_SECRETS: dict[str, Any] = gitlab(
    "secret_detection",
    "gitleaks",
    {
        "name": "GitHub personal access token",
        "description": f"{SECRET} was found",
        "severity": "Critical",
        "raw_source_code_extract": SECRET,
        "location": {"file": "settings.py", "start_line": 3, "commit": {"sha": "0000000"}},
        "identifiers": [{"type": "gitleaks_rule_id", "name": "Gitleaks rule ID GitHub", "value": "github-pat"}],
    },
)
GITLAB_DEPENDENCIES: dict[str, Any] = gitlab(
    "dependency_scanning",
    "gemnasium",
    {
        "name": "Made up",
        "severity": "Unknown",
        "solution": "Upgrade it",
        "location": {
            "file": "app/pom.xml",
            "dependency": {"package": {"name": "com.example/made-up"}, "version": "1.2"},
        },
        "identifiers": [
            {"type": "gemnasium", "name": "Gemnasium-1", "value": "1"},
            {"type": "cve", "name": "CVE-2099-8", "value": "CVE-2099-8", "url": "https://example.com/8"},
            {"type": "ghsa", "name": "GHSA-2222-3333-7777", "value": "GHSA-2222-3333-7777"},
            {"type": "cwe", "name": "CWE-502", "value": "502"},
        ],
    },
    dependency_files=[{"path": "app/pom.xml", "package_manager": "maven", "dependencies": []}],
)
GITLAB_IMAGE: dict[str, Any] = gitlab(
    "container_scanning",
    "trivy",
    {
        "name": "CVE-2099-7",
        "severity": "Medium",
        "location": {
            "image": "shop/web:1",
            "operating_system": "debian 12.0",
            "dependency": {"package": {"name": "openssl"}, "version": "3.0.9-1"},
        },
        "identifiers": [{"type": "cve", "name": "CVE-2099-7", "value": "CVE-2099-7"}],
    },
)

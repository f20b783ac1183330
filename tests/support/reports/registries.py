"""Reports of tools that ask registries for advisories of packages."""

from __future__ import annotations

from typing import Any

NPM_AUDIT: dict[str, Any] = {
    "auditReportVersion": 2,
    "vulnerabilities": {
        "lodash": {
            "name": "lodash",
            "severity": "critical",
            "isDirect": False,
            "via": [
                {
                    "source": 1090001,
                    "name": "lodash",
                    "dependency": "lodash",
                    "title": "Made up in lodash",
                    "url": "https://github.com/advisories/GHSA-2222-3333-5555",
                    "severity": "moderate",
                    "cwe": ["CWE-1321"],
                    "cvss": {"score": 5.3, "vectorString": "x"},
                    "range": "<4.17.21",
                }
            ],
            "effects": ["shop-ui"],
            "range": "<4.17.21",
            "nodes": ["node_modules/lodash", "node_modules/shop-ui/node_modules/lodash"],
            "fixAvailable": True,
        },
        "shop-ui": {
            "name": "shop-ui",
            "severity": "critical",
            "isDirect": True,
            "via": ["lodash"],
            "effects": [],
            "range": "*",
            "nodes": ["node_modules/shop-ui"],
            "fixAvailable": {"name": "shop-ui", "version": "2.0.0", "isSemVerMajor": True},
        },
    },
    "metadata": {"vulnerabilities": {"moderate": 1}},
}
NPM_AUDIT_6: dict[str, Any] = {
    "actions": [],
    "advisories": {
        "1065": {
            "id": 1065,
            "findings": [{"version": "4.17.0", "paths": ["lodash", "a>lodash"]}],
            "module_name": "lodash",
            "github_advisory_id": "GHSA-2222-3333-5555",
            "cves": ["CVE-2099-5"],
            "cwe": "CWE-1321",
            "title": "Made up in lodash",
            "severity": "high",
            "patched_versions": ">=4.17.12",
            "url": "https://npmjs.com/advisories/1065",
        }
    },
    "muted": [],
    "metadata": {"vulnerabilities": {"high": 1}},
}
NPM_AUDIT_ERROR: dict[str, Any] = {
    "message": "405 Method Not Allowed",
    "error": {
        "code": "ENOAUDIT",
        "summary": "Your configured registry does not support audit requests.",
        "detail": "x",
    },
}
PIP_AUDIT: dict[str, Any] = {
    "dependencies": [
        {
            "name": "django",
            "version": "4.0.0",
            "vulns": [
                {
                    "id": "PYSEC-2099-1",
                    "fix_versions": ["4.0.1", "4.1.2"],
                    "aliases": ["CVE-2099-1001", "GHSA-2222-3333-4444"],
                    "description": "Made up",
                }
            ],
        },
        {"name": "requests", "version": "2.0.0", "vulns": []},
    ],
    "fixes": [],
}
DEPENDENCY_CHECK: dict[str, Any] = {
    "reportSchema": "1.1",
    "scanInfo": {"engineVersion": "12.1.0", "dataSource": [{"name": "NVD API Last Checked", "timestamp": "x"}]},
    "projectInfo": {"name": "shop", "reportDate": "2099-01-01T00:00:00Z"},
    "dependencies": [
        {
            "isVirtual": False,
            "fileName": "made-up-1.2.jar",
            "filePath": "/src/lib/made-up-1.2.jar",
            "packages": [
                {"id": "pkg:javascript/other@1.2", "confidence": "LOW"},
                {"id": "pkg:maven/com.example/made-up@1.2", "confidence": "HIGH", "url": "https://example.com"},
            ],
            "vulnerabilityIds": [{"id": "cpe:2.3:a:example:made-up:1.2:*:*:*:*:*:*:*", "confidence": "HIGHEST"}],
            "vulnerabilities": [
                {
                    "source": "NVD",
                    "name": "CVE-2099-8",
                    "severity": "CRITICAL",
                    "cvssv2": {"score": 10.0, "severity": "HIGH"},
                    "cvssv3": {"baseScore": 9.8, "baseSeverity": "CRITICAL"},
                    "cwes": ["CWE-502"],
                    "description": "Made up",
                }
            ],
            "suppressedVulnerabilities": [{"source": "NVD", "name": "CVE-2099-9", "severity": "HIGH"}],
        }
    ],
}

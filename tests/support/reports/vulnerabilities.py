"""Reports on vulnerabilities of what a repository or image uses."""

from __future__ import annotations

from typing import Any

OSV_SCANNER: dict[str, Any] = {
    "results": [
        {
            "source": {"path": "requirements.txt", "type": "lockfile"},
            "packages": [
                {
                    "package": {"name": "django", "version": "4.0.0", "ecosystem": "PyPI"},
                    "groups": [
                        {
                            "ids": ["GHSA-2222-3333-4444", "PYSEC-2099-1"],
                            "aliases": ["CVE-2099-1001", "GHSA-2222-3333-4444", "PYSEC-2099-1"],
                            "max_severity": "9.8",
                        }
                    ],
                    "vulnerabilities": [
                        {
                            "id": "GHSA-2222-3333-4444",
                            "aliases": ["CVE-2099-1001"],
                            "summary": "Made up",
                            "affected": [
                                {
                                    "package": {"ecosystem": "PyPI", "name": "Django"},
                                    "ranges": [
                                        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "4.0.1"}]},
                                        {"type": "ECOSYSTEM", "events": [{"introduced": "4.1"}, {"fixed": "4.1.2"}]},
                                    ],
                                },
                                {
                                    "package": {"ecosystem": "npm", "name": "django"},
                                    "ranges": [{"type": "SEMVER", "events": [{"fixed": "9.9.9"}]}],
                                },
                            ],
                            "database_specific": {"severity": "MODERATE"},
                        },
                        {"id": "PYSEC-2099-1", "aliases": ["CVE-2099-1001"], "affected": []},
                    ],
                }
            ],
        }
    ],
    "experimental_config": {"licenses": {"summary": False, "allowlist": None}},
}
OSV_SCANNER_OF_AN_IMAGE: dict[str, Any] = {
    "results": [
        {
            "source": {"path": "/var/lib/dpkg/status", "type": "os"},
            "packages": [
                {
                    "package": {
                        "name": "openssl",
                        "os_package_name": "libssl3",
                        "version": "3.0.9-1",
                        "ecosystem": "Debian:12",
                        "image_origin_details": {"index": 0},
                    },
                    "groups": [{"ids": ["DEBIAN-CVE-2099-7"], "aliases": ["CVE-2099-7"], "max_severity": ""}],
                    "vulnerabilities": [{"id": "DEBIAN-CVE-2099-7"}],
                }
            ],
        }
    ],
    "experimental_config": {},
    "image_metadata": {"os": "Debian", "layer_metadata": [], "base_images": [[]]},
}
TRIVY: dict[str, Any] = {
    "SchemaVersion": 2,
    "Trivy": {"Version": "0.74.0"},
    "ArtifactName": ".",
    "ArtifactType": "filesystem",
    "Results": [
        {
            "Target": "package-lock.json",
            "Class": "lang-pkgs",
            "Type": "npm",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2099-5",
                    "VendorIDs": ["GHSA-2222-3333-5555", "DSA-1-1"],
                    "PkgID": "@a/lodash@4.17.0",
                    "PkgName": "@a/lodash",
                    "PkgIdentifier": {"PURL": "pkg:npm/%40a/lodash@4.17.0", "UID": "1"},
                    "InstalledVersion": "4.17.0",
                    "FixedVersion": "4.17.1, 5.0.0",
                    "Status": "fixed",
                    "SeveritySource": "ghsa",
                    "PrimaryURL": "https://avd.aquasec.com/nvd/cve-2099-5",
                    "Title": "Made up",
                    "Severity": "HIGH",
                    "CweIDs": ["CWE-1321"],
                    "CVSS": {"ghsa": {"V3Vector": "x", "V3Score": 7.5}, "nvd": {"V3Score": 9.8}},
                    "Fingerprint": "sha256:1",
                }
            ],
        },
        {
            "Target": "k8s/web.yaml",
            "Class": "config",
            "Type": "kubernetes",
            "Misconfigurations": [
                {
                    "Type": "Kubernetes Security Check",
                    "ID": "KSV-0017",
                    "Title": "Privileged",
                    "Message": "Container 'web' of Deployment 'web' should set privileged to false",
                    "Resolution": "Change it",
                    "Severity": "HIGH",
                    "PrimaryURL": "https://avd.aquasec.com/misconfig/ksv-0017",
                    "Status": "FAIL",
                    "CauseMetadata": {"Provider": "Kubernetes", "Service": "general", "StartLine": 12, "EndLine": 15},
                }
            ],
        },
        {
            "Target": "settings.py",
            "Class": "secret",
            "Secrets": [
                {
                    "RuleID": "github-pat",
                    "Category": "GitHub",
                    "Severity": "CRITICAL",
                    "Title": "GitHub Personal Access Token",
                    "StartLine": 1,
                    "EndLine": 1,
                    "Match": "TOKEN = half-masked****",
                }
            ],
        },
    ],
}
TRIVY_OF_AN_IMAGE: dict[str, Any] = {
    "SchemaVersion": 2,
    "ArtifactName": "a/b:1",
    "ArtifactType": "container_image",
    "Results": [
        {
            "Target": "a/b:1 (debian 12.0)",
            "Class": "os-pkgs",
            "Type": "debian",
            "Packages": [{"ID": "libssl3@3.0.9-1", "Name": "libssl3", "SrcName": "openssl"}],
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2099-7",
                    "VendorIDs": ["DSA-9999-1"],
                    "PkgID": "libssl3@3.0.9-1",
                    "PkgName": "libssl3",
                    "PkgIdentifier": {"PURL": "pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12"},
                    "InstalledVersion": "3.0.9-1",
                    "Status": "affected",
                    "Severity": "UNKNOWN",
                }
            ],
        },
        {
            "Target": "Python",
            "Class": "lang-pkgs",
            "Type": "python-pkg",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "GHSA-2222-3333-4444",
                    "PkgName": "Django",
                    "PkgPath": "usr/lib/python3/dist-packages/Django.dist-info/METADATA",
                    "InstalledVersion": "4.0.0",
                    "Severity": "LOW",
                }
            ],
        },
    ],
}
GRYPE: dict[str, Any] = {
    "matches": [
        {
            "vulnerability": {
                "id": "GHSA-2222-3333-4444",
                "dataSource": "https://github.com/advisories/GHSA-2222-3333-4444",
                "namespace": "github:language:python",
                "severity": "High",
                "cvss": [{"type": "Secondary", "version": "3.1", "metrics": {"baseScore": 7.5}}],
                "epss": [{"cve": "CVE-2099-1001", "epss": 0.25, "percentile": 0.9}],
                "knownExploited": [],
                "cwes": [{"cve": "CVE-2099-1001", "cwe": "CWE-89"}],
                "fix": {"versions": ["4.0.1"], "state": "fixed"},
                "risk": 3.1,
            },
            "relatedVulnerabilities": [
                {
                    "id": "CVE-2099-1001",
                    "cvss": [{"metrics": {"baseScore": 9.8}}],
                    "epss": [{"cve": "CVE-2099-1001", "epss": 0.5}],
                    "knownExploited": [{"cve": "CVE-2099-1001"}],
                }
            ],
            "matchDetails": [{"type": "exact-direct-match", "matcher": "python-matcher"}],
            "artifact": {
                "name": "Django",
                "version": "4.0.0",
                "type": "python",
                "locations": [{"path": "/requirements.txt"}, {"path": "/requirements.txt"}],
                "purl": "pkg:pypi/django@4.0.0",
            },
        }
    ],
    "ignoredMatches": [],
    "source": {"type": "directory", "target": "."},
    "descriptor": {"name": "grype", "version": "0.121.2"},
}
SYFT: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"tools": {"components": [{"type": "application", "name": "syft", "version": "1.57.1"}]}},
    "components": [{"name": "django", "version": "4.0.0", "purl": "pkg:pypi/django@4.0.0"}],
}
GOVULNCHECK: list[dict[str, Any]] = [
    {
        "config": {
            "protocol_version": "v1.0.0",
            "scanner_name": "govulncheck",
            "scanner_version": "v1.9.0",
            "db_last_modified": "2026-01-01T00:00:00Z",
            "scan_level": "symbol",
        }
    },
    {"progress": {"message": "Checking the code against the vulnerabilities..."}},
    {
        "osv": {
            "id": "GO-2099-0001",
            "aliases": ["CVE-2099-31", "GHSA-2222-3333-6666"],
            "summary": "Made up",
            "database_specific": {"url": "https://pkg.go.dev/vuln/GO-2099-0001"},
        }
    },
    {"osv": {"id": "GO-2099-0002", "summary": "Sent, and of nothing here"}},
    {
        "finding": {
            "osv": "GO-2099-0001",
            "fixed_version": "v1.2.3",
            "trace": [{"module": "example.com/a", "version": "v1.2.0"}],
        }
    },
    {
        "finding": {
            "osv": "GO-2099-0001",
            "fixed_version": "v1.2.3",
            "trace": [
                {"module": "example.com/a", "version": "v1.2.0", "package": "example.com/a/b", "function": "Run"},
                {
                    "module": "example.com/x",
                    "package": "example.com/x",
                    "function": "main",
                    "position": {"filename": "main.go", "offset": 159, "line": 12, "column": 42},
                },
            ],
        }
    },
]

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

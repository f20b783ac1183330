"""Bills of materials, and what suppliers say of vulnerabilities."""

from __future__ import annotations

from typing import Any

CYCLONEDX: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "serialNumber": "urn:uuid:00000000-0000-4000-8000-000000000001",
    "version": 1,
    "metadata": {
        "tools": {"components": [{"type": "application", "name": "trivy", "version": "0.74.0"}]},
        "component": {"bom-ref": "root", "type": "application", "name": "shop"},
    },
    "components": [
        {
            "bom-ref": "1",
            "type": "library",
            "name": "outer",
            "purl": "pkg:npm/outer@1.0.0",
            "components": [
                {
                    "bom-ref": "2",
                    "type": "library",
                    "name": "django",
                    "purl": "pkg:pypi/django@4.0.0",
                    "version": "4.0.0",
                }
            ],
        }
    ],
    "vulnerabilities": [
        {
            "bom-ref": "v1",
            "id": "GHSA-2222-3333-4444",
            "source": {"name": "ghsa", "url": "https://github.com/advisories/GHSA-2222-3333-4444"},
            "references": [{"id": "CVE-2099-1001", "source": {"name": "NVD"}}],
            "ratings": [
                {"source": {"name": "nvd"}, "score": 10.0, "severity": "critical", "method": "CVSSv2"},
                {"source": {"name": "ghsa"}, "score": 5.5, "severity": "medium", "method": "CVSSv31"},
                {"source": {"name": "nvd"}, "score": 7.5, "severity": "high", "method": "CVSSv4"},
                {"source": {"name": "x"}, "severity": "critical", "method": "other"},
            ],
            "cwes": [89, 20],
            "description": "What it says may be long",
            "recommendation": "Update it",
            "affects": [{"ref": "2", "versions": [{"version": "4.0.0", "status": "affected"}]}],
        }
    ],
}
OPENVEX: dict[str, Any] = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://example.com/vex/1",
    "author": "me",
    "timestamp": "2099-01-01T00:00:00Z",
    "version": 1,
    "statements": [
        {
            "vulnerability": {"name": "CVE-2099-1001", "aliases": ["GHSA-2222-3333-4444"]},
            "products": [{"@id": "pkg:pypi/django@4.0.0"}],
            "status": "affected",
            "action_statement": "Update it",
        }
    ],
}
SPDX: dict[str, Any] = {
    "spdxVersion": "SPDX-2.3",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "shop",
    "dataLicense": "CC0-1.0",
    "creationInfo": {"created": "2099-01-01T00:00:00Z", "creators": ["Organization: Me", "Tool: syft-1.57.1"]},
    "packages": [
        {
            "SPDXID": "SPDXRef-1",
            "name": "django",
            "versionInfo": "4.0.0",
            "externalRefs": [
                {
                    "referenceCategory": "SECURITY",
                    "referenceType": "advisory",
                    "referenceLocator": "https://nvd.nist.gov/vuln/detail/CVE-2099-1001",
                }
            ],
        }
    ],
}

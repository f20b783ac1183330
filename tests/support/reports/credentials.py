"""Reports on secrets; the secret is put together here, so that no scanner trips on this file."""

from __future__ import annotations

from typing import Any

SECRET = "gh" + "p_" + "u8jzPde0IgxLd6GncfBA" + "epfJBd0Kh8oOOL8d"

GITLEAKS: list[dict[str, Any]] = [
    {
        "RuleID": "github-pat",
        "Description": "Uncovered a GitHub Personal Access Token",
        "StartLine": 3,
        "EndLine": 3,
        "StartColumn": 10,
        "EndColumn": 49,
        "Match": f'TOKEN = "{SECRET}"',
        "Secret": SECRET,
        "File": "settings.py",
        "SymlinkFile": "",
        "Commit": "",
        "Entropy": 4.5,
        "Tags": [],
        "Fingerprint": "settings.py:github-pat:3",
    }
]
TRUFFLEHOG: list[dict[str, Any]] = [
    {"level": "info-0", "ts": "2026-01-01T00:00:00Z", "logger": "trufflehog", "msg": "running source"},
    {
        "SourceMetadata": {"Data": {"Filesystem": {"file": "settings.py", "line": 3}}},
        "SourceID": 1,
        "SourceName": "trufflehog - filesystem",
        "DetectorType": 8,
        "DetectorName": "Github",
        "DecoderName": "PLAIN",
        "Verified": False,
        "Raw": SECRET,
        "RawV2": f"{SECRET}:{SECRET}",
        "Redacted": SECRET[:8],
        "ExtraData": {"version": "2"},
    },
]
DETECT_SECRETS: dict[str, Any] = {
    "version": "1.5.0",
    "plugins_used": [{"name": "GitHubTokenDetector"}],
    "filters_used": [],
    "results": {
        "settings.py": [
            {
                "type": "GitHub Token",
                "filename": "settings.py",
                "hashed_secret": "e175c6f5f2a92e8623bd" + "9a4820edb4e8c1b0fd10",
                "is_verified": False,
                "line_number": 3,
            }
        ]
    },
    "generated_at": "2026-01-01T00:00:00Z",
}
KINGFISHER: dict[str, Any] = {
    "findings": [
        {
            "rule": {"name": "github-pat", "id": "betterleaks.github-pat", "description": "A token"},
            "finding": {
                "snippet": SECRET,
                "fingerprint": "1",
                "confidence": "high",
                "validation": {"outcome": "not_attempted", "status": "Not Attempted", "response": ""},
                "language": "Python",
                "line": 3,
                "column_start": 9,
                "column_end": 48,
                "path": "./settings.py",
                "validate_command": f"kingfisher validate --rule 'betterleaks.github-pat' '{SECRET}'",
            },
        }
    ],
    "audit": {"summary": {"discovered": 1, "scan_succeeded": 1, "scan_partial": 0, "scan_failed": 0, "pending": 0}},
    "metadata": {"kingfisher_version": "2.14.0", "summary": {"findings": 1}},
}

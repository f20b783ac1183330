"""Reports on code."""

from __future__ import annotations

from typing import Any

BANDIT: dict[str, Any] = {
    "errors": [],
    "generated_at": "2026-01-01T00:00:00Z",
    "metrics": {"_totals": {"loc": 8}},
    "results": [
        {
            "code": "5 def run(command):\n6     return subprocess.call(command, shell=True)\n",
            "filename": "./app/views.py",
            "issue_confidence": "MEDIUM",
            "issue_cwe": {"id": 78, "link": "https://cwe.mitre.org/data/definitions/78.html"},
            "issue_severity": "HIGH",
            "issue_text": "subprocess call with shell=True identified, security issue.",
            "line_number": 6,
            "line_range": [6, 7],
            "more_info": "https://bandit.readthedocs.io/en/1.9.4/plugins/b602.html",
            "test_id": "B602",
            "test_name": "subprocess_popen_with_shell_equals_true",
        }
    ],
}
SEMGREP: dict[str, Any] = {
    "version": "1.185.0",
    "results": [
        {
            "check_id": "data.rules.python.shell-true",
            "path": "app/views.py",
            "start": {"line": 6, "col": 12, "offset": 64},
            "end": {"line": 7, "col": 48, "offset": 100},
            "extra": {
                "message": "A shell runs the-code-itself",
                "metadata": {
                    "cwe": ["CWE-78: OS Command Injection"],
                    "confidence": "MEDIUM",
                    "impact": "HIGH",
                    "source": "https://semgrep.dev/r/shell-true",
                },
                "severity": "ERROR",
                "fingerprint": "requires login",
                "lines": "requires login",
                "engine_kind": "OSS",
            },
        }
    ],
    "errors": [],
    "paths": {"scanned": ["app/views.py"], "skipped": []},
    "skipped_rules": [],
}
GOSEC: dict[str, Any] = {
    "Golang errors": {},
    "Issues": [
        {
            "severity": "HIGH",
            "confidence": "MEDIUM",
            "cwe": {"id": "78", "url": "https://cwe.mitre.org/data/definitions/78.html"},
            "rule_id": "G204",
            "details": "Subprocess launched with a potential tainted input or cmd arguments",
            "file": "cmd/main.go",
            "code": "12: the-code-itself\n",
            "line": "12-14",
            "column": "2",
            "nosec": False,
            "suppressions": None,
        }
    ],
    "Stats": {"files": 1, "lines": 13, "nosec": 0, "found": 1},
    "GosecVersion": "2.30.0",
}

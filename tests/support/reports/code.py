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

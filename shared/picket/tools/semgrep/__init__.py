"""Semgrep, which looks for weaknesses by patterns of code.

Source: https://semgrep.dev/docs/semgrep-appsec-platform/json-and-sarif, its JSON.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="semgrep", runs=True)

"""Semgrep, which looks for weaknesses by patterns of code.

Source: https://semgrep.dev/docs/semgrep-appsec-platform/json-and-sarif, its JSON.
"""

from __future__ import annotations

from picket.tools.semgrep.report import is_semgrep, parse
from picket.tools.semgrep.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="semgrep", recognises=is_semgrep, parse=parse, running=RUNNING)

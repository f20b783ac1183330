"""Gitleaks, which looks for secrets.

Source: https://github.com/gitleaks/gitleaks, its JSON is a flat list of findings.
"""

from __future__ import annotations

from picket.tools.gitleaks.report import is_gitleaks, parse
from picket.tools.gitleaks.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="gitleaks", recognises=is_gitleaks, parse=parse, running=RUNNING)

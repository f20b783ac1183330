"""Gitleaks, which looks for secrets.

Source: https://github.com/gitleaks/gitleaks, its JSON is a flat list of findings.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="gitleaks", runs=True)

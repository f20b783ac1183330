"""Helm, whose linter checks charts.

Source: https://helm.sh/docs/helm/helm_lint/, its output is text.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="helm", syntax="text", runs=True)

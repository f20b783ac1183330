"""Helm, whose linter checks charts.

Source: https://helm.sh/docs/helm/helm_lint/, its output is text.
"""

from __future__ import annotations

from picket.tools.helm.report import is_helm, parse
from picket.tools.helm.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="helm", recognises=is_helm, parse=parse, syntax="text", running=RUNNING)

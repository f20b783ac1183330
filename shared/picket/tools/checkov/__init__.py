"""Checkov, which checks Terraform, Kubernetes manifests, Dockerfiles, workflows and other configuration.

Source: https://www.checkov.io, its JSON output.
"""

from __future__ import annotations

from picket.tools.checkov.report import is_checkov, parse
from picket.tools.checkov.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="checkov", recognises=is_checkov, parse=parse, running=RUNNING)

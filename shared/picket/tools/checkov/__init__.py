"""Checkov, which checks Terraform, Kubernetes manifests, Dockerfiles, workflows and other configuration.

Source: https://www.checkov.io, its JSON output.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="checkov", runs=True)

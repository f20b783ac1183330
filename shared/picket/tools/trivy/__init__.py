"""Trivy, which looks at repositories and images: vulnerabilities, misconfigurations, secrets.

Source: https://trivy.dev, its JSON with SchemaVersion 2.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="trivy", runs=True)

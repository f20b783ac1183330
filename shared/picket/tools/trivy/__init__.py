"""Trivy, which looks at repositories and images: vulnerabilities, misconfigurations, secrets.

Source: https://trivy.dev, its JSON with SchemaVersion 2.
"""

from __future__ import annotations

from picket.tools.tool import Tool
from picket.tools.trivy.report import is_trivy, parse
from picket.tools.trivy.run import RUNNING

TOOL = Tool(name="trivy", recognises=is_trivy, parse=parse, running=RUNNING)

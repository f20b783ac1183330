"""OWASP Dependency-Check, which looks for libraries with known vulnerabilities.

Source: https://jeremylong.github.io/DependencyCheck/, its JSON.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="dependency-check")

"""OWASP Dependency-Check, which looks for libraries with known vulnerabilities.

Source: https://jeremylong.github.io/DependencyCheck/, its JSON.
"""

from __future__ import annotations

from picket.tools.dependency_check.report import is_dependency_check, parse
from picket.tools.tool import Tool

TOOL = Tool(name="dependency-check", recognises=is_dependency_check, parse=parse)

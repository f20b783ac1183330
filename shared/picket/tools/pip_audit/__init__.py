"""pip-audit, which asks for advisories of the Python packages that are installed or required.

Source: https://github.com/pypa/pip-audit, its JSON.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="pip-audit")

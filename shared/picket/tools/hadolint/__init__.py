"""hadolint, which checks Dockerfiles.

Source: https://github.com/hadolint/hadolint, its JSON is a flat list of results.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="hadolint", runs=True)

"""gosec, which looks for weaknesses in Go.

Source: https://github.com/securego/gosec, its JSON.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="gosec", runs=True)

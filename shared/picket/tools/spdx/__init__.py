"""SPDX, in which many tools write bills of materials, and no problems.

Source: https://spdx.github.io/spdx-spec/v2.3/, versions 2.2 and 2.3 in JSON.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="spdx")

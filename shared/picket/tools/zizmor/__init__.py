"""zizmor, which checks GitHub's workflows and actions.

Source: https://docs.zizmor.sh, its format `json-v1`.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="zizmor", runs=True)

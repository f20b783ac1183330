"""zizmor, which checks GitHub's workflows and actions.

Source: https://docs.zizmor.sh, its format `json-v1`.
"""

from __future__ import annotations

from picket.tools.tool import Tool
from picket.tools.zizmor.report import is_zizmor, parse
from picket.tools.zizmor.run import RUNNING

TOOL = Tool(name="zizmor", recognises=is_zizmor, parse=parse, running=RUNNING)

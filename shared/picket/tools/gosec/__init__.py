"""gosec, which looks for weaknesses in Go.

Source: https://github.com/securego/gosec, its JSON.
"""

from __future__ import annotations

from picket.tools.gosec.report import is_gosec, parse
from picket.tools.gosec.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="gosec", recognises=is_gosec, parse=parse, running=RUNNING)

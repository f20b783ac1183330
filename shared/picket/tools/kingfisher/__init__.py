"""Kingfisher, which looks for secrets.

Source: https://github.com/mongodb/kingfisher, its JSON.
"""

from __future__ import annotations

from picket.tools.kingfisher.report import is_kingfisher, parse
from picket.tools.kingfisher.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="kingfisher", recognises=is_kingfisher, parse=parse, running=RUNNING)

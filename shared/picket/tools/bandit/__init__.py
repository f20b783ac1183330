"""Bandit, which looks for weaknesses in Python.

Source: https://bandit.readthedocs.io, its JSON formatter.
"""

from __future__ import annotations

from picket.tools.bandit.report import is_bandit, parse
from picket.tools.bandit.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="bandit", recognises=is_bandit, parse=parse, running=RUNNING)

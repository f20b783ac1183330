"""Bandit, which looks for weaknesses in Python.

Source: https://bandit.readthedocs.io, its JSON formatter.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="bandit", runs=True)

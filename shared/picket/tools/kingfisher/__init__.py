"""Kingfisher, which looks for secrets.

Source: https://github.com/mongodb/kingfisher, its JSON.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="kingfisher", runs=True)

"""Nuclei, which asks hosts and URLs by templates.

Source: https://docs.projectdiscovery.io/tools/nuclei, its JSON lines.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="nuclei", syntax="values")

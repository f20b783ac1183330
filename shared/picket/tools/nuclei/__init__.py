"""Nuclei, which asks hosts and URLs by templates.

Source: https://docs.projectdiscovery.io/tools/nuclei, its JSON lines.
"""

from __future__ import annotations

from picket.tools.nuclei.report import is_nuclei, parse
from picket.tools.tool import Tool

TOOL = Tool(name="nuclei", recognises=is_nuclei, parse=parse, syntax="values")

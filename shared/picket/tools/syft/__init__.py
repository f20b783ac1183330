"""Syft, which lists what images and folders hold: a bill of materials, and no problems.

Source: https://github.com/anchore/syft, its CycloneDX.
"""

from __future__ import annotations

from picket.tools.syft.report import is_syft, parse
from picket.tools.syft.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="syft", recognises=is_syft, parse=parse, running=RUNNING)

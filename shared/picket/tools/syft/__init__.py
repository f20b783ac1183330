"""Syft, which lists what images and folders hold: a bill of materials, and no problems.

Source: https://github.com/anchore/syft, its CycloneDX.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="syft", runs=True)

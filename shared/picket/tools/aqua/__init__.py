"""Aqua's scanner of images.

Source: https://docs.aquasec.com, its JSON of a scan, of several, and the former one with `cves`.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="aqua")

"""Grype, which compares what images and folders hold with its database of vulnerabilities.

Source: https://github.com/anchore/grype, its JSON.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="grype", runs=True)

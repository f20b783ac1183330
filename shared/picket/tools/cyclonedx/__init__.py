"""CycloneDX, in which many tools write bills of materials, and what is known of their vulnerabilities (VDR, VEX).

Source: https://cyclonedx.org/docs/1.7/json/, versions 1.4 to 1.7.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="cyclonedx")

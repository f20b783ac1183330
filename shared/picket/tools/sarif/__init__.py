"""SARIF 2.1.0, in which most static analysis reports.

Source: OASIS standard sarif-v2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="sarif")

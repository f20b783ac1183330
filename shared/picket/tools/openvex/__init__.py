"""OpenVEX, in which suppliers say whether what they ship is affected by a vulnerability.

Source: https://github.com/openvex/spec, version 0.2.0, and the shape before it.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="openvex")

"""detect-secrets, which looks for secrets.

Source: https://github.com/Yelp/detect-secrets, its baseline.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="detect-secrets", runs=True)

"""TruffleHog, which looks for secrets.

Source: https://github.com/trufflesecurity/trufflehog, its JSON is a result a line with log lines between.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="trufflehog", syntax="values", runs=True)

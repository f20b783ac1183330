"""TruffleHog, which looks for secrets.

Source: https://github.com/trufflesecurity/trufflehog, its JSON is a result a line with log lines between.
"""

from __future__ import annotations

from picket.tools.tool import Tool
from picket.tools.trufflehog.report import is_trufflehog, parse
from picket.tools.trufflehog.run import RUNNING

TOOL = Tool(name="trufflehog", recognises=is_trufflehog, parse=parse, syntax="values", running=RUNNING)

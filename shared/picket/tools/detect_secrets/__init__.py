"""detect-secrets, which looks for secrets.

Source: https://github.com/Yelp/detect-secrets, its baseline.
"""

from __future__ import annotations

from picket.tools.detect_secrets.report import is_detect_secrets, parse
from picket.tools.detect_secrets.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="detect-secrets", recognises=is_detect_secrets, parse=parse, running=RUNNING)

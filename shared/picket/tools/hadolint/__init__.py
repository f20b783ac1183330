"""hadolint, which checks Dockerfiles.

Source: https://github.com/hadolint/hadolint, its JSON is a flat list of results.
"""

from __future__ import annotations

from picket.tools.hadolint.report import is_hadolint, parse
from picket.tools.hadolint.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="hadolint", recognises=is_hadolint, parse=parse, running=RUNNING)

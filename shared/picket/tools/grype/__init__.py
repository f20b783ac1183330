"""Grype, which compares what images and folders hold with its database of vulnerabilities.

Source: https://github.com/anchore/grype, its JSON.
"""

from __future__ import annotations

from picket.tools.grype.report import is_grype, parse
from picket.tools.grype.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="grype", recognises=is_grype, parse=parse, running=RUNNING)

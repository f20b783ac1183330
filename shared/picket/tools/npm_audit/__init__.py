"""npm audit, which asks npm's registry for advisories of what a lock file names.

Source: https://docs.npmjs.com/cli/v11/commands/npm-audit, its JSON of npm 6 and of npm 7 and later.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="npm-audit")

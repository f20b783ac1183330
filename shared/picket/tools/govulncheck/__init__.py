"""govulncheck, which tells the vulnerabilities of a Go module that its code reaches.

Source: https://pkg.go.dev/golang.org/x/vuln/internal/govulncheck, a stream of JSON values.
"""

from __future__ import annotations

from picket.tools.govulncheck.report import is_govulncheck, parse
from picket.tools.govulncheck.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="govulncheck", recognises=is_govulncheck, parse=parse, syntax="values", running=RUNNING)

"""govulncheck, which tells the vulnerabilities of a Go module that its code reaches.

Source: https://pkg.go.dev/golang.org/x/vuln/internal/govulncheck, a stream of JSON values.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="govulncheck", syntax="values", runs=True)

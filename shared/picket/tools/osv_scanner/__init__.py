"""OSV-Scanner, which compares lock files and images with the OSV database.

Source: https://google.github.io/osv-scanner/output/, its JSON; a vulnerability in it is a record of the OSV schema.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="osv-scanner", runs=True)

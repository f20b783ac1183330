"""OSV-Scanner, which compares lock files and images with the OSV database.

Source: https://google.github.io/osv-scanner/output/, its JSON; a vulnerability in it is a record of the OSV schema.
"""

from __future__ import annotations

from picket.tools.osv_scanner.report import is_osv_scanner, parse
from picket.tools.osv_scanner.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="osv-scanner", recognises=is_osv_scanner, parse=parse, running=RUNNING)

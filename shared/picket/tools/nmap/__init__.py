"""Nmap, which looks at the ports of a host.

Source: https://nmap.org/book/nmap-dtd.html, its XML.
"""

from __future__ import annotations

from picket.tools.nmap.report import is_nmap, parse
from picket.tools.nmap.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="nmap", recognises=is_nmap, parse=parse, syntax="xml", running=RUNNING)

"""Nmap, which looks at the ports of a host.

Source: https://nmap.org/book/nmap-dtd.html, its XML.
"""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="nmap", syntax="xml", runs=True)

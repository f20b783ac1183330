"""Picket's own look at who may reach whom by a repository's manifests; see `picket.exposure`, which is the program."""

from __future__ import annotations

from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="exposure", runs=True)

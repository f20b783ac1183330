"""Picket's own look at who may reach whom by a repository's manifests; see `picket.exposure`, which is the program."""

from __future__ import annotations

from picket.tools.exposure.report import is_exposure, parse
from picket.tools.exposure.run import RUNNING
from picket.tools.tool import Tool

TOOL = Tool(name="exposure", recognises=is_exposure, parse=parse, running=RUNNING)

"""Which third-party tools are deployed, and what all of their runs have in common."""

from __future__ import annotations

from picket.effects import artifacts
from picket.effects.mongo.tool_runs import ToolRun
from picket.settings import settings
from picket.tools import TOOLS
from picket.tools.running import Running

REPORTER = "picket"
"""Who a report of a run is said to be by."""
PREFIX = "tools/"
"""Where material and reports of runs are in the artifact store."""


def deployed() -> dict[str, Running]:
    """Return the tools that are there to be run, by name."""
    known = ((name, TOOLS[name].running) for name in settings().tools if name in TOOLS)
    return {name: running for name, running in known if running is not None}


def report_of(run: ToolRun) -> str:
    """Return the reference of a run's report in the artifact store."""
    return artifacts.reference(f"{PREFIX}reports/{run['_id']}.json")

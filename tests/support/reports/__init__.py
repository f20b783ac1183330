"""Small reports as each tool writes them, made up for the tests: a document is its tool's with one or two results."""

from __future__ import annotations

import copy
import json
from typing import Any

from picket.findings.model import Problem, Report
from picket.tools import TOOLS
from picket.tools.running import Ended, Material, Running


def parsed(tool: str, document: Any) -> Report:
    """Read a document as the tool's."""
    assert TOOLS[tool].recognises(document)
    return TOOLS[tool].parse(document, tool)


def only(tool: str, document: Any) -> Problem:
    """Read a document of one problem."""
    [problem] = parsed(tool, document).problems
    return problem


def changed(document: Any, *way: str | int, to: Any) -> Any:
    """Return a copy of a document in which something else stands at the end of *way*."""
    made = copy.deepcopy(document)
    inner = made
    for name in way[:-1]:
        inner = inner[name]
    inner[way[-1]] = to
    return made


def running(tool: str) -> Running:
    """Return how a tool is run."""
    found = TOOLS[tool].running
    assert found is not None
    return found


def arguments(tool: str, **material: Any) -> tuple[str, ...]:
    """Return the arguments for a repository, unless *material* says something else."""
    of: dict[str, Any] = {"asset_type": "repository", "asset": "a/b", "folder": "/tree", **material}
    return tuple(running(tool).arguments(Material(**of)))


def incomplete(tool: str, status: int, errors: str = "", document: Any = None) -> str:
    """Return why a run that ended so is incomplete."""
    return running(tool).incomplete(Ended(status, errors), document)


def failed(tool: str, status: int) -> bool:
    """Return whether a run that ended so has no report."""
    return running(tool).failed(Ended(status, ""))


def written(report: Report) -> str:
    """Return everything of a report that may be kept or shown."""
    return json.dumps(report.model_dump(mode="json")) + repr(report)

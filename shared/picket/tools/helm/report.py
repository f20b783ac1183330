"""From the text that `helm lint` writes to problems. Messages may quote a chart's values and are not kept."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from picket.errors import Malformed
from picket.events import Severity
from picket.findings.model import LeftOut, Place, Problem, Report
from picket.tools.places import below_top
from picket.tools.reading import omitted, report

_CHART = re.compile(r"==> Linting (.{1,4096})")
_RESULT = re.compile(r"\[(INFO|WARNING|ERROR)\] ([^:]{1,1000}): ")
_UNREAD = "Error unable to check Chart.yaml"
_SEVERITIES: dict[str, Severity] = {"INFO": "info", "WARNING": "low", "ERROR": "medium"}
"""What is wrong with a chart keeps it from being installed; it does not let anybody in."""
_TITLES = {
    "INFO": "The chart does not follow a recommendation",
    "WARNING": "The chart breaks a convention",
    "ERROR": "The chart cannot be installed",
}
_MAX_LINES = 10_000


def recognises(document: Any) -> bool:  # noqa: ANN401 - text, or JSON that it is not
    """Return whether a document is what `helm lint` writes."""
    return isinstance(document, str) and bool(_CHART.match(document.lstrip()))


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - text; all formats are read alike
    """Read a document.

    Raises:
        Malformed: It is not what `helm lint` writes.
    """
    if not recognises(document):
        raise Malformed("not what helm lint writes at line 1")
    chart, results, unread = "", [], list[LeftOut]()
    lines = document.splitlines()
    for number, line in enumerate(islice(lines, _MAX_LINES), 1):
        if heading := _CHART.fullmatch(line):
            chart = heading[1]
        elif result := _RESULT.match(line):
            results.append((f"line {number}", (chart, result[1], result[2])))
        elif line.startswith(_UNREAD):
            unread.append(omitted(f"line {number}", "Helm cannot read the chart"))
    if len(lines) > _MAX_LINES:
        unread.append(omitted(f"line {_MAX_LINES}", "the output is too long"))
    return report(results, lambda each: _problem(*each), left_out=unread)


def _problem(chart: str, level: str, path: str) -> Problem:
    """Make a problem of a result.

    Raises:
        Outside: The chart is not in the repository.
    """
    return Problem(
        kind="misconfiguration",
        rule=f"lint-{level.lower()}",
        title=_TITLES[level],
        severity=_SEVERITIES[level],
        confidence=0.9,
        resource=path,
        places=(Place(path=below_top(f"{chart}/{path}")),),
    )

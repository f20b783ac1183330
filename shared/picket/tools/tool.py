"""What a tool or a format says of itself."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, cast

from picket.records import dataclass

if TYPE_CHECKING:
    from picket.findings.model import Report
    from picket.tools.running import Running
    from picket.webhooks.receiving import Receiving

Syntax = Literal["json", "values", "xml", "text"]
"""How a report is written: one JSON document, JSON values one after another, XML, or lines of text."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, or a format that many tools write.

    Its modules are imported when they are needed: a function that takes a webhook reads no report.

    Attributes:
        package: Its folder, `__name__` there, with a module `report` that has `recognises` and `parse`.
        name: As in the registry, in `--format` and in `format=`.
        syntax: How its reports are written. The document is what `json.loads` returns, a list of such values, an
            element of `xml.etree`, or text.
        runs: Whether its folder has a module `run` with `RUNNING`: Picket runs it.
        receives: Whether its folder has a module `receiving` with `RECEIVING`: its webhooks are taken.
    """

    package: str
    name: str
    syntax: Syntax = "json"
    runs: bool = False
    receives: bool = False

    def recognises(self, document: Any) -> bool:  # noqa: ANN401 - JSON, XML or text
        """Return whether a document is a report of it."""
        return bool(import_module(f"{self.package}.report").recognises(document))

    def parse(self, document: Any, tool: str) -> Report:  # noqa: ANN401 - JSON, XML or text
        """Read a report; what of it cannot be used is under `left_out`.

        Args:
            document: As `syntax` says.
            tool: Name of the tool that wrote it.

        Raises:
            Malformed: It is not what the format says; says where.
        """
        return cast("Report", import_module(f"{self.package}.report").parse(document, tool))

    @property
    def running(self) -> Running | None:
        """How it is run, if Picket runs it."""
        return cast("Running", import_module(f"{self.package}.run").RUNNING) if self.runs else None

    @property
    def receiving(self) -> Receiving | None:
        """How its webhooks are read, if it sends any."""
        return cast("Receiving", import_module(f"{self.package}.receiving").RECEIVING) if self.receives else None

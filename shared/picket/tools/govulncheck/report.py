"""From govulncheck's stream of messages to problems."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pydantic import Field, TypeAdapter

from picket.components import purls
from picket.findings.model import MAX_PLACES, Place, Problem, Report
from picket.tools import advisories
from picket.tools.places import Outside, below_top
from picket.tools.reading import Listed, Number, Part, Told, clipped, linked, omitted, report, validated
from picket.tools.severities import UNKNOWN

_NO_DATABASE = "0001-"
"""How the time of a database begins that has nothing in it: it is not there."""
_CALLED = 0.95
_PRESENT = 0.4
"""Confidence where the code does not call what is vulnerable, as far as can be told."""


class _Config(Part):
    version: Told = Field(default="", alias="scanner_version")
    database: Told = Field(default="", alias="db_last_modified")


class _Link(Part):
    url: Told = ""


class _Osv(Part):
    id: str
    aliases: Listed[str] = ()
    summary: Told = ""
    besides: _Link | None = Field(default=None, alias="database_specific")


class _Position(Part):
    filename: Told = ""
    line: Number = 0
    column: Number = 0


class _Frame(Part):
    module: Told = ""
    version: Told = ""
    function: Told = ""
    position: _Position | None = None


class _Finding(Part):
    osv: str
    fixed: Told = Field(default="", alias="fixed_version")
    trace: Listed[_Frame] = ()


class _Message(Part):
    config: _Config | None = None
    osv: _Osv | None = None
    finding: _Finding | None = None


_MESSAGES = TypeAdapter(Listed[_Message])
_Grouped = tuple[_Osv, list[_Finding]]


def recognises(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether values are govulncheck's: the first tells how it was started."""
    if not isinstance(document, list) or not document or not isinstance(document[0], dict):
        return False
    config = document[0].get("config")
    return isinstance(config, dict) and config.get("scanner_name") == "govulncheck"


def has_no_database(document: object) -> bool:
    """Return whether a run had no database: it finds nothing then, and ends as if all were well."""
    if not isinstance(document, list) or not recognises(document):
        return False
    configs = [each["config"] for each in document if isinstance(each, dict) and isinstance(each.get("config"), dict)]
    return any(str(config.get("db_last_modified") or _NO_DATABASE).startswith(_NO_DATABASE) for config in configs)


def parse(document: Any, tool: str) -> Report:  # noqa: ANN401, ARG001 - JSON; all formats are read alike
    """Read a document. Up to three findings are of one vulnerability: of the module, a package, what is called.

    Raises:
        Malformed: It is not what govulncheck writes; says where.
    """
    messages = validated(_MESSAGES, document, "govulncheck's JSON")
    records = {message.osv.id: message.osv for message in messages if message.osv}
    grouped: dict[tuple[str, str], list[_Finding]] = defaultdict(list)
    for message in messages:
        if message.finding:
            module = message.finding.trace[0].module if message.finding.trace else ""
            grouped[message.finding.osv, module].append(message.finding)
    config = next((message.config for message in messages if message.config), None)
    return report(
        (
            (f"finding {name[:100]}", (records.get(name, _Osv(id=name)), findings))
            for (name, _), findings in grouped.items()
        ),
        lambda each: _problem(*each),
        left_out=[omitted("config", "there is no database")] if has_no_database(document) else (),
        version=config.version if config else "",
    )


def _problem(record: _Osv, findings: list[_Finding]) -> Problem:
    """Make a problem of the findings of one vulnerability in one module.

    Raises:
        Outside: None of them says in what.
    """
    first = next((each for each in findings if each.trace and each.trace[0].module), None)
    if first is None:
        raise Outside("the finding names no module")
    called = [each for each in findings if each.trace and each.trace[0].function]
    advisory, aliases = advisories.named(record.id, record.aliases)
    return Problem(
        kind="vulnerability",
        rule=advisory,
        title=clipped(record.summary),
        severity=UNKNOWN,
        confidence=_CALLED if called else _PRESENT,
        advisory=advisory,
        aliases=aliases,
        component=purls.component("Go", first.trace[0].module),
        version=first.trace[0].version,
        fixed_in=clipped(first.fixed),
        link=linked(record.besides.url) if record.besides else "",
        places=tuple(dict.fromkeys(_place(each.trace[-1].position) for each in called if each.trace[-1].position))[
            :MAX_PLACES
        ],
    )


def _place(position: _Position | None) -> Place:
    """Return where the repository's own code calls it: the last frame.

    Raises:
        Outside: That is not in the repository.
    """
    at = position or _Position()
    return Place(path=below_top(at.filename), start_line=at.line, end_line=at.line, start_column=at.column)

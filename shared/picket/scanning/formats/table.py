"""A table for a person at a terminal."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from picket.scanning.formats import printable
from picket.scanning.result import Json, Result, place_of

if TYPE_CHECKING:
    from rich.table import Table

STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
_WIDTH_PIPED = 240


def as_table(result: Result) -> str:
    """Findings, gravest first, then what was dropped, if that was asked for; nothing if the list is empty."""
    if not result.findings and not result.dropped:
        return ""
    from rich.console import Console  # noqa: PLC0415 - 25 ms that a hook with nothing to tell does without

    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else _WIDTH_PIPED
    text = io.StringIO()
    out = Console(file=text, force_terminal=terminal, width=width, highlight=False)
    if result.findings:
        out.print(findings_table(result.findings, lambda each: str(len(each["occurrences"]))))
    if result.dropped:
        out.print("\n[bold]dropped[/]" if result.findings else "[bold]dropped[/]")
        for each in result.dropped:
            place = f"{each['path']}:{each['line']}" if each["line"] else each["path"]
            out.print(f"  {plain(place)}  {plain(each['rule'] or 'whole file')}  {plain(each['reason'])}")
    return text.getvalue()


def plain(text: str) -> str:
    """Make *text* from a repository fit for a terminal: no markup, no control characters."""
    from rich.markup import escape  # noqa: PLC0415 - likewise

    return escape(printable(text))


def findings_table(found: Iterable[Json], times: Callable[[Json], str], *, names_repository: bool = False) -> Table:
    """Lay findings out, a row each; *times* says how often one occurs."""
    from rich.table import Table  # noqa: PLC0415 - likewise

    table = Table(box=None, pad_edge=False)
    columns = ("severity", "conf.", "rule", "secret", "where", "commit", "times")
    for name in (*columns, "repository") if names_repository else columns:
        table.add_column(name, overflow="fold")
    for each in found:
        state = each.get("state", "open")
        table.add_row(
            f"[{STYLES[each['severity']]}]{each['severity']}[/]{_said(each, state)}",
            f"{each['confidence']:.2f}",
            plain(each["rule"]),
            plain(each["secret"] if "secret" in each else each["redacted"]),
            plain(place_of(each)),
            each["commit"][:10],
            times(each),
            *([plain(each["repository"])] if names_repository else []),
        )
    return table


def _said(finding: Json, state: str) -> str:
    """Say what is known of a finding beside its severity: its reach, its state, and what its provider says."""
    said = finding.get("verification") or {}
    reach = ["unreachable"] if finding.get("unreachable") else []
    words = [*reach, *([state] if state != "open" else []), *([said["result"]] if said else [])]
    return f" ({', '.join(words)})" if words else ""

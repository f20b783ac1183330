"""Findings and scores for a person at a terminal."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console

from picket.scanning.formats.table import STYLES, findings_table, plain

Json = dict[str, Any]

_ORDER = list(STYLES)
_ITEMS_SHOWN = 10
_NOTHING = 0.005
"""Points; less is shown as 0.00."""
_MOST_COUNTED = 1_000  # by the API
_PIPED_WIDTH = 240


class _Output(Console):
    """A console whose reader may stop before the end."""

    def on_broken_pipe(self) -> None:
        """Leave to the command what rich ends with 1, which says something of scans."""
        self.quiet = True
        raise BrokenPipeError


def console() -> Console:
    """Return a console on standard output; what is piped elsewhere is not cut to a terminal's width."""
    return _Output(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


def findings(found: list[Json], out: Console, *, of: Json | None = None) -> None:
    """Print findings, gravest first.

    Args:
        found: The findings.
        out: Where to.
        of: The repository that all of them are of, as the API shows it: it is not named in each row, and where its
            history was not looked at whole that is said.
    """
    whole = of is None or (of["history_scanned_at"] and not of["missing_refs"])
    if not whole:
        out.print("[red]Its history was not looked at whole:[/] " + plain(str((of or {})["missing_refs"] or "never")))
    if not found:
        out.print("No findings." if whole else "No findings in what was looked at.")
        return
    gravest_first = sorted(found, key=lambda item: (_ORDER.index(item["severity"]), -item["confidence"], item["path"]))
    table = findings_table(gravest_first, lambda item: str(item["occurrence_count"]), names_repository=of is None)
    out.print(table)
    out.print(f"{len(found)} findings; one each however many commits hold it.")


def finding(found: Json, out: Console) -> None:
    """Print one finding and what has happened to it."""
    due = f", due {found['due'][:10]}" if found["due"] else ""
    style = STYLES[found["severity"]]
    out.print(f"[{style}]{found['severity']}[/] {found['kind']}, {found['state']}{due}  {found['id']}")
    out.print(f"  {plain(found['rule'])}: {plain(found['description'])}  {plain(found['redacted'])}")
    out.print(f"  {plain(found['repository'])}  {plain(found['path'])}:{found['start_line']}")
    out.print(f"  confidence {found['confidence']:.2f}: {plain('; '.join(found['reasons']))}")
    reporters = ", ".join(found["reporters"]) or "nothing any more"
    out.print(f"  reported by {plain(reporters)}; assigned to {plain(found['assignee'] or 'nobody')}")
    if found["exemption"]:
        given = found["exemption"]
        out.print(f"  accepted until {given['until'][:10]} by {plain(given['approver'])}: {plain(given['reason'])}")
    if found["remediation"]:
        out.print(f"  {plain(found['remediation'])}")
    for place in found["occurrences"][:_ITEMS_SHOWN]:
        out.print(f"  in {place['commit'][:10]}  {plain(place['path'])}:{place['start_line']}")
    if found["occurrence_count"] > _ITEMS_SHOWN:
        out.print(f"  in {found['occurrence_count']} places in all")
    for one in found["elsewhere"]:
        out.print(f"  the same secret: {one['id'][:12]}  {one['state']}  {plain(one['repository'])}")
    for line in found["history"]:
        told = ", ".join(f"{name} {line[name]}" for name in ("to", "assignee", "reason", "until") if name in line)
        said = f": {line['comment']}" if "comment" in line else ""
        out.print(f"  {line['at'][:19]}  {plain(line['by'])}  {plain(told + said)}")


def left_out(count: int, least: float, out: Console, *, command: str = "") -> None:
    """Say how many findings are not shown for their confidence, and how they are."""
    if count:
        number = f"{count}" if count < _MOST_COUNTED else f"{count:,} or more"
        out.print(f"{number} more below {least:g}; {command}--all shows them.")


def _points(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"


def score(found: Json, out: Console) -> None:
    """Print a score and what is behind it."""
    out.print(
        f"[bold]Score {_points(found['score'])}[/]  grade [bold]{found['grade']}[/]  {plain(found['repository'])}"
    )
    out.print(
        f"  model {found['model']}, posture {found['posture']:.1f}, fresh evidence {found['coverage']:.0%}, "
        f"without exemptions {_points(found['score_without_exemptions'])}"
    )
    for check in found["checks"]:
        sign = {"pass": "[green]+[/]", "fail": "[red]-[/]", "unknown": "[yellow]?[/]"}[check["outcome"]]
        out.print(f"  {sign} {check['id']} (weight {check['weight']:g}): {plain(check['reason'])}")
    items = [item for item in found["items"][:_ITEMS_SHOWN] if item["penalty"] > 0]
    for item in items:
        cap = f", caps the score ({item['cap']})" if item["cap"] else ""
        out.print(f"  penalty {item['penalty']:6.2f}  {item['severity']}  {plain(item['label'])}{cap}")
    rest = found["penalty"] - sum(item["penalty"] for item in items)
    if found["item_count"] > len(items) and rest > _NOTHING:
        out.print(f"  penalty {rest:6.2f}  in {found['item_count'] - len(items)} more items")
    if found["history"]:
        change = found["history"][0]
        before = "nothing" if change["previous"] is None else f"{change['previous']:.1f}"
        out.print(f"  last change: {before} to {_points(change['score'])} at {change['at'][:19]}")


def scan(found: Json, out: Console) -> None:
    """Print how a scan stands."""
    batches = found["batches"]
    out.print(f"[bold]{found['state']}[/]  {found['id']}  {found['kind']}  {plain(found['repository'] or 'several')}")
    out.print(f"  batches {batches['done']}/{batches['total']}, commits {found['commits']}")
    if "children_total" in found:
        out.print(f"  repositories {found['children_total']}, still open {found['children_open']}")
    _print_refs(found, out)
    for step in found["history"]:
        reason = f": {plain(step['reason'])}" if step["reason"] else ""
        out.print(f"  {step['at'][:23]}  {step['state']} by {step['actor']}{reason}")
    for failed in found["failures"]:
        what = f"batch of {failed['commits']} commits" if "batch" in failed else failed["scan"]
        out.print(f"  failed: {what}: {plain(failed['reason'])}")
    for child in found["children"]:
        out.print(f"  child {child['id']}  {child['state']}  {plain(child['repository'])}")
    for run in found.get("tool_runs", ()):
        why = f": {plain(run['reason'])}" if run["reason"] else ""
        out.print(f"  tool {run['tool']}  {run['state']}{why}")


def _print_refs(found: Json, out: Console) -> None:
    """Say which refs a scan looked at, and what of them it did not."""
    refs, skipped = found["refs"], found["skipped"]
    if refs["looked_at"] or refs["missing"]:
        pulls = "those of pull requests too" if found["pull_requests"] else "without those of pull requests"
        out.print(f"  refs {refs['looked_at']}, {pulls}")
    if refs["missing"]:
        named = ", ".join(refs["missing_names"][:_ITEMS_SHOWN])
        out.print(f"  [red]not looked at: {refs['missing']} refs[/] ({plain(refs['reason'])}): {plain(named)}")
    if skipped["total"]:
        first = skipped["first"][0]
        out.print(
            f"  not looked at: {skipped['total']} files, such as {plain(first['path'])}: {plain(first['reason'])}"
        )

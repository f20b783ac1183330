"""`picket rules`: trying feedback rules."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from picket.cli.client import fail
from picket.cli.options import AsJson, print_json

app = typer.Typer(no_args_is_help=True, help="Try feedback rules.")


@app.callback()
def rules() -> None:
    """Try feedback rules."""


@app.command("test")
def try_out(
    rules_file: Annotated[Path, typer.Argument(metavar="RULES", help="File of feedback rules, YAML.")],
    event_file: Annotated[
        Path, typer.Argument(metavar="EVENT", help="JSON with `finding`, `event`, `repository` …; `-` for stdin.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Explain which rules match an event, which do not, and what they would do.

    EVENT is `{"finding": {…}, "event": {…}, "repository": {…}, "scan": {…}}`, or one finding as the API shows it.
    """
    from picket.errors import PermanentError  # noqa: PLC0415 - `picket --help` does without
    from picket.policy.decide import decide  # noqa: PLC0415
    from picket.policy.match import explain  # noqa: PLC0415
    from picket.policy.rules import combined  # noqa: PLC0415

    try:
        found = combined(rules_file.read_text(), name=str(rules_file)).rules
    except (OSError, UnicodeDecodeError, PermanentError) as error:
        fail(str(error))
    context = _context(event_file)
    decision = decide(found, context, (), datetime.now(UTC))
    report: list[dict[str, Any]] = [
        {
            "rule": rule.id,
            "matches": rule.id in decision.applied,
            "conditions": [
                {"field": v.field, "wanted": v.wanted, "found": v.found, "holds": v.holds}
                for v in explain(rule, context)
            ],
        }
        for rule in found
    ]
    outcome = {
        "severity": decision.severity,
        "confidence": decision.confidence,
        "exemption": decision.exemption,
        "scans": [{"rule": rule, "kind": scan.kind} for rule, scan in decision.scans],
        "notices": [
            {"rule": rule, "message": told.message, "channel": told.channel} for rule, told in decision.notices
        ],
    }
    if as_json:
        print_json({"rules": report, "decision": outcome})
        return
    for entry in report:
        print(f"{'match   ' if entry['matches'] else 'no match'}  {entry['rule']}")
        for condition in entry["conditions"]:
            sign = "+" if condition["holds"] else "-"
            print(f"    {sign} {condition['field']}: wanted {condition['wanted']}, found {condition['found']}")
    print("decision  " + ", ".join(f"{name} {value}" for name, value in outcome.items() if value not in (None, [])))


def _context(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        fail(f"{path}: {error}")
    if not isinstance(value, dict):
        fail(f"{path}: not a JSON object")
    context = value if "finding" in value else {"finding": value}
    finding = context["finding"]
    if not _is_judged(finding):
        fail(f"{path}: a finding has severity and confidence")
    finding.setdefault("evidence", {"severity": finding["severity"], "confidence": finding["confidence"]})
    if not _is_judged(finding["evidence"]):
        fail(f"{path}: the evidence of a finding has severity and confidence")
    return context


def _is_judged(value: object) -> bool:
    return isinstance(value, dict) and "severity" in value and "confidence" in value

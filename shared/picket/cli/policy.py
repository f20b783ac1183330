"""`picket policy`: what is in force, and trying another one."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from picket.cli.client import Client, Json, fail
from picket.cli.options import DEFAULT_SERVER, AsJson, Server, print_json
from picket.scanning.formats import printable

app = typer.Typer(no_args_is_help=True, help="Show the policy in force, and try another one.")
rules = typer.Typer(no_args_is_help=True, help="Former name of `policy`.", hidden=True)
_PAGE = "1000"
_EXAMPLES = 10
_MOVED = ("severity", "confidence", "state")

File = Annotated[Path, typer.Argument(metavar="POLICY", help="Policy file, YAML.")]


@rules.callback()
def former() -> None:
    """Try a policy."""


@app.command("show")
def show(*, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Show the policy in force, and how far it is applied to stored findings."""
    found = Client(server).get("/policy")
    if as_json:
        print_json(found)
        return
    print(f"policy {found['digest'][:16]}")
    for rule in found["rules"]:
        print(f"  {rule['id']}: {rule['description']}" if rule["description"] else f"  {rule['id']}")
    for each in found["approvals"]:
        print(f"  a second person for {', '.join(each['states'])} of {', '.join(each['severities'])}")
    left = found["reevaluation"]["left"]
    print("applied to every stored finding" if left == 0 else f"{left} stored findings are still to be judged by it")


@app.command("test")
@rules.command("test")
def try_out(
    policy_file: File,
    event_file: Annotated[
        str,
        typer.Argument(metavar="EVENT", help="JSON with `finding`, `event`, `repository` …; `-` for stdin."),
    ] = "",
    *,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Tell what a policy would change of stored findings, or, with EVENT, explain which of its rules match.

    EVENT is `{"finding": {…}, "event": {…}, "repository": {…}, "scan": {…}}`, or one finding as the API shows it.
    """
    try:
        text = policy_file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        fail(str(error))
    if event_file:
        _explain(text, policy_file, Path(event_file), as_json=as_json)
    else:
        _try_on_stored(Client(server), text, as_json=as_json)


def _try_on_stored(client: Client, text: str, *, as_json: bool) -> None:
    """Count what a policy would change of all stored findings, page by page."""
    counts, looked_at, changed, examples, after = Counter[str](), 0, 0, list[Json](), ""
    while True:
        page = client.post("/policy/test", text.encode(), "application/yaml", limit=_PAGE, after=after)
        counts.update(page["counts"])
        looked_at, changed = looked_at + page["looked_at"], changed + page["changed"]
        examples = (examples + page["examples"])[:_EXAMPLES]
        after = page["next"] or ""
        if not after:
            break
    found = {"digest": page["digest"], "looked_at": looked_at, "changed": changed, "counts": dict(counts)}
    if as_json:
        print_json({**found, "examples": examples})
        return
    print(f"{changed} of {looked_at} findings would change")
    for name, count in sorted(counts.items()):
        print(f"  {count:6}  {name}")
    for one in examples:
        moved = ", ".join(f"{name} {one[name][0]} to {one[name][1]}" for name in _MOVED if name in one)
        by = ", ".join(one["rules"]) or "none"
        print(printable(f"  {one['id'][:12]}  {one['rule']} in {one['path'] or '-'}: {moved} (by {by})"))


def _explain(text: str, policy_file: Path, event_file: Path, *, as_json: bool) -> None:
    """Explain which rules match an event, which do not, and what they would do."""
    from picket.errors import PermanentError  # noqa: PLC0415 - `picket --help` does without
    from picket.policy.decide import decide  # noqa: PLC0415
    from picket.policy.match import explain  # noqa: PLC0415
    from picket.policy.rules import combined  # noqa: PLC0415

    try:
        found = combined(text, name=str(policy_file)).rules
    except PermanentError as error:
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
        "notices": [{"rule": rule, **told.model_dump()} for rule, told in decision.notices],
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

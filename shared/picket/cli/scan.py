"""`picket scan`: look at a repository, folder, file or standard input on this machine, for hooks too.

Read with argparse, not typer: a hook may take 150 ms in all, and typer's own start is 40 of them.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from picket.cli.remarks import not_scanned, remarks, summary
from picket.cli.replay import SECONDS, Unread, keep, tell
from picket.confidence import MIN_CONFIDENCE
from picket.errors import Malformed, PicketError
from picket.scanning.environment import usable_cores
from picket.scanning.formats import FORMATS, named
from picket.scanning.limits import DECODE_DEPTH, MAX_BLOB
from picket.scanning.order import STDIN, Order, Selection, is_url

if TYPE_CHECKING:
    from picket.scanning.result import Result

CLEAN, FOUND, ERROR, INTERRUPTED = 0, 1, 2, 130
_SIZE = re.compile(r"(\d+)\s*([kmg]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Returns:
        0 when nothing was found or all of it was accepted, `--exit-code` (1) when something was found, 2 when it could
        not be done as asked or not everything could be looked at.
    """
    try:
        given = _parser().parse_args(arguments)
        return _scan(given, _order(given), arguments)
    except PicketError as error:
        print(f"picket: {error}", file=sys.stderr)
        return ERROR
    except Unread:
        return ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except ModuleNotFoundError:
        raise  # what to install is told for all commands at once
    except Exception as error:  # noqa: BLE001 - any other status would say clean, or found
        # No message: it may hold what was being looked at.
        where = traceback.extract_tb(error.__traceback__)[-1]
        print(f"picket: {type(error).__name__} in {Path(where.filename).name}:{where.lineno}", file=sys.stderr)
        return ERROR


def _scan(given: argparse.Namespace, order: Order, arguments: Sequence[str]) -> int:
    from picket.scanning.scan import scan  # noqa: PLC0415 - `--help` does without

    said: list[str] = []

    def say(text: str) -> None:
        if not given.quiet:
            said.append(f"picket: {text}\n")

    began, since = time.monotonic(), time.time()
    # What is staged is looked at in less time than it takes to import what shows how far it is.
    with _progress(wanted=sys.stderr.isatty() and not given.quiet and not given.staged) as progress:
        result = scan(order, sys.stdin.buffer, progress, say)
    result.stats["seconds"] = round(time.monotonic() - began, 3)
    out = named(given.format)(result)
    _write(out, given.output)
    # However quiet: what was not looked at is never passed over in silence.
    said.extend(f"picket: not scanned: {line}\n" for line in not_scanned(result.errors))
    for remark in remarks(given, result):
        say(remark)
    if given.stats:
        said.extend(f"{name} {value}\n" for name, value in result.stats.items())
    say(summary(result.findings, result.stats))
    err = "".join(said)
    sys.stderr.write(err.replace(SECONDS, f"{result.stats['seconds']:.2f}"))
    status = _status_of(given, result)
    if result.rests_on and given.output is None:
        keep(arguments, result.rests_on, since, out=out, err=err, status=status)
    return status


def _status_of(given: argparse.Namespace, result: Result) -> int:
    if not result.succeeded:
        return ERROR
    return int(given.exit_code) if result.findings and not given.write_baseline else CLEAN


def _write(text: str, output: Path | None) -> None:
    if output is None:
        tell(text)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise Malformed(f"cannot write {output}: {error.strerror}") from None


def _order(given: argparse.Namespace) -> Order:
    """Turn options into an order."""
    selection: Selection = "all"
    value = ""
    if given.no_git:
        selection = "files"
    elif given.staged or given.pre_push or given.pre_receive:
        selection = "staged" if given.staged else "pre-push" if given.pre_push else "pre-receive"
    elif given.range is not None or given.branch is not None:
        selection = "range" if given.branch is None else "branch"
        value = given.range if given.branch is None else given.branch
    if given.since and selection not in {"all", "range", "branch"}:
        raise Malformed("--since goes with --all, --range and --branch only")
    if given.target == STDIN and (selection not in {"all", "files"} or given.since):
        raise Malformed("standard input has no history to choose from")
    if is_url(given.target) and selection not in {"all", "range", "branch"}:
        raise Malformed(f"--{selection} is for a repository on this machine")
    if given.unreachable:
        _check_unreachable(given, selection)
    return Order(
        target=given.target,
        selection=selection,
        value=value,
        since=given.since,
        remote=given.remote,
        rules=given.rules,
        baseline=given.baseline,
        write_baseline=given.write_baseline,
        jobs=given.jobs,
        max_blob=given.max_blob,
        decode_depth=given.decode_depth,
        archives=given.archives,
        min_confidence=given.min_confidence,
        redact=not given.no_redact,
        explain=given.explain,
        fresh=given.fresh,
        pull_requests=given.pull_requests,
        allow_missing=given.allow_missing,
        unreachable=given.unreachable,
        verify=given.verify,
    )


def _check_unreachable(given: argparse.Namespace, selection: Selection) -> None:
    if selection != "all" or given.since or given.target == STDIN:
        raise Malformed("--unreachable goes with --all only, without --since: what no ref leads to has no range")
    if is_url(given.target):
        raise Malformed("--unreachable is for a repository on this machine: a clone has only what refs lead to")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="picket scan",
        description="Find leaked credentials in a repository's history, a folder, a file or standard input.",
        epilog="Ends with 0 when nothing was found or --write-baseline accepts it, 1 when something was found, "
        "2 when it could not be done as asked or not everything could be looked at.",
    )
    add = parser.add_argument
    add("target", nargs="?", default=".", help="repository folder, https or ssh URL, folder, file, or - (default: .)")
    which = parser.add_argument_group("what is looked at").add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="the history of every ref (default)")
    which.add_argument("--range", metavar="A..B", help="commits reachable from B and not from A")
    which.add_argument("--branch", metavar="NAME", help="the history of one branch, tag or commit")
    which.add_argument("--staged", action="store_true", help="what is staged for the next commit")
    which.add_argument("--pre-push", action="store_true", help="what git's pre-push hook says on standard input")
    which.add_argument("--pre-receive", action="store_true", help="what git's pre-receive hook says on standard input")
    which.add_argument("--no-git", action="store_true", help="files as they are, without history")
    add("--pull-requests", action="store_true", help="with --all: the refs of pull requests, too")
    add("--unreachable", action="store_true", help="with --all: what no ref leads to, too: amended, dropped, unused")
    add("--since", metavar="DATE", default="", help="only commits made since (2024-12-31, `3 weeks`)")
    add("--remote", metavar="NAME", default="", help="with --pre-push: the remote, as git names it to the hook")
    add("--rules", metavar="FILE", type=Path, help="rules in gitleaks' TOML (default: .gitleaks.toml there, else ours)")
    add("--baseline", metavar="FILE", type=Path, help="known secrets, which are not shown")
    add("--write-baseline", metavar="FILE", type=Path, help="accept what is found now: write it as a baseline")
    add("--jobs", metavar="N", type=_count, default=usable_cores(), help="processes (default: one a core)")
    add("--max-blob", metavar="SIZE", type=_size, default=MAX_BLOB, help="largest blob looked at (default: 32M)")
    add(
        "--decode-depth",
        metavar="N",
        type=_depth,
        default=DECODE_DEPTH,
        help="encodings within one another (default: 2)",
    )
    add("--allow-missing", action="store_true", help="do not end with 2 because something could not be looked at")
    add("--archives", action="store_true", help="look into zip, jar, whl, tar, gz …")
    add(
        "--min-confidence", metavar="X", type=_share, default=MIN_CONFIDENCE, help=f"0 to 1 (default: {MIN_CONFIDENCE})"
    )
    add("--no-redact", action="store_true", help="show the secrets themselves")
    add("--verify", action="store_true", help="ask the providers whether what is found still works")
    add("--format", choices=FORMATS, default="table")
    add("--output", metavar="FILE", type=Path, help="write there instead of standard output")
    add("--exit-code", metavar="N", type=_status, default=FOUND, help="status when something was found (default: 1)")
    add("--quiet", action="store_true", help="no progress and no summary")
    add("--verbose", action="store_true", help="say more about how it is done")
    add("--explain", action="store_true", help="also tell what was dropped, and why")
    add("--fresh", action="store_true", help="look at everything again, whatever earlier scans found")
    add("--stats", action="store_true", help="print figures to standard error")
    return parser


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: give bytes, or 500k, 32M, 1G")
    return int(found[1]) * _UNITS[found[2].lower()]


def _whole(text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


def _count(text: str) -> int:
    return _whole(text, 1, 256)


def _depth(text: str) -> int:
    return _whole(text, 0, 8)


def _status(text: str) -> int:
    return _whole(text, 0, 255)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return share


@contextmanager
def _progress(*, wanted: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is, on a terminal."""
    if not wanted:
        yield lambda _more, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scanning", total=None)
        yield lambda more, total: bar.update(task, total=total, advance=more)

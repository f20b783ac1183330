"""What `picket scan` says on standard error beside its result."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from picket.cli.replay import SECONDS
from picket.scanning.formats import printable
from picket.scanning.result import REASONS
from picket.scanning.work import SUBMODULE

if TYPE_CHECKING:
    from picket.scanning.result import Result

_SHOWN = 20
"""Paths that are named for each reason."""


def remarks(given: argparse.Namespace, result: Result) -> Iterator[str]:
    """Say what a person should know of the way to a result."""
    if not result.is_whole:
        yield "not everything could be looked at" + ("" if result.succeeded else "; --allow-missing lets that pass")
    if given.verbose and (unheld := result.stats["rules_without_hyperscan"]):
        yield f"tried by google-re2, for Hyperscan cannot hold them: {', '.join(unheld)}"
    if given.write_baseline:
        yield f"accepted in {given.write_baseline}"


def summary(findings: list[dict[str, Any]], stats: dict[str, Any]) -> str:
    """Say what was found in how much."""
    what = (
        f"{len(findings)} leaked credential{'s' if len(findings) > 1 else ''}" if findings else "no leaked credentials"
    )
    left_out = [f"{count} {name.replace('_', ' ')}" for name in REASONS if (count := stats[name])]
    if pulls := stats.get("pull_requests_left_out"):
        left_out.append(f"{pulls} ref{'s' if pulls > 1 else ''} of pull requests (--pull-requests)")
    aside = f"; left out: {', '.join(left_out)}" if left_out else ""
    if stats.get("refs") == 0 and not stats["commits"]:
        return f"the repository has no commits: nothing was looked at, {SECONDS} s{aside}"
    of = f" of {stats['refs']} ref{'s' if stats['refs'] != 1 else ''}" if "refs" in stats else ""
    where = f"{stats['commits']} commits{of}, " if stats["commits"] else ""
    return f"{what} in {where}{stats['blobs']} blobs, {stats['bytes'] / 1e6:.1f} MB, {SECONDS} s{aside}"


def not_scanned(errors: list[dict[str, Any]]) -> Iterator[str]:
    """Say what was not scanned: each path once, with its URL or the number of its versions, and of many the first."""
    urls = {error["path"]: f" ({error['source']})" for error in errors if error.get("source")}
    lines = Counter((error["reason"], error["path"]) for error in errors)
    by_reason: dict[str, list[str]] = {}
    for (reason, path), count in lines.items():
        more = f" ({count} versions)" if count > 1 else ""
        if reason == SUBMODULE:
            more = urls.get(path, "")
        by_reason.setdefault(reason, []).append(f"{printable(path)}{more}: {reason}" if path else reason)
    for reason, said in by_reason.items():
        yield from said[:_SHOWN]
        if len(said) > _SHOWN:
            yield f"{len(said) - _SHOWN} more paths: {reason}"

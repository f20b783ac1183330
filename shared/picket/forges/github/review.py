"""GitHub's check runs with annotations, and its commit statuses.

A GitHub App alone may make check runs, and they hold the status, too: one for each commit and name. Annotations can be
added and never taken away, so a set of findings that has lost one gets a new run, which takes the former's place. The
App needs `checks: write`; one that has it not sets commit statuses (`statuses: write`).

Source: https://docs.github.com/en/rest/checks/runs, https://docs.github.com/en/rest/commits/statuses
(create-a-commit-status).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from picket.forges.github.listing import api
from picket.forges.request import Method, Request, with_json
from picket.forges.reviewing import Ask, Kept, Remark, Reply, Review, Steps, place, plain
from picket.forges.status import Commit, State, Status

_LONGEST = 140
"""Characters of a commit status's description."""
_AT_ONCE = 50
"""Annotations of a request; of more, some were dropped without a word."""
_LONGEST_MESSAGE = 16_000
"""Characters of an annotation: 64 KB, however many bytes each takes."""
_PAGE, _MOST_PAGES = 100, 10
_GRAVE = frozenset({"critical", "high"})
_CONCLUSIONS: dict[State, str] = {"success": "success", "failure": "failure", "error": "action_required"}
"""An error is that not everything could be looked at: `neutral` would let a merge through."""
_MAY_NOT = frozenset({HTTPStatus.FORBIDDEN})
_REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    annotations_count: int = 0
    title: str | None = None


class _Run(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int
    external_id: str | None = None
    status: str
    conclusion: str | None = None
    details_url: str | None = None
    output: _Output


class _Runs(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    total_count: int
    check_runs: list[_Run]


class _Denied(Exception):
    """The App may not make check runs."""


def request(commit: Commit, status: Status) -> Request:
    """Return the request that sets a commit status."""
    told = {"state": status.state, "context": commit.context, "description": status.description[:_LONGEST]}
    told |= {"target_url": status.url} if status.url else {}
    return with_json("POST", f"{repository(commit)}/statuses/{commit.sha}", told)


def repository(commit: Commit) -> str:
    """Return the URL of a commit's repository in the API."""
    return f"{api(commit.scheme, commit.host)}/repos/{quote(commit.path)}"


def review(shown: Review, _kept: Kept) -> Steps:
    """Have a check run with an annotation for each finding; nothing is kept: a run is known by its `external_id`."""
    if not shown.carried:
        return
    try:
        yield from _shown(shown)
    except _Denied:
        yield Ask(request(shown.commit, shown.status))


def _shown(shown: Review) -> Steps:
    name = f"{shown.identity}:{_digest(shown.remarks)}"
    run = yield from _newest(shown)
    number = run.id if run else 0
    done = run.output.annotations_count if run else 0
    if run and run.external_id != name and done:
        if run.status != "completed":
            ended = {"status": "completed", "conclusion": "cancelled"}
            yield from _sent("PATCH", f"{_runs(shown)}/{run.id}", ended)
        number = done = 0
    remarks = list(shown.remarks)
    if run and number and done >= len(remarks) and _is_so(run, _content(shown, name, [], is_last=True)):
        return
    while True:
        batch = remarks[done : done + _AT_ONCE]
        done += len(batch)
        method: Method = "PATCH" if number else "POST"
        url = f"{_runs(shown)}/{number}" if number else _runs(shown)
        made = {} if number else {"head_sha": shown.commit.sha}
        content = _content(shown, name, batch, is_last=done >= len(remarks))
        reply = yield from _sent(method, url, {**made, **content})
        if reply.status in _REFUSED:  # a path that GitHub does not take, perhaps: the state is more than its lines
            content = _content(shown, name, [], is_last=True)
            yield from _sent(method, url, {**made, **content}, frozenset())
            return
        number = number or _Run.model_validate_json(reply.body).id
        if done >= len(remarks):
            return


def _is_so(run: _Run, wanted: Mapping[str, Any]) -> bool:
    """Return whether a run shows what it is to show, its annotations aside."""
    there = (run.external_id, run.status, run.conclusion, run.output.title)
    same = (wanted["external_id"], wanted["status"], wanted.get("conclusion"), wanted["output"]["title"])
    return there == same and wanted.get("details_url", run.details_url) == run.details_url


def _newest(shown: Review) -> Generator[Ask, Reply, _Run | None]:
    """Return the last run that was made for this status: what GitHub calls the latest is by when a run has ended."""
    found: list[_Run] = []
    for page in range(1, _MOST_PAGES + 1):
        query = f"check_name={quote(shown.commit.context, safe='')}&filter=all&per_page={_PAGE}&page={page}"
        url = f"{repository(shown.commit)}/commits/{shown.commit.sha}/check-runs?{query}"
        reply = yield Ask(Request("GET", url), _MAY_NOT)
        if reply.status == HTTPStatus.FORBIDDEN:
            raise _Denied
        told = _Runs.model_validate_json(reply.body)
        found += [run for run in told.check_runs if (run.external_id or "").startswith(f"{shown.identity}:")]
        if page * _PAGE >= told.total_count:
            break
    return max(found, key=lambda run: run.id, default=None)


def _sent(
    method: Method, url: str, content: Mapping[str, Any], bears: frozenset[int] = _REFUSED
) -> Generator[Ask, Reply, Reply]:
    reply = yield Ask(with_json(method, url, content), bears | _MAY_NOT)
    if reply.status == HTTPStatus.FORBIDDEN:
        raise _Denied
    return reply


def _content(shown: Review, name: str, remarks: list[Remark], *, is_last: bool) -> dict[str, Any]:
    """Return what a run is to be, these annotations added; it ends with the last of them."""
    status, commit = shown.status, shown.commit
    said = plain(status.description)
    total = len(shown.remarks)
    summary = f"{said}\n\n{total} new finding{'s' if total > 1 else ''} at their lines." if total else said
    output: dict[str, Any] = {"title": said[:255] or commit.context, "summary": summary}
    output |= {"annotations": [_annotation(remark) for remark in remarks]} if remarks else {}
    told: dict[str, Any] = {"name": commit.context, "external_id": name, "output": output}
    told |= {"details_url": status.url} if status.url else {}
    conclusion = _CONCLUSIONS.get(status.state)
    if conclusion and is_last:
        return {**told, "status": "completed", "conclusion": conclusion}
    return {**told, "status": "in_progress"}


def _annotation(remark: Remark) -> dict[str, Any]:
    line = max(remark.line, 1)
    message = " ".join(part for part in (plain(remark.text), remark.url) if part)
    return {
        "path": place(remark),
        "start_line": line,
        "end_line": line,
        "annotation_level": "failure" if remark.severity in _GRAVE else "warning",
        "message": message[:_LONGEST_MESSAGE],
    }


def _digest(remarks: tuple[Remark, ...]) -> str:
    told = json.dumps([asdict(remark) for remark in remarks], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _runs(shown: Review) -> str:
    return f"{repository(shown.commit)}/check-runs"

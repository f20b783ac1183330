"""The way through a scan on this machine: rules, source, every blob once, occurrences, findings, what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from picket.detection import Engine, default_digest
from picket.errors import Gone
from picket.scanning import revisions
from picket.scanning.environment import cache_dir, hash_key, hash_key_file, own_git_dir
from picket.scanning.order import STDIN, Order, is_url
from picket.scanning.result import DOUBTFUL, Json, Result, Seen, hidden_documents, problem_documents, result_of
from picket.scanning.rules import TEAM_RULES, rules_for
from picket.scanning.sieve import IGNORE_FILES, OWN_BASELINE, Sieve
from picket.scanning.sources import BytesSource, FilesSource, HistorySource, Source, StagedSource
from picket.scanning.targets import Repository, cloned, find_repository
from picket.scanning.work import Job, Outcome, look_at

if TYPE_CHECKING:
    from picket.scanning.findings import Finding

Progress = Callable[[int, int], object]
"""Told how many more blobs are done, and how many there are in all."""


def scan(order: Order, stdin: IO[bytes], progress: Progress, say: Callable[[str], object]) -> Result:
    """Do what *order* asks for.

    Args:
        order: What is asked for.
        stdin: Content, or what git tells a hook.
        progress: Called as the work goes on.
        say: Takes what a person should know before the result.

    Raises:
        PicketError: It cannot be done as asked: no such target or commit, broken rules or baseline, missing objects.
    """
    with _opened(order) as repository:
        ruleset = rules_for(order, repository.top if repository else None, say)
        sieve = Sieve(order, repository)
        engine = Engine(ruleset, cache_dir=cache_dir() / "rulesets", decode_depth=order.decode_depth)
        if repository and order.remembers:
            return _remembering(order, repository, engine, sieve, progress)
        with _source(order, repository, stdin) as source:
            outcome, findings = _look(order, source, engine, progress)
        reasons = sieve.reasons(findings, ruleset)
        if order.write_baseline:
            from picket.scanning.known import write_baseline  # noqa: PLC0415 - a hook does without

            confident = (each for each, reason in zip(findings, reasons, strict=True) if reason != DOUBTFUL)
            write_baseline(order.write_baseline, confident)
    return _result(order, _seen(source, outcome, _documents(order, findings, reasons)), engine, outcome)


def _remembering(order: Order, repository: Repository, engine: Engine, sieve: Sieve, progress: Progress) -> Result:
    """Look at what is new since the last scan of all history, and put it together with what that one found."""
    from picket.scanning import memory  # noqa: PLC0415 - a hook does without

    git_dir = repository.git_dir
    path = memory.place(git_dir, order, engine.ruleset.digest, sieve, hash_key())
    tips = memory.tips_of(git_dir)  # asked before the log is: what comes in between is looked at again next time
    new, known = memory.since_then(git_dir, memory.recall(path), tips)
    with revisions.log_of(git_dir, new) as log:
        source = HistorySource(git_dir, log, order.max_blob)
        outcome, findings = _look(order, source, engine, progress)
    fresh = _documents(order, findings, sieve.reasons(findings, engine.ruleset))
    seen = memory.added(known, _seen(source, outcome, fresh), tips)
    if seen != known:
        memory.keep(path, seen)
    result = _result(order, seen, engine, outcome)
    if order.rules or engine.ruleset.digest != default_digest():
        return result  # a team's own rules may extend files that are not known here
    looked_for = (repository.top / name for name in (TEAM_RULES, OWN_BASELINE, *IGNORE_FILES) if repository.top)
    files = (*map(str, looked_for), *map(str, sieve.files), hash_key_file())
    return replace(result, rests_on=(str(git_dir.resolve()), files))


def _look(order: Order, source: Source, engine: Engine, progress: Progress) -> tuple[Outcome, list[Finding]]:
    job = Job(source.store, engine, explain=order.explain, archives=order.archives)
    total = len(source.paths)
    outcome = look_at(job, source.paths, order.jobs, source.order(), lambda more: progress(more, total))
    found = list(source.occurrences(outcome, job))
    if not found:
        return outcome, []
    from picket.scanning.findings import grouped  # noqa: PLC0415 - most hooks find nothing

    return outcome, grouped(found)


def _documents(order: Order, findings: list[Finding], reasons: list[str]) -> list[Json]:
    if not findings:
        return []
    from picket.scanning.documents import finding_document  # noqa: PLC0415 - most hooks find nothing

    key = hash_key()
    return [
        finding_document(finding, key, redact=order.redact, hidden=reason)
        for finding, reason in zip(findings, reasons, strict=True)
    ]


def _seen(source: Source, outcome: Outcome, findings: list[Json]) -> Seen:
    problems = problem_documents([*source.problems, *outcome.problems])
    return Seen(findings=findings, errors=problems, commits=source.commits, blobs=outcome.blobs, bytes=outcome.size)


def _result(order: Order, seen: Seen, engine: Engine, outcome: Outcome) -> Result:
    rules = engine.ruleset.rules
    stats = {
        "commits": seen.commits,
        "blobs": seen.blobs,
        "bytes": seen.bytes,
        "new_blobs": outcome.blobs,
        "rules": len(rules),
        "ruleset": engine.ruleset.digest,
        "rules_without_hyperscan": [rules[index].id for index in engine.prefilter.unheld],
    }
    dropped = [*outcome.dropped, *hidden_documents(seen.findings)] if order.explain else []
    return result_of(seen.findings, stats, seen.errors, dropped)


@contextmanager
def _opened(order: Order) -> Iterator[Repository | None]:
    """Give the repository to read from, fetching it if it is elsewhere; None for files and standard input."""
    if order.target == STDIN:
        yield None
    elif is_url(order.target):
        with cloned(order.target) as repository:
            yield repository
    else:
        yield _here(order)


def _here(order: Order) -> Repository | None:
    hook = own_git_dir() if order.target == "." else None
    if hook and order.selection in {"staged", "pre-push", "pre-receive"}:
        return Repository(hook, Path.cwd())
    path = Path(order.target)
    if not path.exists():
        raise Gone(f"{order.target}: no such file or folder")
    found = find_repository(path) if order.selection != "files" and path.is_dir() else None
    if not found and order.selection not in {"all", "files"}:
        raise Gone(f"{order.target} is no git repository")
    return found


@contextmanager
def _source(order: Order, repository: Repository | None, stdin: IO[bytes]) -> Iterator[Source]:
    if order.target == STDIN:
        yield BytesSource("stdin", stdin.read(order.max_blob + 1), order.max_blob)
    elif repository is None:
        yield FilesSource(Path(order.target), order.max_blob)
    elif order.selection == "staged":
        yield StagedSource(repository.git_dir, order.max_blob)
    else:
        with revisions.log_of(repository.git_dir, revisions.wanted(order, repository.git_dir, stdin)) as log:
            yield HistorySource(repository.git_dir, log, order.max_blob)

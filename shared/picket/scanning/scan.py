"""The way through a scan on this machine: rules, source, every blob once, occurrences, findings, what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CalledProcessError
from typing import IO, TYPE_CHECKING

from picket.commits.refs import is_looked_at
from picket.detection import Engine, default_digest
from picket.effects.git.command import GitFailed, shortened
from picket.effects.git.objects import Absent, common_dir
from picket.errors import Gone, Malformed, TooLarge
from picket.records import replace
from picket.scanning import revisions
from picket.scanning.environment import cache_dir, forget_own_repository, hash_key, hash_key_file, own_git_dir
from picket.scanning.heads import refs_of
from picket.scanning.limits import too_large
from picket.scanning.order import HOOKS, STDIN, Order, is_url
from picket.scanning.result import (
    DOUBTFUL,
    Json,
    RestsOn,
    Result,
    Seen,
    elsewhere,
    hidden_documents,
    problem_documents,
    result_of,
)
from picket.scanning.rules import TEAM_RULES, rules_for
from picket.scanning.sieve import IGNORE_FILES, OWN_BASELINE, Sieve
from picket.scanning.sources import BytesSource, FilesSource, HistorySource, Source, StagedSource
from picket.scanning.targets import Repository, cloned, find_repository, nearer
from picket.scanning.work import Job, Outcome, Problem, look_at

if TYPE_CHECKING:
    from picket.scanning.findings import Finding
    from picket.scanning.memory import Tips

_LONGEST_NAME = 200  # characters of a target that an error repeats

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
        _note_surprises(order, repository, say)
        ruleset = rules_for(order, repository.top if repository else None, say)
        sieve = Sieve(order, repository)
        engine = Engine(ruleset, cache_dir=cache_dir() / "rulesets", decode_depth=order.decode_depth)
        if repository and order.remembers:
            return _remembering(order, repository, engine, sieve, progress)
        asked = _asked(order, repository)
        with _source(order, repository, stdin, asked) as source:
            outcome, findings = _look(order, source, engine, progress)
        _check_hook(order, outcome)
        reasons = sieve.reasons(findings, ruleset)
        if order.write_baseline:
            from picket.scanning.known import write_baseline  # noqa: PLC0415 - a hook does without

            confident = (each for each, reason in zip(findings, reasons, strict=True) if reason != DOUBTFUL)
            write_baseline(
                order.write_baseline, confident, add=order.selection not in {"all", "files"} or bool(order.since)
            )
    documents = _documents(order, source, findings, reasons)
    if order.verify and documents:
        _verify(documents, findings, reasons, source)
    return _result(order, _seen(source, outcome, documents), engine, outcome, asked)


def _asked(order: Order, repository: Repository | None) -> Tips | None:
    """Return which refs a scan of all history looks at; None for any other scan."""
    if repository is None or order.selection != "all":
        return None
    from picket.scanning.memory import tips_of  # noqa: PLC0415 - a hook does without

    asked = tips_of(_refs(repository.git_dir), pull_requests=order.pull_requests)
    passed_over = (name for name in repository.passed_over if is_looked_at(name, pull_requests=order.pull_requests))
    return replace(asked, broken=(*asked.broken, *passed_over))


def _refs(git_dir: Path) -> list[str]:
    """Return what the repository's refs lead to; see `heads.refs_of`.

    Raises:
        GitFailed: Git cannot read them, or what they lead to.
    """
    try:
        return refs_of(str(git_dir))
    except CalledProcessError as error:
        raise GitFailed(error.returncode, shortened(error.stderr)) from None


def _remembering(order: Order, repository: Repository, engine: Engine, sieve: Sieve, progress: Progress) -> Result:
    """Look at what is new since the last scan of all history, and put it together with what that one found."""
    from picket.scanning import memory  # noqa: PLC0415 - a hook does without
    from picket.scanning.lfs import missing_files  # noqa: PLC0415 - likewise

    git_dir = repository.git_dir
    path = memory.place(git_dir, order, engine.ruleset.digest, sieve, hash_key())
    refs = _refs(git_dir)  # asked before the log is: what comes in between is looked at next time
    asked = memory.tips_of(refs, pull_requests=order.pull_requests)
    tips, whole = asked.objects, revisions.everything(pull_requests=order.pull_requests)
    new, known = memory.since_then(git_dir, memory.recall(path), tips, whole)
    with revisions.log_of(git_dir, new) as log:
        source = HistorySource(git_dir, log, order.max_blob, asked.tags - known.tips)
        outcome, findings = _look(order, source, engine, progress)
    fresh = _documents(order, source, findings, sieve.reasons(findings, engine.ruleset))
    commits = memory.count(git_dir, tips) if tips != known.tips else known.commits
    seen = memory.added(known, _seen(source, outcome, fresh), tips, commits)
    if seen != known:
        memory.keep(path, seen)
    result = _result(order, seen, engine, outcome, asked)
    if order.rules or engine.ruleset.digest != default_digest():
        return result  # a team's own rules may extend files that are not known here
    if not result.is_whole:
        return result  # what is missing may be there next time, with the same refs
    looked_for = (repository.top / name for name in (TEAM_RULES, OWN_BASELINE, *IGNORE_FILES) if repository.top)
    awaited = missing_files(common_dir(git_dir).resolve(), seen.errors)
    files = (
        *awaited,
        *map(str, looked_for),
        *map(str, sieve.files),
        hash_key_file(),
        *nearer(Path(order.target), repository),
    )
    return replace(result, rests_on=RestsOn(str(git_dir.resolve()), refs, files))


def _look(order: Order, source: Source, engine: Engine, progress: Progress) -> tuple[Outcome, list[Finding]]:
    job = Job(source.store, engine, explain=order.explain, archives=order.archives)
    total = len(source.paths)
    outcome = look_at(job, source.paths, order.jobs, source.order(), lambda more: progress(more, total))
    found = list(source.occurrences(outcome, job))
    if not found:
        return outcome, []
    from picket.scanning.findings import grouped  # noqa: PLC0415 - most hooks find nothing

    return outcome, grouped(found)


def _note_surprises(order: Order, repository: Repository | None, say: Callable[[str], object]) -> None:
    """Say what is looked at where a target's name alone may be taken for something else."""
    if repository is None and order.selection == "all" and order.target != STDIN:
        if order.since or order.unreachable:
            option = "--since" if order.since else "--unreachable"
            raise Malformed(f"{_short(order.target)} is no git repository, and has no history for {option}")
        say(f"{_short(order.target)} is no git repository: files are looked at as they are")
    elif repository and not is_url(order.target) and order.target != ".":
        top = repository.top or repository.git_dir
        if Path(order.target).resolve() not in {top.resolve(), repository.git_dir.resolve()}:
            say(f"{_short(order.target)} lies in a repository, whose history is looked at; for its files: --no-git")


def _check_hook(order: Order, outcome: Outcome) -> None:
    """Let nothing pass a hook that was not looked at."""
    missing = [each for each in outcome.problems if each.reason == Absent.MISSING.value]
    if missing and order.selection in HOOKS and not order.allow_missing:
        raise Gone(f"{missing[0].path} and {len(missing) - 1} more cannot be looked at: {missing[0].reason}")


def _documents(order: Order, source: Source, findings: list[Finding], reasons: list[str]) -> list[Json]:
    if not findings:
        return []
    from picket.scanning.documents import Describe  # noqa: PLC0415 - most hooks find nothing
    from picket.scanning.uris import odd_names  # noqa: PLC0415 - as above

    odd = odd_names(source.paths, findings)
    describe = Describe(hash_key(), odd, redact=order.redact, unreachable=source.unreachable)
    return [describe.finding(finding, hidden=reason) for finding, reason in zip(findings, reasons, strict=True)]


def _verify(documents: list[Json], findings: list[Finding], reasons: list[str], source: Source) -> None:
    """Put into the documents what the providers say; what works is critical, whatever it looks like."""
    from picket.scanning.verification import told, verified  # noqa: PLC0415 - only where it is asked for

    for document, verdict in zip(documents, verified(findings, reasons, source.store), strict=True):
        if verdict is not None:
            document.update(told(verdict))
            if verdict.result == "live":
                document.update({"severity": "critical", "confidence": 1.0})


def _seen(source: Source, outcome: Outcome, findings: list[Json]) -> Seen:
    problems = problem_documents([*source.problems, *outcome.problems])
    return Seen(findings=findings, errors=problems, commits=source.commits, blobs=outcome.blobs, bytes=outcome.size)


def _result(order: Order, seen: Seen, engine: Engine, outcome: Outcome, asked: Tips | None) -> Result:
    rules = engine.ruleset.rules
    stats = {
        "commits": seen.commits,
        **({"refs": asked.refs, "pull_requests_left_out": asked.left_out} if asked else {}),
        "blobs": seen.blobs,
        "bytes": seen.bytes,
        "new_blobs": outcome.blobs,
        **elsewhere(seen.errors),
        "rules": len(rules),
        "ruleset": engine.ruleset.digest,
        "rules_without_hyperscan": [rules[index].id for index in engine.prefilter.unheld],
    }
    dropped = [*outcome.dropped, *hidden_documents(seen.findings)] if order.explain else []
    passed_over = asked.broken if asked else ()
    broken = [Problem(name, "git passes over this ref: it, or its name, is broken") for name in passed_over]
    errors = [*seen.errors, *problem_documents(broken)]
    return result_of(seen.findings, stats, errors, dropped, allow_missing=order.allow_missing)


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
    if hook and order.selection in HOOKS:
        return Repository(hook, None if order.selection == "pre-receive" else Path.cwd())
    if order.target != ".":
        forget_own_repository()
    path = Path(order.target)
    try:
        path.stat()
    except OSError as error:
        raise Gone(f"{_short(order.target)}: {error.strerror}") from None
    found = find_repository(path) if order.selection != "files" and path.is_dir() else None
    if not found and order.selection not in {"all", "files"}:
        raise Gone(f"{order.target} is no git repository")
    if found and found.top is None and order.selection == "staged":
        raise Gone(f"{order.target} is a bare repository, where nothing can be staged")
    return found


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _plain(target: Path, limit: int) -> Source:
    """Take a folder or a file as it is; of a pipe, what comes out of it."""
    if target.is_dir():
        return FilesSource(target, limit)
    with target.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(f"{target} is {too_large(limit)}: see --max-blob")
    return BytesSource(target.name, content, limit)


@contextmanager
def _source(order: Order, repository: Repository | None, stdin: IO[bytes], asked: Tips | None) -> Iterator[Source]:
    if order.target == STDIN:
        yield BytesSource("stdin", stdin.read(order.max_blob + 1), order.max_blob)
    elif repository is None:
        yield _plain(Path(order.target), order.max_blob)
    elif order.selection == "staged":
        yield StagedSource(repository.git_dir, order.max_blob)
    elif order.unreachable and asked:
        with _whole_source(order, repository, asked) as source:
            yield source
    else:
        which = revisions.wanted(order, repository.git_dir, stdin)
        with revisions.log_of(repository.git_dir, which) as log:
            yield HistorySource(repository.git_dir, log, order.max_blob, which.named if asked is None else asked.tags)


@contextmanager
def _whole_source(order: Order, repository: Repository, asked: Tips) -> Iterator[Source]:
    """Give all history, and what no ref leads to."""
    from picket.scanning.unreachable import log_and_beyond  # noqa: PLC0415 - only where it is asked for

    everything = revisions.everything(pull_requests=order.pull_requests)
    with log_and_beyond(repository.git_dir, everything) as (log, beyond):
        yield HistorySource(repository.git_dir, log, order.max_blob, asked.tags, beyond)

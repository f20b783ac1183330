"""The way through a scan on this machine: rules, source, every blob once, occurrences, findings, what is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from picket.detection import Engine, Ruleset, default_ruleset, parse_ruleset
from picket.effects.git.command import GitFailed, output
from picket.errors import Gone, Malformed
from picket.scanning import revisions
from picket.scanning.environment import cache_dir, hash_key, own_git_dir
from picket.scanning.findings import Finding, grouped
from picket.scanning.known import parse_fingerprints, read_baseline, write_baseline
from picket.scanning.order import Order
from picket.scanning.result import Json, Result, finding_document, problem_documents
from picket.scanning.sources import BytesSource, FilesSource, HistorySource, Source, StagedSource
from picket.scanning.targets import STDIN, Repository, cloned, find_repository, is_url
from picket.scanning.work import Job, Outcome, look_at

TEAM_RULES = ".gitleaks.toml"
OWN_BASELINE = ".picketignore"
IGNORE_FILES = (".gitleaksignore", ".betterleaksignore")

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
    began = time.monotonic()
    with _opened(order) as repository:
        top = repository.top if repository else None
        ruleset = _rules(order, top, say)
        engine = Engine(ruleset, cache_dir=cache_dir() / "rulesets", decode_depth=order.decode_depth)
        with _source(order, repository, stdin) as source:
            job = Job(source.store, engine, explain=order.explain, archives=order.archives)
            total = len(source.paths)
            outcome = look_at(job, source.paths, order.jobs, source.order(), lambda more: progress(more, total))
            findings = grouped(source.occurrences(outcome, engine))
        sieve = _Sieve(order, ruleset, repository)
        shown = sieve.passed(findings)
        if order.write_baseline:
            write_baseline(order.write_baseline, sieve.confident(findings))
    key = hash_key() if shown else b""
    return Result(
        [finding_document(each, key, redact=order.redact) for each in shown],
        _stats(source, outcome, engine, time.monotonic() - began) | sieve.counts,
        problem_documents([*source.problems, *outcome.problems]),
        _dropped(outcome) + sieve.dropped if order.explain else [],
    )


class _Sieve:
    """Leaves out what is doubtful or known, and keeps count of it."""

    def __init__(self, order: Order, ruleset: Ruleset, repository: Repository | None) -> None:
        self.counts = {"below_min_confidence": 0, "in_baseline": 0, "ignored": 0}
        self.dropped: list[Json] = []
        self._least = order.min_confidence
        own = repository.top / OWN_BASELINE if repository and repository.top else None
        named = [order.baseline] if order.baseline else []
        self._baselines = [read_baseline(path) for path in (*named, *([own] if own and own.exists() else []))]
        lines = "\n".join(_text_at_top(repository, name) for name in IGNORE_FILES)
        self._fingerprints = parse_fingerprints(lines, [rule.id for rule in ruleset.rules])

    def confident(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        return (each for each in findings if each.best.confidence >= self._least)

    def passed(self, findings: list[Finding]) -> list[Finding]:
        hidden = self._fingerprints.hide(findings)
        return [finding for finding in findings if not self._reason(finding, hidden)]

    def _reason(self, finding: Finding, hidden: set[bytes]) -> str:
        name = ""
        if finding.best.confidence < self._least:
            name, reason = "below_min_confidence", f"confidence {finding.best.confidence:.2f} is below {self._least:g}"
        elif any(baseline.knows(finding) for baseline in self._baselines):
            name, reason = "in_baseline", "its secret is in a baseline"
        elif finding.identity in hidden:
            name, reason = "ignored", "an ignore file names it"
        if name:
            first = finding.occurrences[0].at
            self.counts[name] += 1
            self.dropped.append(_drop(first.path, first.start_line, finding.best.rule.id, reason))
        return name


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


def _rules(order: Order, top: Path | None, say: Callable[[str], object]) -> Ruleset:
    """Read the rules asked for, else the team's own file at the top of its repository, else the shipped ones."""
    path = order.rules
    if path is None and top is not None and (top / TEAM_RULES).is_file():
        path = top / TEAM_RULES
        say(f"rules from {TEAM_RULES}")
    if path is None:
        return default_ruleset(cache_dir() / "rulesets")
    folder = path.parent

    def read(name: str) -> str:
        """Read what it extends: by path from here, as gitleaks does, or beside it."""
        return (Path(name) if Path(name).exists() else folder / name).read_text("utf-8")

    try:
        return parse_ruleset(path.read_text("utf-8"), name=str(path), read=read)
    except OSError as error:
        raise Malformed(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Malformed(f"{path}: not UTF-8") from None


def _text_at_top(repository: Repository | None, name: str) -> str:
    """Read a file in the work tree, or, where there is none, in HEAD; empty when it is not there."""
    if repository is None:
        return ""
    if repository.top is not None:
        path = repository.top / name
        return path.read_text("utf-8", "replace") if path.is_file() else ""
    try:
        return output(repository.git_dir, "cat-file", "blob", f"HEAD:{name}").decode("utf-8", "replace")
    except GitFailed:  # there is no such file, or no commit yet
        return ""


def _stats(source: Source, outcome: Outcome, engine: Engine, seconds: float) -> Json:
    rules = engine.ruleset.rules
    return {
        "commits": source.commits,
        "blobs": outcome.blobs,
        "bytes": outcome.size,
        "seconds": round(seconds, 3),
        "rules": len(rules),
        "ruleset": engine.ruleset.digest,
        "rules_without_hyperscan": [rules[index].id for index in engine.prefilter.unheld],
    }


def _dropped(outcome: Outcome) -> list[Json]:
    return [_drop(*each) for each in outcome.dropped]


def _drop(path: str, line: int, rule: str, reason: str) -> Json:
    return {"path": path, "line": line, "rule": rule, "reason": reason}

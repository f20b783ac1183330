"""From the problems of a report to findings: which problem is which finding, told by the lines that it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from picket.effects.git import snapshot
from picket.effects.git.address import admitted
from picket.effects.mongo import findings, reports
from picket.effects.mongo.assets import is_repository
from picket.effects.mongo.documents import Repository
from picket.findings.addresses import kubernetes_objects
from picket.findings.identity import finding_id, parts_id
from picket.findings.kinds import KINDS
from picket.findings.kinds.kind import Lines
from picket.findings.model import MAX_PLACES, LeftOut, Place, Problem, Report
from picket.settings import settings

_MOST_LINES = 50
"""Lines of a statement that are looked at."""
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Identified:
    """A problem, what identifies it within its repository, and all of its places.

    `statement` is what identifies it apart from its path; empty where a rename of the file does not matter.
    """

    problem: Problem
    identity: str
    places: tuple[Place, ...]
    statement: str = ""


def identify(
    report: Report, tool: str, repository: Repository, commit: str
) -> tuple[dict[str, Identified], tuple[LeftOut, ...]]:
    """Find out which findings the problems of a report are.

    Args:
        report: The report.
        tool: Name of the tool that wrote it.
        repository: The repository that it is of, as stored.
        commit: The commit that it is of.

    Returns:
        Problems by the id of their finding, and what could not be identified.

    Raises:
        PicketError: The lines cannot be read; see `snapshot.of`.
    """
    wanted = [problem for problem in report.problems if problem.kind in KINDS]
    unknown = [problem for problem in report.problems if problem.kind not in KINDS]
    left_out = [LeftOut(where=_where(one), reason=f"no kind of finding {one.kind[:40]!r}") for one in unknown]
    texts = _texts(wanted, repository, commit) if is_repository(repository) else {}
    named: list[tuple[dict[str, str], Identified]] = []
    equals = Counter[tuple[str, ...]]()
    for problem in sorted(wanted, key=_order):
        is_told_by_lines = KINDS[problem.kind].needs_lines and problem.places and not problem.value_id
        lines = texts.get(problem.places[0]) if is_told_by_lines and is_repository(repository) else Lines()
        if lines is None:
            left_out.append(LeftOut(where=_where(problem), reason=f"not in the files of commit {commit[:12]}"))
            continue
        names = _names(problem, tool, repository["_id"], lines, equals)
        statement = _statement(problem, tool, lines)
        named.append((names, Identified(problem, next(iter(names.values())), problem.places, statement)))
    return _chosen(named, repository["_id"]), tuple(left_out)


def _names(
    problem: Problem, tool: str, repository: str, lines: Lines, equals: Counter[tuple[str, ...]]
) -> dict[str, str]:
    """Return the ids that a problem's finding may have, the one of a new finding first, each with its identity."""
    key, kind = settings().hmac_key, KINDS[problem.kind]
    if problem.value_id:
        return {finding_id(key, repository, problem.kind, problem.value_id): problem.value_id}
    ids: dict[str, str] = {}
    for parts in kind.identify(tool, problem, lines):
        told = parts
        if kind.equals_are_distinct(tool, problem):
            equals[problem.kind, *parts] += 1
            ordinal = equals[problem.kind, *parts]
            told = (*parts, str(ordinal)) if ordinal > 1 else parts
        identity = parts_id(key, told)
        ids[finding_id(key, repository, problem.kind, identity)] = identity
    return ids


def _statement(problem: Problem, tool: str, lines: Lines) -> str:
    """Return what identifies a problem apart from its path; empty where a rename of its file does not matter."""
    kind = KINDS[problem.kind]
    if problem.value_id or not kind.needs_lines:
        return ""
    return parts_id(settings().hmac_key, kind.identify(tool, _anywhere(problem), lines)[0])


def _chosen(named: list[tuple[dict[str, str], Identified]], repository: str) -> dict[str, Identified]:
    """Return the problems by the finding that each is: the oldest that one of its ids leads to, else a new one.

    The other ids are kept, so that a report which knows only one of them leads there, too.
    """
    several = sorted({name for names, _ in named if len(names) > 1 for name in names})
    led = reports.moved(several)
    since = findings.created(sorted({led.get(name, name) for name in several}))
    stored, leads, found = frozenset(since), dict(led), dict[str, Identified]()
    for names, one in sorted(named, key=lambda item: -len(item[0])):  # those that join ids before those that have one
        targets = [leads.get(name, name) for name in names]
        chosen = min((target for target in targets if target in since), key=lambda target: since[target], default="")
        chosen = chosen or targets[0]
        if len(names) > 1:
            since.setdefault(chosen, _NEW)
            for name in names:
                if name != chosen:
                    leads.setdefault(name, chosen)
        found[chosen] = joined(found.get(chosen), replace(one, identity=names.get(chosen, one.identity)))
    reports.record_moves(repository, {name: to for name, to in leads.items() if name not in led and name not in stored})
    return found


_NEW = "~"
"""Stands for the time of a finding that is about to be made: later than any."""


def evidence(problem: Problem, tool: str) -> dict[str, object]:
    """Describe what a tool reports as a finding's evidence."""
    return {
        "rule": problem.rule,
        "description": problem.title,
        "provider": tool,
        "credential": "",
        "severity": problem.severity,
        "confidence": problem.confidence,
        "reasons": [f"reported by {tool}"],
        "redacted": "",
        "remediation": problem.remediation or KINDS[problem.kind].remediation,
        "link": problem.link,
        "cwe": list(problem.cwe),
        "advisory": problem.advisory,
        "component": problem.component,
        "resource": problem.resource,
    }


def _texts(problems: Iterable[Problem], repository: Repository, commit: str) -> Mapping[Place, Lines]:
    """Return what stands in each problem's first place where its kind is told by it; what is not there is left out."""
    wanted: dict[str, set[Place]] = {}
    for problem in problems:
        if KINDS[problem.kind].needs_lines and problem.places:
            wanted.setdefault(problem.places[0].path, set()).add(problem.places[0])
    texts: dict[Place, Lines] = {}
    if wanted:
        with snapshot.of(repository["_id"], admitted(repository["url"]), commit) as files:
            for path, content in files.contents(wanted):
                lines = content.decode("utf-8", "replace").split("\n")
                object_at = kubernetes_objects(lines) if path.endswith(_YAML) else lambda _line: ""
                for place in wanted[path]:
                    text = _text(lines, place)
                    if text is not None:
                        texts[place] = Lines(text, object_at(place.start_line))
    return texts


def _text(lines: list[str], place: Place) -> str | None:
    """Return the lines of a place; empty where it names a whole file, None where the file has no such lines."""
    if not place.start_line:
        return ""
    if place.start_line > len(lines):
        return None
    end = min(max(place.end_line, place.start_line), place.start_line + _MOST_LINES - 1)
    return "\n".join(lines[place.start_line - 1 : end])


def _anywhere(problem: Problem) -> Problem:
    """Return a problem as if its file had no name."""
    places = tuple(place.model_copy(update={"path": ""}) for place in problem.places)
    return problem.model_copy(update={"places": places})


def joined(known: Identified | None, found: Identified) -> Identified:
    """Return one problem of two that are the same: the graver one, with the places of both."""
    if known is None:
        return found
    places = tuple(dict.fromkeys((*known.places, *found.places)))[:MAX_PLACES]
    best = min(known, found, key=lambda one: _GRAVEST.index(one.problem.severity))
    return replace(best, places=places)


_GRAVEST = ("critical", "high", "medium", "low", "info")


def _order(problem: Problem) -> tuple[str, int, int]:
    """Return what puts equal statements of a file in the order in which they stand there."""
    if not problem.places:
        return "", 0, 0
    return problem.places[0].path, problem.places[0].start_line, problem.places[0].start_column


def _where(problem: Problem) -> str:
    place = problem.places[0] if problem.places else Place(path="")
    return f"{problem.rule} at {place.path}:{place.start_line}"[:1_000]

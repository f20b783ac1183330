"""Scanning bytes: prefilter, confirm with the exact pattern, check, and let the most specific rule win.

The order is: path and commit, keyword, pattern, group, entropy, allow-lists, checks, specificity. Every candidate
that does not become a hit leaves a reason.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from picket.detection.allowlists import allows, skips_blob
from picket.detection.checks import CHECKS
from picket.detection.evidence import FATAL, Blob, Candidate, weigh
from picket.detection.model import RANK, Dropped, Hit, Required, Rule, Ruleset
from picket.detection.prefilter import Prefilter
from picket.detection.randomness import shannon_entropy
from picket.detection.surroundings import allowed_inline
from picket.detection.syntax import cached_pattern, compile_pattern
from picket.detection.text import as_utf8, is_binary, position, source_offset

EXTENSION = 65536
"""Bytes given to a match that runs into the end of its window: the longest credential that is found whole."""


class Engine:
    """Finds credentials by one ruleset. Cheap to make: the database is compiled or loaded by the first scan.

    Args:
        ruleset: The rules in force.
        cache_dir: Folder that keeps compiled databases between processes; nothing is written without it.
    """

    def __init__(self, ruleset: Ruleset, *, cache_dir: Path | None = None) -> None:
        self.ruleset = ruleset
        self.prefilter = Prefilter(ruleset.rules, ruleset.digest, cache_dir)
        self._patterns: dict[int, re.Pattern[bytes]] = {}
        self._path_only = tuple(rule for rule in ruleset.rules if rule.path and not rule.pattern)

    def scan(self, content: bytes, path: str = "", commit: str = "") -> list[Hit]:
        """Find the credentials in one blob.

        UTF-16 with a byte order mark is read as text. In binary content only distinctive formats are looked for.

        Args:
            content: The blob.
            path: Where it stands in its repository, with forward slashes; moves confidence, may exclude rules.
            commit: Full id, for allow-lists that name commits.

        Returns:
            Hits by offset, none overlapping another.
        """
        hits, _ = self._examine(content, path, commit)
        return hits

    def explain(self, content: bytes, path: str = "", commit: str = "") -> list[Dropped]:
        """Tell which candidates of one blob were dropped, and why. Arguments as for `scan`; order by offset."""
        _, dropped = self._examine(content, path, commit)
        return sorted(dropped, key=lambda each: (each.start, each.rule))

    def _examine(self, content: bytes, path: str, commit: str) -> tuple[list[Hit], list[Dropped]]:
        text = as_utf8(content)
        windows = self.prefilter.windows(text)
        if not windows and not self._path_only:
            return [], []
        blob = Blob(text, path, commit, is_binary(content))
        skipped = skips_blob(self.ruleset.allowlists, blob)
        if skipped:
            return [], [Dropped("", 0, len(content), skipped)]
        outcomes = [
            self._judge(candidate)
            for index in sorted(windows)
            for candidate in self._candidates(index, windows[index], blob)
        ]
        hits = [*self._whole_files(blob), *(each for each in outcomes if isinstance(each, Hit))]
        dropped = [each for each in outcomes if isinstance(each, Dropped)]
        hits, missing = _with_required(hits, blob)
        hits, beaten = _most_specific(hits)
        if text is not content:
            hits = [_moved(hit, content, text) for hit in hits]
        return hits, dropped + missing + beaten

    def _whole_files(self, blob: Blob) -> Iterator[Hit]:
        """Rules about paths alone. The secret is the file: its hash stands for it, so that a change is seen."""
        for rule in self._path_only:
            if _path_fits(rule, blob):
                secret = b"file " + hashlib.sha256(blob.content).hexdigest().encode()
                yield Hit(rule, secret, 0, 0, 0, 0, rule.severity, rule.confidence, ("its path",))

    def _candidates(self, index: int, windows: list[list[int]], blob: Blob) -> Iterator[Candidate]:
        """Yield the places in a rule's windows where its exact pattern matches."""
        rule = self.ruleset.rules[index]
        if not _path_fits(rule, blob) or not _keyword_fits(rule, blob):
            return
        pattern = self._patterns.get(index)
        if pattern is None:
            pattern = self._patterns[index] = compile_pattern(rule.pattern, rule.before, rule.after)
        done = 0
        for first, stop in sorted(windows):
            for match in _matches(pattern, blob.content, max(first, done), stop, stop + rule.reach):
                done = max(match.end(), done)
                yield _candidate(rule, blob, match)

    def _judge(self, candidate: Candidate) -> Hit | Dropped:
        rule = candidate.rule
        reason, evidence = self._excluded(candidate), []
        for check in rule.checks:
            if reason:
                break
            found = CHECKS[check](candidate)
            if found:
                evidence.append(found)
                reason = found.reason if found.weight == FATAL else ""
        if reason:
            return Dropped(rule.id, candidate.start, candidate.end, reason)
        return Hit(
            rule,
            candidate.secret,
            candidate.start,
            candidate.end,
            candidate.match_start,
            candidate.match_end,
            rule.severity,
            weigh(rule.confidence, evidence),
            tuple(each.reason for each in evidence),
        )

    def _excluded(self, candidate: Candidate) -> str:
        """What a rule's own entropy, a comment, or an allow-list says against a candidate."""
        rule = candidate.rule
        if rule.entropy is not None and shannon_entropy(candidate.secret) <= rule.entropy:
            return f"its entropy is not above the rule's {rule.entropy:g} bits per character"
        return (
            allowed_inline(candidate)
            or allows(rule.allowlists, candidate)
            or allows(self.ruleset.allowlists, candidate)
        )


def _path_fits(rule: Rule, blob: Blob) -> bool:
    return rule.path is None or bool(cached_pattern(rule.path).search(blob.path_bytes))


def _keyword_fits(rule: Rule, blob: Blob) -> bool:
    return not rule.keywords or any(keyword.encode() in blob.lowered for keyword in rule.keywords)


def _matches(
    pattern: re.Pattern[bytes], content: bytes, first: int, stop: int, limit: int
) -> Iterator[re.Match[bytes]]:
    """Yield the matches that start in [first, stop), looking no further than *limit* but to finish one."""
    limit = min(limit, len(content))
    while first < stop and (match := pattern.search(content, first, limit)) and match.start() < stop:
        if match.end() == limit < len(content):  # it may have ended only because it was not shown more
            match = pattern.match(content, match.start(), min(len(content), match.start() + EXTENSION)) or match
        yield match
        first = max(match.end(), match.start() + 1)


def _candidate(rule: Rule, blob: Blob, match: re.Match[bytes]) -> Candidate:
    """Cut the secret out: the rule's group, else the first group that is not empty, else the whole match."""
    groups = [rule.secret_group] if rule.secret_group else range(1, (match.re.groups or 0) + 1)
    group = next((each for each in groups if match.start(each) >= 0 and match.group(each)), 0)
    return Candidate(rule, blob, match.group(group), match.start(group), match.end(group), match.start(), match.end())


def _moved(hit: Hit, content: bytes, text: bytes) -> Hit:
    """Express a hit's offsets in the bytes of *content* instead of those of its decoded *text*."""
    start, end, match_start, match_end = (
        source_offset(content, text, offset) for offset in (hit.start, hit.end, hit.match_start, hit.match_end)
    )
    return Hit(hit.rule, hit.secret, start, end, match_start, match_end, hit.severity, hit.confidence, hit.reasons)


def _with_required(hits: list[Hit], blob: Blob) -> tuple[list[Hit], list[Dropped]]:
    """Keep hits whose rule finds all the others it requires nearby; forget those only looked for on their behalf."""
    kept, dropped = [], []
    for hit in hits:
        missing = next((each for each in hit.rule.required if not _is_near(hit, each, hits, blob)), None)
        if missing:
            reason = f"no {missing.rule} near it, which its rule requires"
            dropped.append(Dropped(hit.rule.id, hit.start, hit.end, reason))
        elif not hit.rule.skip_report:
            kept.append(hit)
    return kept, dropped


def _is_near(hit: Hit, required: Required, hits: list[Hit], blob: Blob) -> bool:
    others = [other for other in hits if other.rule.id == required.rule]
    if required.within_lines is None and required.within_columns is None:
        return bool(others)
    line, column = position(blob.content, hit.start)
    for other in others:
        other_line, other_column = position(blob.content, other.start)
        lines_fit = required.within_lines is None or abs(other_line - line) <= required.within_lines
        if lines_fit and (required.within_columns is None or abs(other_column - column) <= required.within_columns):
            return True
    return False


def _most_specific(hits: list[Hit]) -> tuple[list[Hit], list[Dropped]]:
    """Of hits that overlap keep the most specific; among equals the longer, then the more confident."""
    order = sorted(
        hits,
        key=lambda hit: (-RANK[hit.rule.specificity], hit.start - hit.end, -hit.confidence, hit.start, hit.rule.id),
    )
    kept: list[Hit] = []
    starts: list[int] = []
    dropped = []
    for hit in order:
        place = bisect_right(starts, hit.start)
        neighbours = kept[max(0, place - 1) : place + 1]
        winner = next((other for other in neighbours if other.start < hit.end and hit.start < other.end), None)
        if winner:
            reason = f"{winner.rule.id} is more specific about this place"
            dropped.append(Dropped(hit.rule.id, hit.start, hit.end, reason))
        else:
            kept.insert(place, hit)
            starts.insert(place, hit.start)
    return kept, dropped

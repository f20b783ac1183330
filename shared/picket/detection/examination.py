"""Examining what the prefilter points at: exact pattern, checks, what is encoded inside; the most specific rule wins.

The order is: path and commit, keyword, pattern, group, entropy, allow-lists, checks, specificity. Every candidate
that does not become a hit leaves a reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Iterator

from picket.detection.allowlists import allows, skips_blob
from picket.detection.checks import CHECKS
from picket.detection.decoding import Layer, decode
from picket.detection.encodings import SECRETS, forget
from picket.detection.evidence import FATAL, Blob, Candidate, weigh
from picket.detection.linear import Linear, Matcher, linear
from picket.detection.model import Dropped, Hit, Rule, Ruleset
from picket.detection.prefilter import Prefilter, Windows
from picket.detection.randomness import shannon_entropy
from picket.detection.resolution import most_specific, with_required
from picket.detection.surroundings import allowed_inline
from picket.detection.syntax import compile_pattern
from picket.detection.text import is_binary, source_offsets
from picket.detection.verdicts import MOST, Verdict, Verdicts, Window, is_local, place
from picket.detection.vicinity import Spans

EXTENSION = 65536
"""Bytes given to a match that runs into the end of its window: the longest credential that is found whole."""

_MOST_BARE = 100_000
"""Decoded texts remembered at most, by their hash, because no rule has anything to do with them."""


class Examination:
    """What one engine does with the windows that its prefilter gives."""

    def __init__(self, ruleset: Ruleset, prefilter: Prefilter, decode_depth: int, *, remembers: bool) -> None:
        self.ruleset = ruleset
        self.prefilter = prefilter
        self.decode_depth = decode_depth
        self._patterns: dict[int, Matcher] = {}
        self._rules: dict[int, tuple[Rule, bool]] = {}
        self.remembers = remembers
        self._verdicts = Verdicts()
        self._bare: set[int] = set()

    def forget(self) -> None:
        """Forget what was found: verdicts hold the secrets that they are about."""
        self._verdicts = Verdicts()
        forget()

    def of(
        self, content: bytes, text: bytes, place: tuple[str, str], windows: Windows, *, explain: bool
    ) -> tuple[list[Hit], list[Dropped]]:
        """Examine one blob.

        Args:
            content: The blob.
            text: The same as UTF-8.
            place: Its path in its repository, and a commit for allow-lists that name some.
            windows: Where which rules may match in *text*.
            explain: Whether the candidates that are no hits are wanted, all of them.

        Returns:
            Hits by offset into *content*, and the candidates that were dropped.
        """
        blob = Blob(text, *place, is_binary(content))
        skipped = skips_blob(self.ruleset.allowlists, blob)
        if skipped:
            return [], [Dropped("", 0, len(content), skipped)]
        hits, dropped = self._look(blob, windows, self.decode_depth, explain=explain)
        if text is not content:
            where = source_offsets(content, text, [place for hit in hits for place in hit.places])
            hits = [hit.moved([where[place] for place in hit.places]) for hit in hits]
        return hits, dropped

    def _look(self, blob: Blob, windows: Windows, depth: int, *, explain: bool) -> tuple[list[Hit], list[Dropped]]:
        """Try the rules where they may match, in the text and, down to *depth*, in what is encoded in it."""
        known = self._verdicts.of(blob) if self.remembers and not explain else None
        outcomes = [
            outcome
            for index in sorted(windows)
            if index < len(self.ruleset.rules)
            for outcome in self._outcomes(index, windows[index], blob, known)
        ]
        hits = [each for each in outcomes if isinstance(each, Hit)]
        dropped = [each for each in outcomes if isinstance(each, Dropped)]
        if depth == self.decode_depth:
            hits += self._whole_files(blob)
        hits, missing = with_required(hits, blob)
        inside: list[Hit] = []
        layer = decode(blob.content, windows, len(self.ruleset.rules)) if depth else None
        if layer:
            inside, hidden = self._look_inside(layer, blob, depth - 1, explain=explain)
            dropped += hidden
        hits, beaten = most_specific(hits, inside)
        return hits, dropped + missing + beaten

    def _look_inside(self, layer: Layer, blob: Blob, depth: int, *, explain: bool) -> tuple[list[Hit], list[Dropped]]:
        """Scan what is encoded in a blob, and say where in it that stands."""
        text = hash(layer.content)
        windows = {} if text in self._bare else self.prefilter.windows(layer.content)
        if not windows:
            if len(self._bare) >= _MOST_BARE:
                self._bare.clear()
            self._bare.add(text)
            return [], []
        found, hidden = self._look(Blob(layer.content, blob.path, blob.commit), windows, depth, explain=explain)
        hits = []
        dropped = [Dropped(each.rule, *layer.origin(each.start, each.end), each.reason) for each in hidden]
        for hit in found:
            name = layer.run_of(hit.match_start, hit.match_end)
            secret, match = layer.origin(hit.start, hit.end), layer.origin(hit.match_start, hit.match_end)
            reason = allowed_inline(blob, *match) if name else "it spans two encoded texts"
            if reason:
                dropped.append(Dropped(hit.rule.id, *secret, reason))
            else:
                hits.append(hit.moved((*secret, *match), f"decoded from {name}"))
        return hits, dropped

    def _whole_files(self, blob: Blob) -> Iterator[Hit]:
        """Rules about paths alone. The secret is the file: its hash stands for it, so that a change is seen."""
        for rule in (self.ruleset.rules[index] for index in self.prefilter.patternless):
            if _path_fits(rule, blob):
                secret = b"file " + hashlib.sha256(blob.content).hexdigest().encode()
                yield Hit(rule, secret, 0, 0, 0, 0, rule.severity, rule.confidence, ("its path",))

    def _outcomes(
        self, index: int, windows: Spans, blob: Blob, known: dict[Hashable, Verdict] | None
    ) -> Iterator[Hit | Dropped]:
        """Yield what becomes of the places in a rule's windows where its exact pattern matches.

        Where verdicts are remembered, in *known*, candidates that are no hits are left out.
        """
        rule, local = self._rule(index)
        if not _path_fits(rule, blob) or not _keyword_fits(rule, blob):
            return
        content, done = blob.content, 0
        for first, stop in [[0, len(content)]] if rule.linear else sorted(windows):
            window = Window(first, stop, max(first, done))
            if known is None or not local or done >= stop:
                verdict = self._verdict(index, window, blob)
            else:
                key = place(content, index, window, rule.reach)
                verdict = known[key].at(first) if key in known else self._verdict(index, window, blob).hits_only()
                # A match that went on beyond the window's reach was shown more than *key* stands for.
                if verdict.furthest < stop + rule.reach and len(known) < MOST:
                    known[key] = verdict
            yield from verdict.outcomes
            done = verdict.done

    def _verdict(self, index: int, window: Window, blob: Blob) -> Verdict:
        """Try a rule's exact pattern in one window."""
        (rule, _), pattern, (first, stop, done) = self._rule(index), self._pattern(index), window
        reach = len(blob.content) if rule.linear else rule.reach
        outcomes: list[Hit | Dropped] = []
        furthest = done
        while found := _match(pattern, blob.content, done, stop, stop + reach):
            candidates = _candidates(rule, blob, found)
            outcomes += map(self._judge, candidates)
            furthest = max(furthest, found.end())
            # What looked like a value may be the name of the next one.
            inside = rule.specificity == "generic" and candidates[0].start > found.start() and not rule.every_group
            done = candidates[0].start if inside else max(found.end(), found.start() + 1)
        return Verdict(first, outcomes, done, furthest)

    def _rule(self, index: int) -> tuple[Rule, bool]:
        """Return a rule, and whether what it makes of a window can be remembered."""
        known = self._rules.get(index)
        if known is None:
            rule = self.ruleset.rules[index]
            known = self._rules[index] = rule, is_local(rule)
        return known

    def _pattern(self, index: int) -> Matcher:
        pattern = self._patterns.get(index)
        if pattern is None:
            rule, _ = self._rule(index)
            parts = rule.pattern, rule.before, rule.after
            pattern = self._patterns[index] = Linear(*parts) if rule.linear else compile_pattern(*parts)
        return pattern

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
        if not candidate.secret:
            return f"it does not decode from {rule.encoding}"
        if rule.entropy is not None and shannon_entropy(candidate.secret) <= rule.entropy:
            return f"its entropy is not above the rule's {rule.entropy:g} bits per character"
        return (
            allowed_inline(candidate.blob, candidate.match_start, candidate.match_end)
            or allows(rule.allowlists, candidate)
            or allows(self.ruleset.allowlists, candidate)
        )


def _path_fits(rule: Rule, blob: Blob) -> bool:
    return rule.path is None or bool(linear(rule.path).search(blob.path_bytes))


def _keyword_fits(rule: Rule, blob: Blob) -> bool:
    """Look for a team's key words anywhere in the blob; what a shipped rule wants to see is in its pattern."""
    return not rule.linear or not rule.keywords or any(keyword.encode() in blob.lowered for keyword in rule.keywords)


def _match(pattern: Matcher, content: bytes, first: int, stop: int, limit: int) -> re.Match[bytes] | None:
    """Return the first match that starts in [first, stop), looking no further than *limit* but to finish it."""
    limit = min(limit, len(content))
    match = pattern.search(content, first, limit) if first < stop else None
    if not match or match.start() >= stop:
        return None
    if match.end() == limit < len(content):  # it may have ended only because it was not shown more
        return pattern.match(content, match.start(), min(len(content), match.start() + EXTENSION)) or match
    return match


def _candidates(rule: Rule, blob: Blob, match: re.Match[bytes]) -> list[Candidate]:
    """Cut the secrets out: the rule's group, else the first that is not empty or all of these, else the whole match."""
    groups = [rule.secret_group] if rule.secret_group else range(1, len(match.groups()) + 1)
    given = [each for each in groups if match.group(each)] or [0]
    return [_cut_out(rule, blob, match, group) for group in (given if rule.every_group else given[:1])]


def _cut_out(rule: Rule, blob: Blob, match: re.Match[bytes], group: int) -> Candidate:
    secret = match.group(group) or b""
    decoded = SECRETS[rule.encoding](secret) if rule.encoding else secret
    return Candidate(rule, blob, decoded, match.start(group), match.end(group), match.start(), match.end())

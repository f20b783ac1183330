"""What detection speaks of: rules, allow-lists, hits, and candidates that were dropped.

Nothing here prints a secret: the fields that hold one stay out of `repr`, and no message is built from one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeVar

from picket.findings.redaction import normalized, redact
from picket.records import dataclass, field

Severity = Literal["critical", "high", "medium", "low", "info"]
Specificity = Literal["distinctive", "structural", "contextual", "generic"]

RANK: dict[Specificity, int] = {"generic": 0, "contextual": 1, "structural": 2, "distinctive": 3}
"""Which of two rules on the same place is believed: the higher one."""


@dataclass(frozen=True, slots=True)
class Allowlist:
    """Places and values that a team has declared harmless; the fields are gitleaks' own.

    `condition` joins the kinds of test that are given; within one kind any member will do. `commits` are full
    commit ids, `paths` and `regexes` patterns to be found, `stopwords` lower-case text that the secret contains.
    `target_rules` limits a global allow-list to rules by id; empty means all.
    """

    description: str = ""
    condition: Literal["OR", "AND"] = "OR"
    commits: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    regexes: tuple[str, ...] = ()
    regex_target: Literal["secret", "match", "line"] = "secret"
    stopwords: tuple[str, ...] = ()
    target_rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Required:
    """Another rule that must match nearby: at most so many lines or columns away, `None` for anywhere."""

    rule: str
    within_lines: int | None = None
    within_columns: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One credential format.

    `pattern` is RE2 syntax; empty for a rule about paths alone. `before` and `after` are the insides of character
    classes that must not touch the match (the boundaries that RE2 cannot express); `prefilter` is a looser pattern
    for Hyperscan where the exact one would be slow. `prefixes` are literal, public starts of the secret. `entropy`
    is in bits per character and exclusive; `confidence` is the chance, before any evidence, that a match is a real
    credential. With `every_group` each group of the pattern is a secret, as in lists. `encoding` says how the secret is
    written where the format has it encoded: `encodings.SECRETS` has the names. `checks` name functions of
    `checks.CHECKS`, in order. `reach` bounds the length of a match in bytes, and `lookback` (0: the same) what of it
    the prefilter has seen when it reports. `linear` patterns are a team's own: RE2 matches them, in the whole of a blob
    in which they match at all.
    """

    id: str
    description: str = ""
    provider: str = ""
    credential: str = ""
    category: str = "generic"
    severity: Severity = "medium"
    confidence: float = 0.7
    specificity: Specificity = "distinctive"
    pattern: str = ""
    path: str | None = None
    keywords: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    prefilter: str = ""
    prefixes: tuple[str, ...] = ()
    secret_group: int = 0
    entropy: float | None = None
    encoding: str = ""
    checks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    allowlists: tuple[Allowlist, ...] = ()
    required: tuple[Required, ...] = ()
    remediation: str = ""
    doc_url: str = ""
    skip_report: bool = False
    reach: int = 512
    lookback: int = 0
    linear: bool = False
    every_group: bool = False


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules in force together, with a digest (64 hex) over their content and the engine's version.

    `named_commits` are those that allow-lists name: for these alone it matters which commit a blob is scanned for.
    """

    rules: Sequence[Rule]
    allowlists: tuple[Allowlist, ...] = ()
    digest: str = ""
    named_commits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hit:
    """A credential found. Offsets are bytes into the content scanned, end exclusive.

    `start` and `end` enclose the secret, `match_start` and `match_end` the whole match; `reasons` say what moved
    `confidence` (0 to 1) away from the rule's own.
    """

    rule: Rule
    secret: bytes = field(repr=False)
    start: int
    end: int
    match_start: int
    match_end: int
    severity: Severity
    confidence: float
    reasons: tuple[str, ...] = ()

    @property
    def identity(self) -> bytes:
        """The secret without differences in notation: a PEM block is the same with real and escaped newlines."""
        return normalized(self.secret)

    @property
    def places(self) -> tuple[int, int, int, int]:
        """Its offsets, in the order that `moved` takes."""
        return self.start, self.end, self.match_start, self.match_end

    def moved(self, places: Sequence[int], *reasons: str) -> Hit:
        """Return the same hit at other offsets, as `places` has them, for *reasons* in addition to its own."""
        start, end, match_start, match_end = places
        reasons = (*self.reasons, *reasons)
        return Hit(self.rule, self.secret, start, end, match_start, match_end, self.severity, self.confidence, reasons)

    @property
    def redacted(self) -> str:
        """A preview safe to show and store."""
        return redact(self.secret.decode("utf-8", "replace"), self.rule.prefixes)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A candidate that is not a hit, and why. `rule` is empty when the whole file was skipped."""

    rule: str
    start: int
    end: int
    reason: str


class Identified(Protocol):
    """What stands for a secret: a hit, or a hit with its place."""

    @property
    def identity(self) -> bytes:
        """The secret without differences in notation."""


_Found = TypeVar("_Found", bound=Identified)


def introduced(new: Sequence[_Found], old: Sequence[Identified]) -> list[_Found]:
    """Tell what a change introduces: the hits of its new side that its old side lacks.

    Secrets are compared by value, as multisets: a moved line introduces nothing, a second copy of a secret does.
    Of several equal ones the last in file order count as new.

    Args:
        new: Hits in the blob after the change.
        old: Hits in the blob before it.

    Returns:
        A sub-sequence of *new*, in its order.
    """
    known: dict[bytes, int] = {}
    for hit in old:
        known[hit.identity] = known.get(hit.identity, 0) + 1
    fresh = []
    for hit in new:
        left = known.get(hit.identity, 0)
        if left:
            known[hit.identity] = left - 1
        else:
            fresh.append(hit)
    return fresh

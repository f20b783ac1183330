"""RE2 syntax, in which rules are written, as Python's `re` on bytes and as Hyperscan take it.

Hyperscan compiles RE2 patterns as they are; Python needs a few turns of phrase changed. Source of the grammar:
https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import math
import re
import warnings

POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": r"0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_POSIX_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")
_FLAGS = re.compile(r"\(\?([ims]*(?:-[ims]+)?)\)")
_NAMED = re.compile(r"\(\?<(?![=!])")
_HEAD = re.compile(r"(?:[A-Za-z0-9_:/@!#%&=-]|\\[.$+*?()\[\]{}|-])+(?![{?*+])")
_NO_BRANCH = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")
_SPELLABLE = re.compile(r"(?:[\w &:/-]|\\[.+&/-]|\[[\w .&:/-]+\]\??|\(\?:|\)\??|\||(?<=[a-z_])\?)+")
MOST_SPELLINGS = 500
"""Literals that an expression may be written out to."""
MOST_WIDTH = 2**31
"""Python's `re` counts up to this, or to the machine's word, where a repeat has no bound."""
_OPTIONAL_TAIL = re.compile(r"(?<!\\)(?:[^\\()\[\]{}?*+|^$.]|\[[^\\\[\]]+\])(?:\{0,\d*\}|[?*])\??$")
_LOOSE_TAIL = re.compile(r"(?<!\\)(?:\{([1-9]\d*),\d*\}\??|\+\??)(\)*)$")

# A token may follow an escape written in text, such as \n, or a percent-encoded byte: the letter before it is no
# part of it. Each alternative has a fixed width, as Python's look-behind wants.
_ESCAPES_BEFORE = (
    *(r"\\[nrtbfv0]", r"%[0-9A-Fa-f]{2}", r"\\u[0-9A-Fa-f]{4}", r"\\x[0-9A-Fa-f]{2}"),
    *(r"\[[0-9]m", r"\[[0-9]{2}m", r";[0-9]{2}m"),  # colours of a terminal, ECMA-48
)


def compile_pattern(pattern: str, before: str = "", after: str = "") -> re.Pattern[bytes]:
    """Compile an RE2 pattern for exact matching on bytes.

    Args:
        pattern: RE2 syntax.
        before: Inside of a character class that must not stand right before the match; empty for no condition.
        after: The same for right after it.

    Raises:
        re.error: Python cannot hold the pattern.
    """
    source = to_python(pattern)
    if before:
        # Behind the literal that a pattern begins with: `re` looks for that first, many times as fast.
        head = literal_head(source)
        allowed = "|".join([f"(?<![{before}]{head})", *(f"(?<={escape}{head})" for escape in _ESCAPES_BEFORE)])
        source = f"{head}(?:{allowed}){_group(source[len(head) :])}"
    if after:
        source = f"{_group(source)}(?![{after}])"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # nested-set syntax is not RE2's: those characters are literal
        return re.compile(source.encode())


def earliest(pattern: str) -> str:
    """Shorten the last repeat of a pattern to its minimum, and leave out what may follow it.

    It still matches wherever the whole does, but reports one end per start where the whole would report every
    possible one: a megabyte of base64 after a prefix is one callback, not a million.
    """
    if r"\Q" in pattern:  # between \Q and \E nothing repeats
        return pattern
    while shorter := _OPTIONAL_TAIL.sub("", pattern):
        if shorter == pattern:
            break
        pattern = shorter
    return _LOOSE_TAIL.sub(lambda tail: (f"{{{tail[1]}}}" if tail[1] else "") + tail[2], pattern)


def longest(pattern: str) -> float:
    """Return how many bytes a match of an RE2 pattern has at most.

    Infinite where nothing bounds that, where the end of the text decides, and where Python cannot hold the pattern.
    """
    from re import _parser  # noqa: PLC0415 # type: ignore[attr-defined] - nothing else tells a width

    source = to_python(pattern)
    if "$" in _NO_BRANCH.sub("", source) or r"\Z" in source:
        return math.inf
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # as in `compile_pattern`
            width: int = _parser.parse(source.encode()).getwidth()[1]
    except (re.error, OverflowError, RecursionError):
        return math.inf
    return width if width < MOST_WIDTH else math.inf


def literal_head(source: str) -> str:
    """Return the literal that every match of a Python pattern begins with, as it is written; may be empty."""
    head = _HEAD.match(source)
    rest = _NO_BRANCH.sub("", source)
    while "(" in rest and (inner := re.sub(r"\([^()]*\)", "", rest)) != rest:
        rest = inner
    return head.group() if head and "|" not in rest else ""


def spelled_out(expression: str) -> str:
    """Write out the literals that a small expression of words, separators and choices stands for.

    Hyperscan finds thousands of literals several times as fast as patterns that have them in them.

    Args:
        expression: `(?i:...)` of literals, sets of single characters, groups `(?:a|b)`, and either of them with `?`.

    Returns:
        `(?i:...)` of literals alone; the expression as it is where it holds anything else or stands for too many.
    """
    if not expression.startswith("(?i:") or not expression.endswith(")") or not _SPELLABLE.fullmatch(expression[4:-1]):
        return expression
    words = dict.fromkeys(_Spelling(expression[4:-1]).choices())
    return f"(?i:{'|'.join(words)})" if "" not in words and len(words) <= MOST_SPELLINGS else expression


def to_python(pattern: str) -> str:
    r"""Turn RE2 syntax into what Python's `re` understands.

    Changed are `\z`, POSIX classes, `(?<name>` and flags in mid-pattern, which hold to the end of their group and
    across its alternatives.
    """
    return _Translation(pattern).run()


def _group(source: str) -> str:
    return f"(?:{source})"


class _Translation:
    """One walk over a pattern. `scopes` holds, for each open group, the flag groups opened inside it."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.out: list[str] = []
        self.scopes: list[list[str]] = [[]]

    def run(self) -> str:
        while self.at < len(self.pattern):
            self._step()
        self.out.append(")" * len(self.scopes[0]))
        return "".join(self.out)

    def _step(self) -> None:
        character = self.pattern[self.at]
        if character == "\\":
            self._escape()
        elif character == "[":
            self._set()
        elif character == "(":
            self._open()
        elif character == ")":
            self.out.append(")" * len(self.scopes.pop() if len(self.scopes) > 1 else ()) + ")")
            self.at += 1
        elif character == "|":
            scope = self.scopes[-1]
            self.out.append(")" * len(scope) + "|" + "".join(scope))
            self.at += 1
        else:
            self.out.append(character)
            self.at += 1

    def _escape(self) -> None:
        pair = self.pattern[self.at : self.at + 2]
        self.out.append(r"\Z" if pair == r"\z" else pair)
        self.at += 2

    def _open(self) -> None:
        flags = _FLAGS.match(self.pattern, self.at)
        if flags:
            if flags[1]:
                self.scopes[-1].append(f"(?{flags[1]}:")
                self.out.append(self.scopes[-1][-1])
            self.at = flags.end()
            return
        self.scopes.append([])
        named = _NAMED.match(self.pattern, self.at)
        self.out.append("(?P<" if named else "(")
        self.at = named.end() if named else self.at + 1

    def _set(self) -> None:
        """Copy a character class; its first member may be a literal `]`."""
        head = re.compile(r"\[\^?\]?").match(self.pattern, self.at)
        self.out.append(head.group().replace("]", r"\]") if head else "[")
        self.at = head.end() if head else self.at + 1
        while self.at < len(self.pattern) and self.pattern[self.at] != "]":
            posix = _POSIX_CLASS.match(self.pattern, self.at)
            if posix and posix[2] in POSIX and not posix[1]:
                self.out.append(POSIX[posix[2]])
                self.at = posix.end()
            elif self.pattern[self.at] == "\\":
                self._escape()
            else:
                self.out.append("\\[" if self.pattern[self.at] == "[" else self.pattern[self.at])
                self.at += 1
        self.out.append("]")
        self.at += 1


class _Spelling:
    """One walk over an expression that `_SPELLABLE` allows."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.at = 0

    def choices(self) -> list[str]:
        """Spell out everything up to the end of the group."""
        spelled: list[str] = []
        current = [""]
        while self._next() not in {"", ")"}:
            if self._next() == "|":
                spelled, current = spelled + current, [""]
                self.at += 1
            else:
                atoms = self._atom()
                current = [head + tail for head in current for tail in atoms]
        self.at += 1
        return spelled + current

    def _atom(self) -> list[str]:
        if self.expression.startswith("(?:", self.at):
            self.at += 3
            spelled = self.choices()
        elif self._next() == "[":
            end = self.expression.index("]", self.at)
            spelled = [re.escape(character) for character in self.expression[self.at + 1 : end]]
            self.at = end + 1
        else:
            width = 2 if self._next() == "\\" else 1
            spelled = [self.expression[self.at : self.at + width]]
            self.at += width
        if self._next() == "?":
            self.at += 1
            return ["", *spelled]
        return spelled

    def _next(self) -> str:
        return self.expression[self.at : self.at + 1]

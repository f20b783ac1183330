"""Values that stand for a secret without being one: templates, fillers, examples, references."""

from __future__ import annotations

import re
from itertools import pairwise

# Whole values that a template engine, a shell or a reader is to replace. Source: the expansion syntax of sh, make,
# Jinja/Helm/GitHub Actions, PHP/ERB, Windows, Terraform, printf, Python's str.format and Ant, one line each.
_TEMPLATES = re.compile(
    r"""
      \$\{[^}]*\}? | \$\([^)]*\)? | \${1,2}[A-Za-z_]\w*[)};]*  # ${VAR} $(command) $VAR
    | \{\{.*\}\}? | \{%.*%\} | <%.*%> | \[\[.*\]\]        # {{ x }} {% x %} <%= x %> [[ x ]]
    | \{\w*[.:!]?[^{}]*\} | \#\{.*\}                      # {name} #{x}
    | <[^<>]*>  | %[\w.:()]+%  | @{1,2}\w+@{1,2} | __\w+__        # <token> %VAR% @VAR@ __VAR__
    | %(?:\(\w+\))?[-+0-9.]*[a-zA-Z]                      # %s %(name)s
    | (?:var|local|data|module|each|secrets|env|params|vault|steps|inputs|github|self|this|process\.env|os\.environ)
      \.[\w.\[\]"'-]+                                     # a reference, not a value
    """,
    re.VERBOSE,
)
_TEMPLATE_INSIDE = re.compile(
    r"\$\{[^}]*\}|\{\{|\}\}|\$\([^)]|<%|%>|\{%|%\}|\$\{\{|#\{|\{[a-z_]{1,30}\}|\{\d\}|\{\$\w|(?<=[a-z][-/_])\$[A-Z][A-Z_]{3,}"
)
# Words that authors write where a secret would stand: of six letters or more, which random text of base62 spells
# once in 10^8 tokens, or set off by separators.
_FILLERS = re.compile(
    r"example|sample|placeholder|redacted|change[-_ ]?(?:me|this|it)|replace[-_ ]?(?:me|this|with)|"
    r"insert[-_ ]?(?:your|here)|foobar|"
    r"your[-_ ]?(?:own[-_ ]?)?(?:api|access|secret|private|auth|app|client|token|key|pass|account|bot|personal)|"
    r"(?:my|some|the|an?)[-_ ](?:api|access|secret|private|auth|app|client|token|key|pass|account|bot|personal)|"
    r"xxxxxx|yyyyyy|zzzzzz|\*\*\*\*|\.\.\.|1234567|0123456|7654321|9876543|abcdefg|qwertyu|deadbeef|cafebabe|"
    r"x{4,}$|notreal|not[-_]a[-_]?real|fake[-_]?(?:key|token|secret|pass|api)|invalid[-_]?(?:key|token|secret)|"
    r"goes[-_ ]?here|put[-_]?your|secret[-_]?here|key[-_]here|token[-_]?here|"
    r"(?<![a-z0-9])(?:todo|fixme|tbd|dummy|fake|lorem|none|null|undefined|foo|bar|baz|xxx+)(?![a-z0-9])",
)
_REPEAT = re.compile(r"(.)\1{5,}", re.DOTALL)
_PERIOD = re.compile(r"(.{1,8}?)\1{3,}", re.DOTALL)
_UUID_NIL = re.compile(r"[0-]{36}|(?:12345678-1234-1234-1234-123456789[a-z0-9]{3})")
SEQUENCE = 8
"""Characters in a run such as `abcdefgh`: by chance once in 10^11 places of base62 text."""

IN_TURN = 5
"""The same for each of two sequences in turn, such as `a1b2c3d4e5`: by chance once in 10^5 texts of 128 hex digits."""


def placeholder(text: str) -> str:
    """Say why *text* stands for a secret rather than being one.

    Args:
        text: Candidate secret.

    Returns:
        The reason, naming the kind of placeholder; empty if it is not a placeholder.
    """
    if _TEMPLATES.fullmatch(text) or _TEMPLATE_INSIDE.search(text):
        return "a template or reference to be filled in"
    if _FILLERS.search(text.lower()) or _UUID_NIL.fullmatch(text):
        return "a word that marks a placeholder"
    return filler(text)


def filler(text: str) -> str:
    """Say whether *text* is made by repeating or counting, which no generator of secrets does."""
    if _REPEAT.search(text):
        return "one character repeated"
    period = _PERIOD.search(text)
    if period and len(period.group()) * 2 > len(text):
        return "a few characters repeated"
    counted = _longest_run(text) >= SEQUENCE or min(_longest_run(text[::2]), _longest_run(text[1::2])) >= IN_TURN
    return "a sequence of characters" if counted else ""


def _longest_run(text: str) -> int:
    """Length of the longest run in which each character follows the one before by the same step of one."""
    longest = run = 1
    step = 0
    codes = text.lower().encode("utf-8", "replace")
    for one, two in pairwise(codes):
        if two - one == step and step in (1, -1):
            run += 1
        else:
            step = two - one
            run = 2 if step in (1, -1) else 1
        longest = max(longest, run)
    return longest

"""Judging values that are told in prose, or by their place among the arguments of commands and functions."""

from __future__ import annotations

import re
from collections.abc import Callable

from picket.detection.assignments import LONG_ENOUGH, says_password
from picket.detection.evidence import FATAL, Candidate, Evidence
from picket.detection.language import reads_as_written
from picket.detection.wording import decoded, is_long_as_digest

_QUERY = re.compile(r"\w=\w+&|&\w+=")
_MARKS = "!@#$%^&*?~+"
_ARGUMENTS = re.compile(rb"""(?:"[^"\n]*"|'[^'\n]*')[ \t]*,""")
_ONE_BEFORE = re.compile(rb"ftp_login|ssh2_auth_password|oci_p?connect|ldap_bind|simple_bind|\.login")
_DIRECTORY = re.compile(rb"(?:Connection|ldap_connect)\(")
_READS_IT = re.compile(
    rb"""["']?[ \t]*\|[ \t]*(?:sudo[ \t]+-\w*S|\w+[ \t][^\n|]{0,60}(?:password-stdin|with-token|login)|"""
    rb"""(?:passwd|kinit|cryptsetup|chpasswd|gpg)\b)"""
)


def strong(candidate: Candidate) -> Evidence | None:
    """Drop what is not mixed as passwords are that people are made to choose, or generators make.

    Prose has file names, versions and names of standards behind its words: two cases and a digit, or letters, a digit
    and a mark that stands in none of these.
    """
    text = candidate.text.rstrip(".!?")
    text = decoded(text) or text
    lower, upper, digit = (any(map(kind, text)) for kind in (str.islower, str.isupper, str.isdigit))
    marked = any(mark in _MARKS for mark in text)
    mixed = lower and (marked or (upper and not reads_as_written(text)))
    if says_password(text) or _QUERY.search(text):
        return Evidence("a word that says password, or a part of a URL", FATAL)
    if len(text) < LONG_ENOUGH or not digit or not mixed or not text.isascii():
        return Evidence("not mixed as passwords are", FATAL)
    return Evidence("letters, digits and punctuation mixed as in a password", 0.4) if marked else None


def digest(candidate: Candidate) -> Evidence | None:
    """Doubt hex as long as a digest, of which texts are full."""
    return Evidence("as long as a digest, and hex", -0.7) if is_long_as_digest(candidate.text) else None


def argument(candidate: Candidate) -> Evidence | None:
    """Drop the wrong one of the arguments: a password has as many before it as its function wants."""
    before = candidate.match[: candidate.start - candidate.match_start]
    strings = len(_ARGUMENTS.findall(before))
    wanted = 1 if _ONE_BEFORE.search(before) else 2
    if b".connect(" in before or _DIRECTORY.search(before):
        return None
    return None if strings == wanted else Evidence("another argument", FATAL)


def piped(candidate: Candidate) -> Evidence | None:
    """Drop what `echo` prints, but where it goes to a command that reads a password."""
    if not candidate.match.startswith(b"echo"):
        return None
    return None if _READS_IT.match(candidate.after(80)) else Evidence("it is printed", FATAL)


TOLD: dict[str, Callable[[Candidate], Evidence | None]] = {
    "argument": argument,
    "digest": digest,
    "piped": piped,
    "strong": strong,
}

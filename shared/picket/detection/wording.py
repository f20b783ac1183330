"""Recognising text that looks like a password and is not one: words in any script, hashes, words in base64."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata

SHORTEST_ENCODED = 12  # base64 characters: 8 bytes; shorter runs of letters decode to letters by chance
MOST_LETTERS = 0.5  # of the characters; of a password few are no ASCII, for which keyboards and programs fail
_ESCAPED = re.compile(
    r"\\{1,2}u\{?[0-9A-Fa-f]{4}\}?|\\{1,2}U[0-9A-Fa-f]{8}|\\{1,2}x[89A-Fa-f][0-9A-Fa-f]|&#x?[0-9A-Fa-f]{2,6};"
)
_CUT = re.compile(r"\\[rnt]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
# What stores of passwords write: the scheme of crypt(3) between dollar signs, of LDAP (RFC 2307) in braces, of Django
# and Werkzeug before the parameters.
_HASH = re.compile(
    r"""\{(?:S?SHA\d{0,3}|S?MD5|CRYPT|PBKDF2[\w-]*|bcrypt|argon2\w*|scrypt|noop)\}.*
      | (?:pbkdf2|sha\d{1,3}|md5|bcrypt|scrypt|argon2|crypt)[\w:.-]{0,24}\$.*
      | \$(?:\d[abxy]?|apr1|argon2\w*|pbkdf2[\w-]*|scrypt|y|gy|P|H)\$.*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_DIGEST_LENGTHS = {32, 40, 64, 128}  # hex of MD5, SHA-1, SHA-256 and SHA-512
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")


def is_prose(text: str) -> bool:
    """Return whether *text* is words with letters that ASCII lacks, as translations are: escapes count as letters."""
    plain = _ESCAPED.sub("é", text)
    letters = [each for each in plain if not each.isascii() and unicodedata.category(each)[0] in "LM"]
    if not letters:
        return False
    words = not any(map(str.isdigit, plain)) and sum(map(str.isalpha, plain)) > MOST_LETTERS * len(plain)
    return words or len(letters) > MOST_LETTERS * len(plain)


def is_hash(text: str) -> bool:
    """Return whether *text* is a password's hash in the notation of some store."""
    return bool(_HASH.fullmatch(text))


def is_long_as_digest(text: str) -> bool:
    """Return whether *text* is hex of as many characters as a digest has."""
    return len(text) in _DIGEST_LENGTHS and bool(_HEX.fullmatch(text))


def until_escape(text: str) -> str:
    """Return *text* up to an escaped end of line: what follows is the next line of a text in a string."""
    return _CUT.split(text, maxsplit=1)[0]


def decoded(text: str) -> str:
    """Return the printable ASCII that *text* is base64 of; empty when it is not."""
    if len(text) < SHORTEST_ENCODED or len(text) % 4 or not _BASE64.fullmatch(text):
        return ""
    try:
        plain = base64.b64decode(text, validate=True).decode("ascii").strip("\n")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return plain if plain.isprintable() else ""

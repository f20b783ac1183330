"""Judging values that only their name makes suspect: passwords, tokens by assignment, credentials in URLs."""

from __future__ import annotations

import re
from collections.abc import Callable

from picket.detection.evidence import FATAL, Candidate, Evidence
from picket.detection.language import reads_as_written
from picket.detection.names import is_harmless, name_of
from picket.detection.paths import holds_credentials, notation_of_path

LONG_ENOUGH = 8  # characters: under that people's passwords and programs' words cannot be told apart

# What stands for "some password" in prose, forms and sample configurations; compared with digits at the end cut off.
_NO_PASSWORD = frozenset(
    re.findall(
        r"\S+",
        """
        password passwd passphrase pass pwd pw pword passw0rd p@ssw0rd mypassword mypass mysecret somepassword
        thepassword userpassword newpassword oldpassword secret token key apikey auth basic bearer plain plaintext
        hash hashed md5 sha1 sha256 bcrypt admin administrator root test tests testing tester user username guest
        login demo nobody anonymous postgres postgresql mysql mariadb mongo mongodb redis rabbitmq oracle sa sql ftp
        db database docker local localhost dev development staging prod production private public default changeit
        letmein qwerty hunter foo bar baz abc asdf none null nil true false yes no on off string str text char varchar
        value values hidden required optional empty blank undefined unset missing invalid wrong bad incorrect unknown
        masked encrypted prompt type name field input label confirm confirmation reset forgot change update new old
        current
        """,
    )
)
_AROUND = "[](){}<>!?.*#$@_-:;, "
_DIGITS_AND_MARKS = "0123456789!?.*#$@_-"
_WORDS_APART = re.compile(r"[-_:/|,;. ]+")
_NOUN = re.compile(r"^(?:my|your|the|some|new|old|default|super|our|this)(?=[a-z]{4})")
_CODE = re.compile(
    r"""
      [+\w.$:>-]*\(.*                                    # a call, or the start of one
    | .*(?:->|=>|::|&&|\|\||\+\+|\\[dwsbSWD]|\[\^|\.\*|\(\?|\[:?[\w.]*\]).*   # operators and regular expressions
    | (?:\.{0,2}/|~/|[A-Za-z]:\\|\$\{?\w+\}?[/\\]).*       # a path
    | [a-z][a-z0-9+.-]*://.* | (?:arn|urn|mailto|data|sha\d{1,3}|md5|ssh-\w+)[:-].*
    | [\w.+-]+@[\w-]+\.[\w.-]+                           # an e-mail address
    | [\w.]+\[.*                                          # an item
    | (?:vault|ssm|secretsmanager|keyring|op|bws|akv|env|file|sops|gcpkms|ref\+\w+):.*
    | [#.][A-Za-z_][\w-]* | [A-Za-z-]+(?:/[A-Za-z-]*)+
    | [A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+                      # AN_ENVIRONMENT_VARIABLE
    | \$[A-Za-z_][\w:]*[.\[(?-].* | \w+(?:\|\w+)+          # a member of a variable, a choice of types
    | 0x[0-9A-Fa-f]{1,16} | --?[a-z][\w-]* | [A-Za-z]*\[.*\] | </?\w.* | .*[:,;=\\]
    | \W+ | \d{1,7}(?:\.\d+)*
    """,
    re.VERBOSE | re.DOTALL,
)
_DOTTED = re.compile(r"[#.]?[A-Za-z_][\w-]*(?:[?!]?\.[A-Za-z_][\w-]*){1,8}")  # a.dotted.name
_SCOPED = re.compile(r"[&*]?\w+(?:::\w+)+")
_SPELLED = re.compile(
    r"(?:\\x[2-7][0-9A-Fa-f]|\\u[0-9A-Fa-f]{4})+(?:\\u?)?"
)  # text in escapes; of a key in them some bytes are no letters
_CAMEL = re.compile(r"[A-Z]?[a-z]+(?:[A-Z][a-z]{2,}|\d{1,2})+")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_NAMES = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z0-9]+)+|[A-Za-z][a-z]*(?:[A-Z][a-z]+)+\d?")
_NO_SECRET = re.compile(
    r"""
      (?:sha\d{1,3}|md5)[-:=].* | (?:arn|urn|data|mailto)[:].* | [a-z][a-z0-9+.-]{1,20}://.*
    | \d{4}-\d\d-\d\d.* | v?\d+(?:\.\d+){1,5}(?:[.-]\w+)*  # dates and versions
    | [\w.+-]+@[\w-]+\.[\w.-]+
    | [A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+
    """,
    re.VERBOSE,
)
_PATH = re.compile(r"(?:\.{0,2}/|~/)?(?:[\w.-]+/){2,}[\w.-]*")  # base64 has few slashes, and not between names
_LETTERS = re.compile(r"[A-Za-z]{4,}")
_SYNOPSIS = re.compile(r"[-+$%<\[{(*]|[A-Z_]+$|\w+=[^=]|\W*\w{0,5}\W*$|@|\.{0,2}/")
_QUERY = re.compile(r"\w=\w+&|&\w+=")
_MARKS = "!@#$%^&*?~+"
_ARGUMENTS = re.compile(rb"""(?:"[^"\n]*"|'[^'\n]*')[ \t]*,""")
_ONE_BEFORE = re.compile(rb"ftp_login|ssh2_auth_password|oci_p?connect|ldap_bind|simple_bind|\.login")
_DIRECTORY = re.compile(rb"(?:Connection|ldap_connect)\(")
_READS_IT = re.compile(
    rb"""["']?[ \t]*\|[ \t]*(?:sudo[ \t]+-\w*S|\w+[ \t][^\n|]{0,60}(?:password-stdin|with-token|login)|"""
    rb"""(?:passwd|kinit|cryptsetup|chpasswd|gpg)\b)"""
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HOST = re.compile(rb"@(\[[0-9a-fA-F:]+\]|[\w.-]+)")
_OWN_HOST = re.compile(
    r"localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|host\.docker\.internal|.*\.local(?:host|domain)?"
)
_RESERVED_HOST = re.compile(
    r"(?:.*\.)?(?:example\.(?:com|org|net|edu|io)|example|test|invalid|domain\.(?:com|tld)|host(?:name)?|your\S*|my\S*host)"
)


def password(candidate: Candidate) -> Evidence | None:
    """Weigh a password: words that only say so are dropped, weak ones doubted, mixed ones believed."""
    text = _PERCENT.sub("", candidate.text)
    named = candidate.rule.specificity in {"generic", "contextual"}  # others have their structure to speak for them
    if says_password(text):
        return Evidence("a word that says password, not a password", FATAL if named else -3.0)
    classes = sum(any(map(kind, text)) for kind in (str.islower, str.isupper, str.isdigit, _is_punctuation))
    if (text.isalpha() or _NAMES.fullmatch(text)) and reads_as_written(text):
        return Evidence("a word" if text.isalpha() else "words joined to a name", _of_word(candidate))
    if len(text) < LONG_ENOUGH:
        return Evidence("short", -1.5)
    if classes >= 3:  # noqa: PLR2004 - of four
        return Evidence("letters, digits and punctuation mixed as in a password", 0.8)
    return Evidence("few kinds of characters", -1.0) if classes == 1 else None


def _of_word(candidate: Candidate) -> float:
    """Weigh a word as a password: people use them, and nearly all that stand behind that name are none.

    In a file that exists to hold credentials it is one; in configuration it may be, in code it is a name.
    """
    path = candidate.blob.path
    if holds_credentials(path):
        return -0.6
    if candidate.rule.specificity not in {"generic", "contextual"}:  # others have their structure to speak for them
        return -2.5
    return -2.2 if notation_of_path(path) == "data" and candidate.rule.specificity == "generic" else FATAL


def strong(candidate: Candidate) -> Evidence | None:
    """Drop what is not mixed as passwords are that people are made to choose, or generators make.

    Prose has file names, versions and names of standards behind its words: two cases and a digit, or letters, a digit
    and a mark that stands in none of these.
    """
    text = candidate.text.rstrip(".!?")
    lower, upper, digit = (any(map(kind, text)) for kind in (str.islower, str.isupper, str.isdigit))
    marked = any(mark in _MARKS for mark in text)
    mixed = lower and (marked or (upper and not reads_as_written(text)))
    if says_password(text) or _QUERY.search(text):
        return Evidence("a word that says password, or a part of a URL", FATAL)
    if len(text) < LONG_ENOUGH or not digit or not mixed or not text.isascii():
        return Evidence("not mixed as passwords are", FATAL)
    return Evidence("letters, digits and punctuation mixed as in a password", 0.4) if marked else None


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


def code(candidate: Candidate) -> Evidence | None:
    """Drop code, paths, selectors, names and addresses that stand where a password could."""
    text = candidate.text
    if _CODE.fullmatch(text) or (_DOTTED.fullmatch(text) and _has_words(text)):
        return Evidence("code, a path, a name or an address", FATAL)
    return None


def expression(candidate: Candidate) -> Evidence | None:
    """Drop code made of words; random text with punctuation in it may look like an expression as well."""
    text = candidate.text.rstrip("=")
    if _SCOPED.fullmatch(text) or _CAMEL.fullmatch(text) or _SPELLED.fullmatch(text):
        return Evidence("a name of code", FATAL)
    return code(candidate) if _has_words(text) else None


def _has_words(text: str) -> bool:
    """Return whether most of the letters of *text* stand in runs that read like words."""
    runs = [(run, len(run)) for run in _LETTERS.findall(text)]
    return 2 * sum(length for run, length in runs if reads_as_written(run)) > sum(length for _, length in runs)


def phrase(candidate: Candidate) -> Evidence | None:
    """Drop sentences, as they stand where something random belongs."""
    words = candidate.text.split()
    if all(word.isalpha() for word in words):
        return Evidence("a phrase", FATAL)
    return None


def option(candidate: Candidate) -> Evidence | None:
    """Drop what follows an option without being its value: another option's name, a word of a synopsis, a pair."""
    text = candidate.text
    if text.isalpha() or _SYNOPSIS.match(text):
        return Evidence("a word of a synopsis or another option", FATAL)
    return Evidence("its name says that it is something else", FATAL) if is_harmless(name_of(candidate)) else None


def shape(candidate: Candidate) -> Evidence | None:
    """Drop what has another known meaning: digests, dates, versions, URLs, paths; doubt identifiers."""
    text = candidate.text
    if _NO_SECRET.fullmatch(text) or (_PATH.fullmatch(text) and _has_words(text)):
        return Evidence("a digest, date, version, address, path or name", FATAL)
    return Evidence("a UUID, more often an identifier", -0.6) if _UUID.fullmatch(text) else None


def written(candidate: Candidate) -> Evidence | None:
    """Drop what is made of words."""
    return Evidence("made of words", FATAL) if reads_as_written(candidate.text) else None


def mixed_case(candidate: Candidate) -> Evidence | None:
    """Drop what lacks upper case, lower case or digits: 40 random base64 characters lack one in a thousand times."""
    text = candidate.text
    if any(map(str.isupper, text)) and any(map(str.islower, text)) and any(map(str.isdigit, text)):
        return None
    return Evidence("no mix of upper case, lower case and digits", FATAL)


def host(candidate: Candidate) -> Evidence | None:
    """Doubt credentials for the reader's own machine, and for hosts reserved for examples (RFC 2606)."""
    found = _HOST.match(candidate.after(256))
    name = found[1].decode().lower() if found else ""
    if _RESERVED_HOST.fullmatch(name):
        return Evidence("a host name for examples", -3.0)
    if _OWN_HOST.fullmatch(name):
        return Evidence("for the local machine", -1.5)
    return Evidence("a host without a domain", -0.7) if "." not in name else None


def says_password(text: str) -> bool:
    """Return whether *text* is words for a password, but for digits and punctuation: `My-Password1!`, `user:pass`."""
    words = _WORDS_APART.split(text.lower().strip(_AROUND))
    return all(_NOUN.sub("", word.rstrip(_DIGITS_AND_MARKS)) in _NO_PASSWORD or not word for word in words)


def _is_punctuation(character: str) -> bool:
    return not character.isalnum()


ASSIGNMENTS: dict[str, Callable[[Candidate], Evidence | None]] = {
    "argument": argument,
    "code": code,
    "expression": expression,
    "host": host,
    "mixed-case": mixed_case,
    "option": option,
    "password": password,
    "phrase": phrase,
    "piped": piped,
    "shape": shape,
    "strong": strong,
    "written": written,
}

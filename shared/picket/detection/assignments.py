"""Judging values that only their name makes suspect: passwords, tokens by assignment, credentials in URLs."""

from __future__ import annotations

import re
from collections.abc import Callable

from picket.detection.evidence import FATAL, Candidate, Evidence
from picket.detection.language import reads_as_written
from picket.detection.names import is_harmless, name_of
from picket.detection.paths import holds_credentials, notation_of_path
from picket.detection.wording import decoded, is_hash, is_long_as_digest, is_prose, until_escape

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
    | [,;+)\]}?][^"']*\(.*                                # what follows a string, its quote taken for one that opens
    | (?:\.{0,2}/|~/|[A-Za-z]:\\|\$\{?\w+\}?[/\\]).*       # a path
    | [a-z][a-z0-9+.-]*://.* | (?:arn|urn|mailto|data|sha\d{1,3}|md5|ssh-\w+)[:-].*
    | [\w.+-]+@[\w-]+\.[\w.-]+                           # an e-mail address
    | [\w.]+\[.*                                          # an item
    | (?:vault|ssm|secretsmanager|keyring|op|bws|akv|env|file|sops|gcpkms|ref\+\w+):.*
    | [#.][A-Za-z_][\w-]* | [A-Za-z-]+(?:/[A-Za-z-]*)+
    | [A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+                      # AN_ENVIRONMENT_VARIABLE
    | \$[A-Za-z_][\w:]*[.\[(?-].* | \w+(?:\|\w+)+          # a member of a variable, a choice of types
    | [a-z_]+(?::[^|]*)?(?:\|[a-z_]+(?::[^|]*)?)+\|?      # rules of validation
    | (?:required|sometimes|nullable)_?[a-z_]*[:|].* | -\d+
    | [A-Z]\w+(?:\\{1,4}[A-Z]\w+)+                       # a class in its name space
    | [A-Za-z]+(?:,[A-Za-z]+)+ | [\w/]*[A-Za-z]\#[A-Za-z_]\w* # a list of words, a method of a class
    | [\w.-]+/[\w.-]+(?:\#|@)[~^]?v?[\w.*-]+               # a package of a version
    | \d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d+)? | [a-z]+%3[Aa]%2[Ff].*
    | (?:\\x[0-9A-Fa-f]{2}){4,}.*                          # bytes in escapes
    | \d+\.(?:second|minute|hour|day|week|month|year)s?
    | 0x[0-9A-Fa-f]{1,16} | --?[a-z][\w-]* | [A-Za-z]*\[.*\] | </?\w.* | .*[:,;=\\]
    | \W+ | \d{1,7}(?:\.\d+)*
    """,
    re.VERBOSE | re.DOTALL,
)
_DOTTED = re.compile(r"[#.]?[A-Za-z_][\w-]*(?:[?!]?\.[A-Za-z_][\w-]*){1,8}")  # a.dotted.name
_SELECTOR = re.compile(r"[a-z-]+(?:[.:+>~]+[a-z-]+)+")  # of CSS
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
    | AAAA(?:[BC][23]NzaC1|E2VjZHNh|[GI]nNr)[\w+/=-].*   # a public key of SSH (RFC 4253, 6.6)
    | EJ\[\d.*\]? | ENC\[?[\[(].* | vault:v\d+:.* | \$ANSIBLE_VAULT.*  # ciphertext of EJSON, SOPS, Jasypt, Vault
    | (?:\\x[0-9A-Fa-f]{2})+ | (?i:idx|fk|uniq|pk)_[0-9A-Fa-f]+  # bytes, an index in a database
    """,
    re.VERBOSE,
)
_PATH = re.compile(r"(?:\.{0,2}/|~/)?(?:[\w.-]+/){2,}[\w.-]*")  # base64 has few slashes, and not between names
_LETTERS = re.compile(r"[A-Za-z]{4,}")
_SYNOPSIS = re.compile(r"[-+$%<\[{(*]|[A-Z_]+$|[\w-]+=[^=]|\W*\w{0,5}\W*$|@|\.{0,2}/")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HOST = re.compile(rb"@(\[[0-9a-fA-F:]+\]|[\w.-]+)")
SHOWN = 256  # bytes after a password that are looked at: those of a host's name, and what follows it
_SAMPLE_DATABASE = re.compile(rb"(?::\d{1,5})?/(?:test|testdb|example|sample|dbname|database|db_name)(?![\w.-])")
_OWN_HOST = re.compile(
    r"localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|host\.docker\.internal|.*\.local(?:host|domain)?"
)
_RESERVED_HOST = re.compile(
    r"(?:.*\.)?(?:example\.(?:com|org|net|edu|io)|example|test|invalid|domain\.(?:com|tld)|host(?:name)?|your\S*|my\S*host)"
)


def password(candidate: Candidate) -> Evidence | None:
    """Weigh a password: words that only say so are dropped, weak ones doubted, mixed ones believed."""
    named = candidate.rule.specificity in {"generic", "contextual"}  # others have their structure to speak for them
    whole = candidate.text if named else _without_bracket(candidate.text)
    text = until_escape(_PERCENT.sub("", whole)) or whole
    text = decoded(text) or text
    if says_password(text):
        return Evidence("a word that says password, not a password", FATAL if named else -3.0)
    if (text.isalpha() or _NAMES.fullmatch(text)) and reads_as_written(text):
        return Evidence("a word" if text.isalpha() else "words joined to a name", _of_word(candidate))
    return (named and _shown(candidate.text)) or _strength(text)


def _shown(text: str) -> Evidence | None:
    """Drop what is shown or stored where a name says password: a translation, a hash."""
    if is_prose(text):
        return Evidence("words of a language", FATAL)
    return Evidence("a password's hash", FATAL) if is_hash(text) else None


def _strength(text: str) -> Evidence | None:
    """Weigh how much a text looks like a password that somebody chose, or that was made."""
    classes = sum(any(map(kind, text)) for kind in (str.islower, str.isupper, str.isdigit, _is_punctuation))
    if is_long_as_digest(text):
        return Evidence("as long as a digest, and hex", -0.6)
    if len(text) < LONG_ENOUGH:
        return Evidence("short", -1.5)
    if classes >= 3:  # noqa: PLR2004 - of four
        return Evidence("letters, digits and punctuation mixed as in a password", 0.8)
    return Evidence("few kinds of characters", -1.0) if classes == 1 else None


def _of_word(candidate: Candidate) -> float:
    """Weigh a dictionary word as a password: people use such words, but most values of that name are no passwords.

    It counts as one in a file that exists to hold credentials, is doubted in configuration, and is a name in code.
    """
    path = candidate.blob.path
    if holds_credentials(path):
        return -0.6
    if candidate.rule.specificity not in {"generic", "contextual"}:  # others have their structure to speak for them
        return -2.5
    return -2.2 if notation_of_path(path) == "data" and candidate.rule.specificity == "generic" else FATAL


def code(candidate: Candidate) -> Evidence | None:
    """Drop code, paths, selectors, names and addresses that stand where a password could."""
    text = _without_bracket(candidate.text)
    if _CODE.fullmatch(text) or ((_DOTTED.fullmatch(text) or _SELECTOR.fullmatch(text)) and _has_words(text)):
        return Evidence("code, a path, a name or an address", FATAL)
    return None


def expression(candidate: Candidate) -> Evidence | None:
    """Drop code made of words; random text with punctuation in it may look like an expression as well."""
    text = candidate.text.rstrip("=")
    if _SCOPED.fullmatch(text) or _CAMEL.fullmatch(text) or _SPELLED.fullmatch(text):
        return Evidence("a name of code", FATAL)
    return code(candidate) if _has_words(text) else None


def _without_bracket(text: str) -> str:
    """Leave out a closing bracket at the end that nothing in *text* opened: it belongs to a call around it."""
    return text[:-1] if text.endswith(")") and text.count(")") > text.count("(") else text


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
    text = decoded(candidate.text) or candidate.text
    if reads_as_written(text) or ("\\u" in text and is_prose(text)):
        return Evidence("made of words", FATAL)
    return None


def mixed_case(candidate: Candidate) -> Evidence | None:
    """Drop what lacks upper case, lower case or digits: 40 random base64 characters lack one in a thousand times."""
    text = candidate.text
    if any(map(str.isupper, text)) and any(map(str.islower, text)) and any(map(str.isdigit, text)):
        return None
    return Evidence("no mix of upper case, lower case and digits", FATAL)


def host(candidate: Candidate) -> Evidence | None:
    """Doubt credentials for the reader's own machine, and for hosts reserved for examples (RFC 2606)."""
    found = _HOST.match(candidate.after(SHOWN))
    name = found[1].decode().lower() if found else ""
    if _RESERVED_HOST.fullmatch(name):
        return Evidence("a host name for examples", -3.0)
    if found and _SAMPLE_DATABASE.match(candidate.after(SHOWN)[found.end() :]):
        return Evidence("a database called as in examples", -3.2)
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
    "code": code,
    "expression": expression,
    "host": host,
    "mixed-case": mixed_case,
    "option": option,
    "password": password,
    "phrase": phrase,
    "shape": shape,
    "written": written,
}

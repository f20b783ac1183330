"""Names that contain a word for a secret and hold something else: a public key, a key's size, a CSRF token."""

from __future__ import annotations

import re
from functools import cache

from picket.detection.evidence import Candidate

NAME_REACH = 60
"""Bytes read back from a match to find the beginning of a name."""

_WORD = re.compile(rb"\w")
_END_OF_NAME = re.compile(rb"[\w.$-]*$")
_START_OF_NAME = re.compile(rb"[\w.$\[\]-]*")
_ELEMENT = re.compile(
    rb"""<key>([^<]{1,80})</key>|<[\w:-]{1,20}[ \t][^<>]{0,60}?(?:name|key|id)[ \t]?=[ \t]?["']([\w.:-]+)|<([\w.:-]+)"""
)
_ANY_WORD = re.compile(r"key|secret|tok|cred|auth|hmac|jwt|pass|pwd")
_CHANGE_OF_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")

# Words before or after the word for a secret; with it they make a name harmless.
_WORDS = {
    "before key": r"""
        public foreign primary partition sort cache index unique group row col column hash range map dict
        new shortcut hot arrow idempoten\w* translation i18n locale message object registry feature config
        settings? site (?:re_?)?captcha(?:_site)? publishable anon pub verify verification verifying host known data
        json xml api_version license_?type
    """,
    "after key": r"""
        ids? names? sizes? files? paths? types? length len codes? words? board press down up event frames?
        index prefix suffix format usage ring store space label column field attr func fn error vault
        points? alias url uri arn version spec schema map mapping pattern regex params? purpose alg
        algorithm exchange fingerprint hash digest hint bits set
    """,
    "before token": r"""
        csrf xsrf authenticity public_?key crumb next page continuation sync pagination cursor stop start end pad
        bos eos unk mask cls sep special special_tokens? design lexer parser syntax identifier cancellation cancel erc20
        integrity sha\d*
    """,
    "after token": r"""
        ids? types? names? url uri endpoint path count limit expir\w* lifetime ttl kind class field header
        param parameter pattern regex format prefix length len list stream index info issuer audience schema
        scheme generator validator provider store storage service file error status usage budget symbol
        address decimals iz\w* contract hash fingerprint suffix separator mode source key_name description
        review
    """,
    "after secret": r"""
        names? ids? paths? arn refs? key_?ref keys?_?name version type store manager engine provider file
        uri url label length pattern field prefix namespace hash volume mount count scanner detector
        rotation description
    """,
    "before password": r"""
        forgot reset change confirm invalid wrong incorrect enter missing show hide toggle no has is needs?
        require[sd]? bad mismatch\w* weak
    """,
    "around pass": r"""
        com by tres sur encom under over im one two first second single multi low high band all render
    """,
    "after password": r"""
        fields? input label hash hashes hashed hasher digest salt reset\w* policy files? prompt hint min max
        length len regex pattern placeholder url uri path confirm\w* changed? changes? strength validator\w*
        type name key id form page view errors? message title text button class selector xpath locator
        required rules? age expir\w* column param attr attribute property encoder manager generator grant
        dialog help description char char_?set ref secret_?(?:name|ref) env env_?var cmd command provider
        store credential_?id algorithm algo scheme expiry verification_\w* icon
    """,
    "after auth": r"""
        type url uri mode methods? scheme provider service backend header handler path endpoint domain host
        server file user username name level state status error flow realm class plugin module config source
        db database mechanism policy strategy group context callback redirect scopes? callback_?url event
        action message required enabled
    """,
    "after credential": r"""
        ids? names? type file path url provider source helper store class scope key field process mode policy
    """,
    "after api": r"""
        version url uri base endpoint path host name type level mode group version_?\w* docs? prefix
        key_?(?:id|name|header|param|field|url|in|location|env\w*|file|path)
    """,
    "at the end": r"""
        nonce signature timestamp verifier callback checksum etag digest fingerprint
    """,
}

# Words that say what a key is for, and by that a secret.
_QUALIFIERS = r"""
    api access secret private priv auth encrypt encryption enc decryption signing sign signature master app
    application client service account admin shared storage webhook hmac jwt aes des rsa crypto cipher session cookie
    deploy deployment subscription consumer live server security license bearer root user db database backup hash salt
    vault bot integration publish push sdk rest web github gitlab google azure stripe slack twilio sendgrid openai
"""


@cache
def _harmless() -> re.Pattern[str]:
    """Compile on first use: a scan without a candidate never asks."""
    of = {place: f"(?:{'|'.join(words.split())})" for place, words in _WORDS.items()}
    passes, start = r"(?:pass(?:word|wd|phrase)?|pwd|(?<![a-z])pw)", r"(?:^|_)"
    return re.compile(
        rf"{start}{of['before key']}_?keys?$|keys?_?{of['after key']}$"
        rf"|{start}{of['before token']}_?\w{{0,12}}tokens?$|tokens?_?{of['after token']}$|[cx]srf\w*$"
        rf"|secrets?_?{of['after secret']}$"
        rf"|{start}{of['before password']}_?{passes}(?:_\w*)?$|{passes}(?:_?{of['after password']})+$"
        rf"|{start}{of['around pass']}_?pass(?:_|$)|(?<!s)[ckmsw]wds?(?:_|$)"
        rf"|auth(?:entication|orization)?_?{of['after auth']}$|\bauthor\w*$"
        rf"|credentials?_?{of['after credential']}$|(?:api|access)_?{of['after api']}$"
        rf"|(?:^|_){of['at the end']}$|^(?:checksum|digest|md5|sha\d+)_|(?:rsa|dsa|ed25519)_public$"
    )


def is_harmless(name: str) -> bool:
    """Return whether a name, as `name_of` gives it, says that its value is no secret."""
    return bool(_harmless().search(name))


@cache
def _telling() -> re.Pattern[str]:
    return re.compile(
        r"secret|tok(?:en)?s?(?:_|$)|cred|auth|hmac|jwt|pass|pwd|"
        rf"(?:{'|'.join(_QUALIFIERS.split())})(?:_?(?:api|access|secret|auth|v\d|prod\w*|dev|test|stag\w*))?_?keys?"
    )


def names_nothing(name: str) -> bool:
    """Return whether a name holds none of the words that stand for secrets: its letters made one by chance."""
    return not _ANY_WORD.search(name)


def says_secret(name: str) -> bool:
    """Return whether a name, as `name_of` gives it, says that its value is a secret, not only some key."""
    return bool(_telling().search(name))


def says_number(name: str) -> bool:
    """Return whether a name says that its value is a secret even where that is a number."""
    return bool(re.search(r"(?:secret|passw(?:or)?d|passcode|pin(?:_?code)?|token)$", name))


def name_of(candidate: Candidate) -> str:
    """Return the identifier that the secret is assigned to, in lower-case words joined by underscores.

    The match may begin in the middle of it, or one character before it; in XML the name is an attribute or element.
    """
    content = candidate.blob.content
    if content.startswith(b"<", candidate.match_start):
        found = _ELEMENT.match(content, candidate.match_start, candidate.start)
        return words_of(found[1] or found[2] or found[3]) if found else ""
    start = candidate.match_start + (not _WORD.match(content, candidate.match_start))
    left = _END_OF_NAME.search(content[max(0, start - NAME_REACH) : start])
    right = _START_OF_NAME.match(content, start, candidate.start)
    return words_of((left.group() if left else b"") + (right.group() if right else b""))


def words_of(name: bytes) -> str:
    """Write a name in lower-case words joined by underscores."""
    return _SEPARATORS.sub("_", _CHANGE_OF_CASE.sub("_", name.decode("ascii", "replace")).lower()).strip("_")

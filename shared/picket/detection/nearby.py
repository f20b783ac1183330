"""How a value stands to the word that a contextual rule knows it by: what is between them, and right around it.

The weights are judgements, made so that a random value close behind a rare word stays more likely a credential than
not, whatever the notation, and that a name which says otherwise outweighs the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from picket.detection.evidence import FATAL, Candidate, Evidence
from picket.detection.language import reads_as_written
from picket.detection.vicinity import NEAR

_GOES_ON = re.compile(rb"\.[A-Za-z0-9]|\(")
_CHANGE_OF_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Names of numbers that look just like keys; a name may be joined to others by anything but a letter.
_DIGEST = re.compile(
    r"(?<![a-z])(?:sha\d{0,3}|md5|commits?|revision|digest|checksums?|cksum|etag|integrity|hash(?:es)?|fingerprint|"
    r"nonce)(?![a-z])"
)
_SECRET = re.compile(
    r"(?:keys?|tokens?|secrets?|auth\w*|pass\w*|pwd|cred\w*|api|access|bearer|pat|private|login)(?![a-z])"
)
_IDENTIFIER = re.compile(
    r"(?<![a-z])(?:(?<!secret[_ -])ids?|g?uuids?|guid|names?|urls?|uri|host|domain|emails?|user|accounts?|projects?|"
    r"org|organi[sz]ations?|workspace|team|region|channel|pages?|cursor|numbers?|path|file|image|title|slug|class|type|"
    r"label|public_key|(?:web)?site_?key|version|ref|refs|rev|tree|blob|build|crc32)[^a-z0-9]*$"
)
_CIPHERTEXT = re.compile(
    r"(?:EJ\[\d+:|ENC\[AES|ENC\(|vault:v\d+:|\bsecure: *\"?)[^\s\"']*$"
)  # EJSON, SOPS, Vault, Travis
# A file's name with a value after it: what a lock file or a cache says of the file.
_FILE = re.compile(
    r"""\.(?:php|[cm]?[jt]sx?|py|rb|java|go|rs|cs|c|h|cpp|css|html?|vue|json|ya?ml|xml|svg|png|jpe?g|gif|woff2?|map|md|txt)
    ["'`]\s*(?:[:=,]|=>)\s*["'`]?$""",
    re.VERBOSE,
)
_ASSIGNED = re.compile(rb"""(?:[=:>(,]|["'`\]]\s*[=:,])\s*["'`]?$""")
_QUOTES = b"\"'`"
_HEX = re.compile(r"[0-9a-fA-F-]+")
_LABEL = 40  # characters before the value that are read as its name


def whole(candidate: Candidate) -> Evidence | None:
    """Drop what is only the beginning of something longer: a dotted name, a file, a call."""
    if _GOES_ON.match(candidate.after(2)):
        return Evidence("part of something longer", FATAL)
    return None


def label(candidate: Candidate) -> Evidence | None:
    """Weigh the names between word and value. Digests, versions and ids look like keys, and hex like either."""
    name = _CHANGE_OF_CASE.sub("_", _between(candidate)).lower()
    if _CIPHERTEXT.search(_between(candidate)):
        return Evidence("ciphertext", FATAL)
    if _DIGEST.search(name[-_LABEL:]) or _FILE.search(name):
        return Evidence("its name says that it is a digest or a version", -4.0)
    if _IDENTIFIER.search(name):
        return Evidence("its name says that it is an identifier", -2.0)
    if _SECRET.search(name):
        return Evidence("its name says that it is a credential", 0.6)
    return Evidence("hex, without a name that says credential", -0.5) if _HEX.fullmatch(candidate.text) else None


def site(candidate: Candidate) -> Evidence | None:
    """Doubt one of a pair of keys that look alike, of which pages hold the other, unless its name says which it is."""
    content = candidate.blob.content[candidate.match_start : candidate.start].lower()
    if b"secret" in content or b"private" in content:
        return None
    return Evidence("its name does not say which of the two keys it is", -2.2)


def assigned(candidate: Candidate) -> Evidence | None:
    """Believe a value that is assigned or passed more than one in quotes, and that more than one in prose."""
    before = candidate.blob.content[candidate.match_start : candidate.start]
    if _ASSIGNED.search(before):
        return Evidence("assigned to a name", 0.4)
    return None if before[-1:] in _QUOTES else Evidence("in running text", -0.4)


def distance(candidate: Candidate) -> Evidence | None:
    """Doubt a value the more the further the word is away, so that of two words the nearer is believed."""
    between = candidate.blob.content[candidate.match_start : candidate.start]
    far = min(len(between), NEAR) / NEAR / 2 + 0.3 * (b"\n" in between)
    return Evidence("the word that tells it stands further away", -round(far, 2))


def wordlike(candidate: Candidate) -> Evidence | None:
    """Doubt what reads like names joined to each other; one random text in a hundred does."""
    return Evidence("reads like words", -1.5) if reads_as_written(candidate.text) else None


def _between(candidate: Candidate) -> str:
    return candidate.blob.content[candidate.match_start : candidate.start].decode("utf-8", "replace")


NEARBY: dict[str, Callable[[Candidate], Evidence | None]] = {
    "site": site,
    "whole": whole,
    "label": label,
    "assigned": assigned,
    "distance": distance,
    "wordlike": wordlike,
}

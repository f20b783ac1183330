"""Reading the inside of a credential: checksums and encodings that chance does not produce."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable

from picket.detection.assignments import says_password
from picket.detection.evidence import FATAL, Candidate, Evidence
from picket.detection.language import reads_as_written
from picket.detection.paths import is_test, notation_of_path
from picket.detection.placeholders import filler
from picket.detection.randomness import entropy_floor, shannon_entropy

AGREES = 4.0  # log-odds: one text in 2**32 agrees with a 32-bit checksum by chance
DISAGREES = -2.5  # never fatal: vendors change their checksums without telling
DECODES = 2.0
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ARMOUR_BODY = re.compile(rb"-----BEGIN [^-]+-----(.*?)(?:-----END|$)", re.DOTALL)
_NOT_BASE64 = re.compile(rb"\\+[nrt]|[^A-Za-z0-9+/=]+")
SHORTEST_KEY = 60  # base64 characters: an Ed25519 key in PKCS8 has 64, the smallest there is
SHORTEST_LINE = 16  # base64 characters in a line of armour; words of code are shorter
STRUCTURED = 0.85  # of the entropy of random text: keys hold lengths, names and padding too
# 0x30 begins a DER sequence; OpenSSH's and OpenPGP's formats begin in their own ways.
_KEY_STARTS = (b"MI", b"MC", b"MH", b"MF", b"ME", b"MG", b"b3BlbnNzaC1rZXktdjE", b"l", b"x")
# Registered claims (RFC 7519, section 4.1), and what identity providers put in their place.
_CLAIMS = {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "scopes", "role", "roles", "email", "uid", "sid"}
_SIGNING_WORDS = (b"secret", b"your-256-bit-secret", b"password", b"key", b"test", b"example", b"changeme", b"")
_THROWAWAY = re.compile(
    rb"localhost|self[-_ ]?signed|snake[-_ ]?oil|example|sample|dummy|fake|bogus|test|fixture|mock|insecure|throwaway|"
    rb"not[-_ ]?secret|127\.0\.0\.1"
)
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----([^-]{64,8000})")
_LETTERS = re.compile(r"[a-z]+")
LONG_PASSWORD = 8  # characters
_MADE_UP = re.compile(r"passw|secret|example|dummy|fake|mock")
_ROLE = re.compile(
    r"(?:id|ssh|ssl|tls|pgp|gpg|rsa|dsa|dss|ecdsa|ec|ecc|ed|openssl|openssh|pkcs|pem|der|x|key\w*|keys|private|priv|public|"
    r"pub|pair|client|server|peer|node|broker|agent|worker|host|user|ca|root|intermediate|cert|certs|certificate|chain|"
    r"bad\w*|good|valid|invalid|broken|expired|revoked|encrypted|enc|plain|no\w*|with\w*|without|pass\w*|lonely|old|new|"
    r"small|big|long|short|readme|ocsp|responder|and|the|a|b|c|p|k|v)+"
)
_PROSE = (".rst", ".md", ".mdx", ".adoc", ".asciidoc", ".tex")
NAME_BEFORE = 80  # bytes before a key in which its name stands
_HEADER_LINE = re.compile(rb"(?:^|\\n|\n)[ \t\"']*[A-Za-z-]+: [^\n\\]*")


def _verdict(agrees: bool) -> Evidence:
    return Evidence("its checksum agrees", AGREES) if agrees else Evidence("its checksum does not agree", DISAGREES)


def crc32_base62(candidate: Candidate) -> Evidence | None:
    """GitHub and npm: the last 6 of 36 characters are the base62 CRC32 of the 30 before.

    Source: https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/.
    """
    body = candidate.text.rpartition("_")[2]
    if len(body) != 36:  # noqa: PLR2004 - other lengths have another layout
        return None
    number, digits = zlib.crc32(body[:30].encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return _verdict(digits.rjust(6, "0") == body[30:])


def crc32_hex(candidate: Candidate) -> Evidence | None:
    """Atlassian and Bitbucket: the last 8 characters are the upper-case hex CRC32 of everything before them."""
    text = candidate.text
    return _verdict(f"{zlib.crc32(text[:-8].encode()):08X}" == text[-8:].upper())


def crc32_grafana(candidate: Candidate) -> Evidence | None:
    """Grafana: 8 hex after the last underscore, the little-endian CRC32 of everything before it."""
    head, _, tail = candidate.text.rpartition("_")
    return _verdict(zlib.crc32(head.encode()).to_bytes(4, "little").hex() == tail.lower())


def crc32_confluent(candidate: Candidate) -> Evidence | None:
    """Confluent: after `cflt`, 54 characters and the base64 of their little-endian CRC32."""
    body = candidate.text[4:]
    checksum = base64.b64encode(zlib.crc32(body[:54].encode()).to_bytes(4, "little")).decode().rstrip("=")
    return _verdict(checksum == body[54:])


def crc16_nkey(candidate: Candidate) -> Evidence | None:
    """Drop what is no NKEY: base32 of two bytes of prefix, 32 of key and their little-endian CRC-16 (XMODEM).

    Source: https://github.com/nats-io/nkeys.
    """
    try:
        raw = base64.b32decode(candidate.text + "=" * (-len(candidate.text) % 8))
    except binascii.Error:
        return Evidence("it is not base32", FATAL)
    agrees = binascii.crc_hqx(raw[:-2], 0) == int.from_bytes(raw[-2:], "little")
    return Evidence("its checksum agrees", AGREES) if agrees else Evidence("its checksum does not agree", FATAL)


def jwt(candidate: Candidate) -> Evidence | None:
    """Drop what is not a token: the header must be a JSON object that names an algorithm.

    Source: RFC 7515, section 4.1.1 (`alg` is required) and RFC 7516 for the encrypted kind.
    """
    text = candidate.text[max(0, candidate.text.find("eyJ")) :]
    header = decoded_json(text.partition(".")[0])
    if not isinstance(header, dict) or "alg" not in header:
        return Evidence("its header is no JSON object with an algorithm", FATAL)
    payload = decoded_json(text.split(".")[1])
    claims = payload.values() if isinstance(payload, dict) else ()
    if any(isinstance(value, str) and filler(value) for value in claims):
        return Evidence("its payload is an example", -3.0)
    if _signed_with_a_word(text):
        return Evidence("it is signed with a word that examples use", -3.0)
    if not isinstance(payload, dict) or not _CLAIMS & payload.keys():
        return Evidence("its payload names no issuer, subject or time", -1.5)
    if "exp" in payload:
        return Evidence("its header and payload decode; it names an expiry", DECODES / 2)
    return Evidence("its header decodes", DECODES)


def _signed_with_a_word(token: str) -> bool:
    import hmac  # noqa: PLC0415 - few texts hold such a token

    signed, _, signature = token.rpartition(".")
    given = _unbase64(signature)
    return any(hmac.digest(word, signed.encode(), "sha256") == given for word in _SIGNING_WORDS)


def json_inside(candidate: Candidate) -> Evidence | None:
    """Formats whose body is base64 of a JSON object, from its `eyJ` on."""
    text = candidate.text
    body = re.match(r"[A-Za-z0-9+/-]+", text[text.find("eyJ") :])
    if body and isinstance(decoded_json(body.group()), dict):
        return Evidence("its body decodes to JSON", DECODES)
    return Evidence("its body does not decode to JSON", -1.0)


def pem(candidate: Candidate) -> Evidence | None:
    """Drop armour around nothing, around code, or around filler; tell encrypted keys."""
    armoured = _ARMOUR_BODY.search(candidate.secret)
    lines = _NOT_BASE64.split(_HEADER_LINE.sub(b"", armoured[1])) if armoured else []
    body = b"".join(line for line in lines if len(line) >= SHORTEST_LINE or line is lines[-1])
    if len(body) < SHORTEST_KEY:
        return Evidence("its body is too short for a key", FATAL)
    tail = body[len(body) // 2 :].decode()  # the first half has structure, and padding in OpenSSH's format
    if shannon_entropy(tail) < entropy_floor(tail) * STRUCTURED or b"EXAMPLE" in body:
        return Evidence("its body is a placeholder", FATAL)
    if b"ENCRYPTED" in candidate.secret:
        return Evidence("the key is encrypted", -1.0)
    if is_test(candidate.blob.path):  # that it is a true key says nothing about its use there
        return Evidence("a key for tests or of an example", -0.8) if _is_throwaway(candidate) else None
    if body.startswith(_KEY_STARTS):
        return Evidence("its body decodes to a key", DECODES)
    return Evidence("its body does not begin as keys do", -1.0)


def _is_throwaway(candidate: Candidate) -> bool:
    """Return whether a key that a test, example or manual holds was made for it.

    It was when it stands in the source of a test or in prose, when its file is called by its kind or role and not by
    a system, or when the file's name, the key's, or the subject of a certificate beside it speaks of tests.
    """
    blob = candidate.blob
    file = blob.path.lower().rstrip("/").rpartition("/")[2]
    if (
        notation_of_path(blob.path) == "code"
        or file.endswith(_PROSE)
        or all(map(_ROLE.fullmatch, _LETTERS.findall(file.partition(".")[0])))
    ):
        return True
    certificates = (
        _unbase64(b"".join(body.split()).decode("ascii", "replace")) for body in _CERTIFICATE.findall(blob.content)
    )
    name = blob.content[max(0, candidate.match_start - NAME_BEFORE) : candidate.match_start]
    return any(_THROWAWAY.search(text.lower()) for text in (file.encode("utf-8", "replace"), name, *certificates))


def basic_auth(candidate: Candidate) -> Evidence | None:
    """Drop Basic credentials that do not decode to a user name, a colon and a password."""
    user, colon, password = _unbase64(candidate.text).partition(b":")
    if not colon or not password or not user.isascii():
        return Evidence("it does not decode to a user name and a password", FATAL)
    text = password.decode("utf-8", "replace")
    if says_password(text) or _MADE_UP.search(text.lower()) or text == user.decode("utf-8", "replace"):
        return Evidence("it decodes to a word that says password", -3.0)
    if text.replace(" ", "").isalpha() and reads_as_written(text):
        return Evidence("it decodes to words for a password", -2.0)
    strong = len(text) >= LONG_PASSWORD and not text.isalpha() and not text.isdigit()
    return Evidence("it decodes to a user name and a password", DECODES / 2 if strong else 0.0)


def discord_id(candidate: Candidate) -> Evidence | None:
    """Discord: the first part is base64 of the bot's numeric id."""
    if _unbase64(candidate.text.partition(".")[0]).isdigit():
        return Evidence("its first part decodes to a numeric id", DECODES)
    return Evidence("its first part does not decode to a numeric id", FATAL)


def decoded_json(segment: str) -> object:
    """Decode one base64url or base64 segment as JSON; `None` when it is not."""
    try:
        return json.loads(_unbase64(segment))
    except (ValueError, RecursionError):  # deep nesting is no token either
        return None


def _unbase64(text: str) -> bytes:
    """Decode base64 of either alphabet, padding optional; empty when it does not decode."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


STRUCTURES: dict[str, Callable[[Candidate], Evidence | None]] = {
    "basic-auth": basic_auth,
    "crc16": crc16_nkey,
    "crc32-base62": crc32_base62,
    "crc32-confluent": crc32_confluent,
    "crc32-grafana": crc32_grafana,
    "crc32-hex": crc32_hex,
    "discord-id": discord_id,
    "json-inside": json_inside,
    "jwt": jwt,
    "pem": pem,
}

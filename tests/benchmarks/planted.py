"""Secrets planted into repositories, made at run time: of many kinds, in the ways that people leave them.

Every scanner that is compared knows these kinds; check sums are right where a format has one, so that none is put off.
"""

from __future__ import annotations

import base64
import json
import random
import string
import zlib
from collections.abc import Callable
from dataclasses import dataclass

_ALNUM = string.ascii_letters + string.digits
_LOWER = string.ascii_lowercase + string.digits
_HEX = "0123456789abcdef"
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CORE = 16


@dataclass(frozen=True, slots=True)
class Planted:
    """A secret, the kind of it, and the line that gives it away. `core` is a stretch of it that no quoting changes."""

    kind: str
    line: str
    core: str


def plant(count: int, seed: int) -> list[Planted]:
    """Make *count* secrets, of each kind as many as of the others."""
    pick = random.Random(f"planted {seed}")
    kinds = list(_KINDS.items())
    return [_made(pick, *kinds[number % len(kinds)]) for number in range(count)]


def _made(pick: random.Random, kind: str, made: Callable[[random.Random], tuple[str, str]]) -> Planted:
    name, secret = made(pick)
    if "\n" in secret:
        return Planted(kind, secret, secret.split("\n")[2][:_CORE])
    style = pick.choice(['{} = "{}"', "{}: '{}'", "export {}={}", '  "{}": "{}",', "const {} = '{}';"])
    body = secret.split(":")[2].split("@")[0] if "://" in secret else secret  # of a URL the password alone is secret
    middle = max(0, (len(body) - _CORE) // 2)
    return Planted(kind, style.format(name, secret), body[middle : middle + _CORE])


def _text(pick: random.Random, alphabet: str, length: int) -> str:
    return "".join(pick.choices(alphabet, k=length))


def _checked(prefix: str, body: str) -> str:
    """Append GitHub's and npm's check sum: six base62 digits of the body's CRC-32."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return prefix + body + digits


def _pem(pick: random.Random) -> str:
    body = base64.b64encode(b"0\x82\x04\xa4\x02\x01\x00\x02\x82\x01\x01\x00" + pick.randbytes(1180)).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    kind = "RSA PRIVATE KEY"
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"])


def _jwt(pick: random.Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    signature = base64.urlsafe_b64encode(pick.randbytes(32)).decode().rstrip("=")
    claims = {"sub": _text(pick, string.digits, 10), "name": _text(pick, _LOWER, 8), "iat": pick.randrange(10**9)}
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{signature}"


_KINDS: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "github": lambda pick: ("GITHUB_TOKEN", _checked("gh" + "p_", _text(pick, _ALNUM, 30))),
    "gitlab": lambda pick: ("gitlab_token", "glp" + "at-" + _text(pick, _ALNUM, 20)),
    "slack": lambda pick: (
        "slack_token",
        "xo" + f"xb-{_text(pick, string.digits, 12)}-{_text(pick, string.digits, 12)}-{_text(pick, _ALNUM, 24)}",
    ),
    "stripe": lambda pick: ("stripe_key", "sk_" + "live_" + _text(pick, _ALNUM, 24)),
    "google": lambda pick: ("google_api_key", "AI" + "za" + _text(pick, _ALNUM, 35)),
    "aws": lambda pick: ("aws_secret_access_key", _text(pick, _ALNUM + "+/", 40)),
    "npm": lambda pick: ("npm_token", _checked("np" + "m_", _text(pick, _ALNUM, 30))),
    "sendgrid": lambda pick: ("sendgrid_api_key", f"S{'G'}.{_text(pick, _ALNUM, 22)}.{_text(pick, _ALNUM, 43)}"),
    "openai": lambda pick: (
        "openai_api_key",
        f"sk-{'pro'}j-{_text(pick, _ALNUM, 74)}T3BlbkFJ{_text(pick, _ALNUM, 74)}",
    ),
    "twilio": lambda pick: ("twilio_auth_token", _text(pick, _HEX, 32)),
    "datadog": lambda pick: ("datadog_api_key", _text(pick, _HEX, 32)),
    "postgres": lambda pick: (
        "DATABASE_URL",
        f"postgres://{_text(pick, string.ascii_lowercase, 6)}:{_text(pick, _ALNUM, 18)}@db.internal.net:5432/app",
    ),
    "jwt": lambda pick: ("session_jwt", _jwt(pick)),
    "generic": lambda pick: ("api_secret_key", _text(pick, _ALNUM, 32)),
    "pem": lambda pick: ("", _pem(pick)),
}

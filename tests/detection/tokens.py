"""Makes credentials and near misses at run time, from formats.txt: no source holds a string that looks like one."""

from __future__ import annotations

import base64
import random
import re
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from picket.detection.language import reads_as_written

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
ALNUM = UPPER + LOWER + DIGITS
ALPHABETS = {
    "an": ALNUM,
    "and": ALNUM + ".",
    "anh": ALNUM + "-",
    "anhc": ALNUM + "-:",
    "anhd": ALNUM + "-.",
    "anhdsu": ALNUM + "-./_",
    "anhdu": ALNUM + "-._",
    "anheu": ALNUM + "-=_",
    "anl": LOWER + DIGITS,
    "anlcu": LOWER + DIGITS + ":_",
    "anld": LOWER + DIGITS + ".",
    "anlh": LOWER + DIGITS + "-",
    "anlhu": LOWER + DIGITS + "-_",
    "anlu": LOWER + DIGITS + "_",
    "anp": ALNUM + "%",
    "anpc": ALNUM + "%",
    "anphdeu": ALNUM + "+-.=_",
    "anphs": ALNUM + "+-/",
    "anphse": ALNUM + "+-/=",
    "anqu": ALNUM + "?_",
    "ans": ALNUM + "/",
    "anu": UPPER + DIGITS,
    "anuh": UPPER + DIGITS + "-",
    "anuhd": UPPER + DIGITS + "-.",
    "anv": ALNUM + "|",
    "b32": UPPER + "234567",
    "b32l": LOWER + "234567",
    "b58": "".join(sorted(set(ALNUM) - set("0OIl"))),
    "b64": ALNUM + "+/",
    "b64p": ALNUM + "+/%",
    "b64pu": ALNUM + "_-%",
    "b64u": ALNUM + "_-",
    "bech": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "bechl": "qpzry9x8gf2tvdw0s3jn54khce6mua7l",
    "crypt": ALNUM + "./",
    "d": DIGITS,
    "dj": LOWER + DIGITS + "!@#$%^&*(-_=+)",
    "ent": ALNUM + "._~-",
    "ents": ALNUM + "._",
    "envname": LOWER + DIGITS + "_-",
    "HEX": DIGITS + "ABCDEF",
    "hex": DIGITS + "abcdef",
    "hexh": DIGITS + "abcdef" + "-",
    "hexm": DIGITS + "abcdefABCDEF",
    "host": LOWER + DIGITS + "-",
    "lo": LOWER,
    "t68": ALNUM + "._~+/-",
    "w": ALNUM + "._~-",
    "w-": ALNUM + "_.-",
    "w_": ALNUM + "_",
}
_PART = re.compile(
    r"<(?P<kind>[\w-]+)(?::(?P<low>\d+)(?:-(?P<high>\d+)|(?P<more>\+))?)?>|\((?P<any>[^()]*)\)|(?P<text>[^<(]+)"
)


@dataclass(frozen=True)
class Field:
    """A run of `low` to `high` characters (no upper bound when `high` is 0) of one alphabet, or `kind` text."""

    kind: str
    low: int
    high: int

    def draw(self, rng: random.Random, length: int) -> str:
        if self.kind == "uuid":
            return str(uuid.UUID(int=rng.getrandbits(128), version=4))
        if self.kind == "b64id":  # base64 of a snowflake: what Discord's bot tokens begin with
            return base64.b64encode(str(rng.randrange(3 * 10**17, 9 * 10**17)).encode()).decode()
        return "".join(rng.choice(ALPHABETS[self.kind]) for _ in range(length))


Part = Field | tuple[str, ...]


def parse(template: str) -> list[Part]:
    """Read a format: fields, and literal text as tuples of alternatives."""
    parts: list[Part] = []
    for match in _PART.finditer(template):
        if match["kind"]:
            low = int(match["low"] or 0)
            parts.append(Field(match["kind"], low, 0 if match["more"] else int(match["high"] or low)))
        else:
            parts.append(tuple(match["any"].split("|")) if match["any"] is not None else (match["text"],))
    return parts


def render(parts: list[Part], rng: random.Random, length: Callable[[Field], int] = lambda field: field.low) -> str:
    """Fill a format, each field to the length asked for."""
    return "".join(
        part.draw(rng, length(part)) if isinstance(part, Field) else _nested(rng.choice(part), rng) for part in parts
    )


def _nested(text: str, rng: random.Random) -> str:
    """Fill the fields inside an alternative, each to its shortest."""
    return re.sub(r"<(\w+):(\d+)(?:-\d+)?>", lambda inner: Field(inner[1], 0, 0).draw(rng, int(inner[2])), text)


def examples(template: str, seed: str) -> list[str]:
    """Return five tokens of the format: shortest, longest, and three between."""
    rng, parts = random.Random(seed), parse(template)
    longest = [_typical(parts, rng, lambda field: field.high or field.low + 40)]
    between = [
        _typical(parts, rng, lambda field: rng.randint(field.low, field.high or field.low + 40)) for _ in range(3)
    ]
    return [_typical(parts, rng, lambda field: field.low), *longest, *between]


def _typical(parts: list[Part], rng: random.Random, length: Callable[[Field], int]) -> str:
    """Fill a format so that it looks random: a rule may doubt the one text in a hundred that does not."""
    for _ in range(100):
        texts = [(part, render([part], rng, length)) for part in parts]
        if all(_looks_random(part, text) for part, text in texts) and any(_has_digit(*each) for each in texts):
            return "".join(text for _, text in texts)
    raise AssertionError(f"no random text of {parts}")


def _looks_random(part: Part, text: str) -> bool:
    if not isinstance(part, Field) or len(text) < 7 or "2" not in ALPHABETS.get(part.kind, ""):
        return True
    return _has_digit(part, text) and not reads_as_written(text)


def _has_digit(part: Part, text: str) -> bool:
    return isinstance(part, Field) and any(map(str.isdigit, text))


def near_misses(template: str, seed: str) -> Iterator[tuple[str, str]]:
    """Yield (what is wrong, text) for texts that differ from the format in one thing."""
    rng, parts = random.Random(seed), parse(template)
    fields = [index for index, part in enumerate(parts) if isinstance(part, Field)]
    last = max((index for index in fields), default=-1)
    field = parts[last]
    assert isinstance(field, Field)
    if field.kind == "uuid":
        token = render(parts, rng)
        yield "one character short", token[:-1]
        yield "one character long", token + "0"
        yield "wrong alphabet", token[:-6] + "g" + token[-5:]
        return
    yield "one character short", render(parts, rng, lambda each: each.low - 1 if each is field else each.low)
    if field.high:
        yield "one character long", render(parts, rng, lambda each: each.high + 1 if each is field else each.high)
    wide = max((part for part in parts if isinstance(part, Field) and part.kind != "b64id"), key=lambda part: part.low)
    yield "wrong alphabet", _spoiled(parts, wide, rng)
    if wide.low < 8:
        return  # too short to tell a filler from a number
    yield (
        "placeholder",
        "".join(
            ("x" if "x" in ALPHABETS.get(part.kind, "") else "A" if "A" in ALPHABETS.get(part.kind, "") else "0")
            * part.low
            if part is wide and isinstance(part, Field)
            else render([part], rng)
            for part in parts
        ),
    )


def _spoiled(parts: list[Part], wide: Field, rng: random.Random) -> str:
    """Put one character of another alphabet into the middle of a field of the shortest length."""
    out = []
    for part in parts:
        text = render([part], rng)
        if part is wide:
            stranger = next(each for each in "gG_-.+!, " if each not in ALPHABETS[wide.kind])
            text = text[: len(text) // 2] + stranger + text[len(text) // 2 + 1 :]
        out.append(text)
    return "".join(out)


def formats() -> dict[str, str]:
    """Read formats.txt: rule id to format."""
    return dict(_lines("formats.txt"))


@dataclass(frozen=True)
class InContext:
    """A format between the texts that a rule wants to see around it."""

    before: str
    format: str
    after: str

    def around(self, secret: str) -> str:
        return self.before + secret + self.after


# What stands around the value of a provider's credential; {w} is the word that tells it, {W} the same in upper case.
ASSIGNED = (
    ('{W}_API_KEY = "', '"\n'),
    ("export {W}_TOKEN=", "\n"),
    ("{w}_secret_key: ", "\n"),
    ("$config['{w}_api_key'] = '", "';\n"),
    ("const {w}_token = `", "`;\n"),
)
NESTED = (
    ('{{"{w}_api_key": "', '", "retries": 3}}'),
    ("<{w}-api-key>", "</{w}-api-key>"),
    ('curl "https://api.corp.io/v1?{w}_token=', '&page=2"'),
    ("client = connect({w}_secret_key='", "')"),
    ("{w}_api_key:\n  value: ", "\n"),
)
TOLD = (
    ("You can find a {w} token ", " here."),
    ("# {w} token\nvalue = '", "'\n"),
    ("The {w} token is `", "`, keep it."),
)


def contexts() -> dict[str, list[InContext]]:
    """Read contexts.txt: rule id to its format in the contexts given, or, by `@word`, in three drawn at random."""
    known = {}
    for rule, line in _lines("contexts.txt"):
        before, rest = line.split("«")
        inner, after = rest.split("»")
        rng = random.Random(rule)
        if before.startswith("@"):
            word = before[1:].strip()
            frames = [rng.choice(each) for each in (ASSIGNED, NESTED, TOLD)]
            known[rule] = [
                InContext(head.format(w=word, W=word.upper()), inner, tail.format(w=word)) for head, tail in frames
            ]
        else:
            known[rule] = [InContext(render(parse(before), rng), inner, after)]
    return known


def _lines(name: str) -> Iterator[tuple[str, str]]:
    for line in (Path(__file__).parent / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            rule, _, rest = line.partition(" ")
            yield rule, rest.replace(r"\n", "\n")

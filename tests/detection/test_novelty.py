"""Matching only what is new finds exactly what matching every text whole does."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.examples import how_many

from picket.detection import Engine, Hit, default_ruleset, encodings, novelty
from picket.detection.databases import REACH, Databases
from picket.detection.model import Rule, Ruleset
from picket.detection.novelty import BEHIND, CONTEXT, Novelty
from picket.detection.prefilter import Prefilter
from picket.detection.syntax import longest, spelled_out
from picket.detection.triggers import TRIGGERS
from picket.detection.verdicts import MOST
from picket.detection.vicinity import NEAR, Matches

SOURCE = Path(novelty.__file__).with_suffix(".c")
DRIVER = Path(__file__).with_name("novelty_driver.c")

compiled = pytest.mark.skipif(not novelty.library(), reason="no C compiler built picket.detection._novelty")


@cache
def engine(*, remembers: bool) -> Engine:
    made = Engine(default_ruleset())
    if remembers:
        made.remember()
    return made


def secret(random: Random) -> bytes:
    """Make something that a rule is about, whole or almost."""
    body = "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789", k=40)).encode()
    forms = (
        b"ghp_%s" % body[:36],
        b'password = "%s"' % body[:14],
        b"postgres://app:%s@db.internal/app" % body[:12],
        b"datadog\n\n  key: %s" % body[:32].lower(),
        b"\\nAWS_SECRET_ACCESS_KEY=%s\\n" % body,
        b"-----BEGIN RSA PRIVATE KEY-----\n%s\n-----END RSA PRIVATE KEY-----" % (body + body),
        b"# picket:allow",
        b"token",
    )
    return random.choice(forms)


def line(random: Random) -> bytes:
    words = (b"return", b"value", b"the", b"key", b"auth", b"=", b"(", b")", b'"', b"x1", b"config", b"0x7f", b"\\")
    if random.random() < 0.04:
        return secret(random)
    if random.random() < 0.02:
        return random.randbytes(random.randrange(2_000))
    return b" ".join(random.choices(words, k=random.randrange(14)))


def history(seed: int, edits: list[tuple[int, int, int]]) -> Iterator[bytes]:
    """Give versions of a file: each has lines of the last one inserted, deleted, repeated, moved or joined."""
    random = Random(seed)
    lines = [line(random) for _ in range(random.randrange(20, 400))]
    yield b"\n".join(lines)
    for kind, place, count in edits:
        at = place % (len(lines) + 1)
        block = lines[at : at + count]
        if kind == 0:
            lines[at:at] = [line(random) for _ in range(count)]
        elif kind == 1:
            del lines[at : at + count]
        elif kind == 2:
            lines += block
        elif kind == 3:
            del lines[at : at + count]
            lines[:0] = block
        else:
            lines[at : at + count] = [b"".join(block)]
        yield b"\n".join(lines) + b"\n" * (place % 2)


def told(hits: list[Hit]) -> list[tuple[object, ...]]:
    return [(hit.rule.id, hit.secret, *hit.places, hit.confidence, hit.reasons) for hit in hits]


EDITS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1_000), st.integers(1, 12)), max_size=8)


@compiled
@given(st.integers(0, 2**32), EDITS)
@settings(max_examples=how_many(60), deadline=None)
def test_of_every_version_the_same_is_found_as_by_looking_at_it_alone(
    seed: int, edits: list[tuple[int, int, int]]
) -> None:
    plain, remembering = engine(remembers=False), engine(remembers=True)
    for text in history(seed, edits):
        assert remembering.prefilter.windows(text) == plain.prefilter.windows(text)
        plain._examination = None  # it remembers nothing of the version before
        assert told(remembering.scan(text, "src/app.py")) == told(plain.scan(text, "src/app.py"))


@compiled
def test_a_memory_that_is_full_begins_anew() -> None:
    code = novelty.library()
    assert code
    remembering, plain, random = Prefilter(default_ruleset().rules, "n"), engine(remembers=False), Random(7)
    remembering._novelty = Novelty(code, power=6)  # 32 chunks; each text has about as many
    texts = [b"\n".join(line(random) for _ in range(500)) for _ in range(12)]
    rules = len(default_ruleset().rules)
    for text in [*texts, *texts]:
        expected = {index: spans for index, spans in plain.prefilter.windows(text).items() if index < rules}
        assert remembering.windows(text) == expected


@compiled
def test_a_text_too_large_for_the_memory_is_matched_whole() -> None:
    code = novelty.library()
    assert code
    text = b"a line of text\n" * 10_000
    given: list[bytes] = []

    def find(part: bytes) -> Matches:
        given.append(part)
        return []

    Novelty(code, power=4).matches(text, find)
    assert given == [text]


@compiled
def test_of_a_text_with_one_line_changed_little_is_read_again() -> None:
    code = novelty.library()
    assert code
    random = Random(3)
    lines = [line(random) for _ in range(30_000)]
    read: list[int] = []

    def find(text: bytes) -> Matches:
        read.append(len(text))
        return []

    memory = Novelty(code)
    memory.matches(b"\n".join(lines), find)
    assert sum(read) >= len(b"\n".join(lines))
    read.clear()
    lines[12_345] = b"another one"
    memory.matches(b"\n".join(lines), find)
    assert 0 < sum(read) < 40_000


@compiled
def test_what_ends_in_a_known_chunk_is_told_where_it_stands_now() -> None:
    code = novelty.library()
    assert code
    memory = Novelty(code)
    text = b"".join(b"line %d\n" % number for number in range(2_000))

    def find(part: bytes) -> Matches:
        return [(at + 9, 0) for at in range(len(part)) if part.startswith(b"line 1500\n", at)]

    for before in (b"", b"new\n" * 1_000, b"new\n" * 1_001):
        assert memory.matches(before + text, find) == find(before + text)


def test_without_the_compiled_half_every_text_is_matched_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(novelty, "library", lambda: None)
    made = Engine(default_ruleset())
    made.remember()
    for text in history(11, [(0, 5, 3), (1, 40, 2)]):
        assert told(made.scan(text)) == told(engine(remembers=False).scan(text))


def test_no_shipped_rule_is_known_by_more_than_a_chunk_is_remembered_with() -> None:
    databases = Databases.load(default_ruleset().rules, "", None, TRIGGERS)
    assert databases.wide is None
    assert REACH < CONTEXT
    assert NEAR + 1 + 64 <= BEHIND  # what `vicinity` reads behind a word


@pytest.mark.parametrize(
    ("pattern", "length"),
    [
        ("abc", 3),
        ("a{2,7}b?", 8),
        ("(?i:ab|abc)", 3),
        (r"\Aabc", 3),
        ("a+", float("inf")),
        ("abc$", float("inf")),
        (r"abc\z", float("inf")),
        ("a[$]", 2),
        (r"\pL", float("inf")),
        ("a{99999999999}b", float("inf")),
        ("(?:" * 2_000 + "a" + ")" * 2_000, float("inf")),
        ("[a&&b]x", 2),
    ],
)
def test_how_long_a_match_is_at_most(pattern: str, length: float) -> None:
    assert longest(spelled_out(pattern)) == length


def test_what_is_remembered_is_bounded_and_forgotten() -> None:
    random = Random(9)
    lines = [b'password = "%s"\n%s\n' % (random.randbytes(9).hex().encode(), b"-" * 400) for _ in range(6_000)]
    made = Engine(default_ruleset())
    made.scan(b"".join(lines[:50]), "a.py")
    assert made._examination
    assert not made._examination._verdicts._files  # nobody asked for it
    made.remember()
    made.scan(b"".join(lines), "a.py")
    [known] = made._examination._verdicts._files.values()
    assert len(known) == MOST
    made.forget()
    assert not made._examination._verdicts._files


def test_long_texts_are_not_kept_decoded() -> None:
    encodings.forget()
    engine(remembers=True).scan(b"".join(b'"k%d: \\"v%d\\", ' % (each, each) for each in range(5_000)))
    assert encodings._undone.cache_info().currsize == 0


@compiled
def test_a_teams_rule_without_bound_is_looked_for_in_the_whole_text() -> None:
    patterns = {"long": r"begin[^\n]*(end)", "last": r"(last)$", "near": "(near)"}
    rules = [Rule(name, pattern=pattern, reach=10_000) for name, pattern in patterns.items()]
    made = Engine(Ruleset(rules, digest="t" * 64), decode_depth=0)
    made.remember()
    text = b"near\n" + b"begin" + b"-" * 9_000 + b"end\n" + b"fill\n" * 900 + b"last"
    for version in (text, b"first\n" + text, text + b"\nlast\nmore"):
        expected = Engine(made.ruleset, decode_depth=0).scan(version)
        assert told(made.scan(version)) == told(expected)
        assert {hit.rule.id for hit in expected} >= {"long", "near"}


def test_the_compiled_half_stays_within_its_memory(tmp_path: Path) -> None:
    """Any texts, looked up in a small memory, under the address and undefined-behaviour sanitizers."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("there is no C compiler")
    program = tmp_path / "driver"
    command = [compiler, "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-o", str(program)]
    built = subprocess.run([*command, str(SOURCE), str(DRIVER)], capture_output=True, check=False)
    if built.returncode:
        pytest.skip("the C compiler has no sanitizers")
    random = Random(5)
    for number in range(40):
        text = b"".join(
            random.choice((line(random) + b"\n", random.randbytes(random.randrange(9_000)), b"\n" * 700, b"x" * 5_000))
            for _ in range(random.randrange(40))
        )
        (tmp_path / str(number)).write_bytes(text)
    files = [str(tmp_path / str(number)) for number in range(40)]
    done = subprocess.run([str(program), *files, *files], capture_output=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")

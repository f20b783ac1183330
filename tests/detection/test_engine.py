"""The order of decisions, and what each leaves behind."""

from __future__ import annotations

import codecs
import random
import re
import zlib
from functools import cache
from itertools import pairwise

import pytest
from tests.detection.shapes import a_password, chance
from tests.detection.tokens import examples, formats

from picket.detection import Engine, default_ruleset, position

RULES = {rule.id: rule for rule in default_ruleset().rules}


@cache
def engine() -> Engine:
    return Engine(default_ruleset())


def token(rule: str, seed: str = "") -> str:
    return examples(formats()[rule], seed=f"{rule}{seed}")[0]


def ids(content: bytes, path: str = "") -> list[str]:
    return [hit.rule.id for hit in engine().scan(content, path)]


def reasons(content: bytes, path: str = "") -> list[str]:
    return [each.reason for each in engine().explain(content, path)]


def test_a_hit_never_shows_its_secret() -> None:
    secret = token("github-personal-access-token")
    [hit] = engine().scan(secret.encode())
    assert secret not in repr(hit)
    assert secret not in repr(engine().explain(secret.encode()))
    assert hit.redacted.startswith("ghp_")
    assert secret[10:] not in hit.redacted


@pytest.mark.parametrize(
    "remark", ["# gitleaks:allow", "// picket:allow", "# pragma: allowlist secret", "# Pragma: Allowlist Secret"]
)
def test_a_remark_on_the_line_allows_the_secret_and_says_so(remark: str) -> None:
    text = f'key = "{token("github-personal-access-token")}"'
    assert ids(f"{text}\n{remark}\n".encode())
    assert not ids(f"{text}  {remark}\n".encode())
    assert any("comment on its line" in reason for reason in reasons(f"{text}  {remark}\n".encode()))


def test_a_remark_can_allow_the_next_line_only() -> None:
    line = f'key = "{token("github-personal-access-token")}"\n'
    assert not ids(f"# pragma: allowlist nextline secret\n{line}".encode())
    assert len(ids(f"# pragma: allowlist nextline secret\n{line}{line}".encode())) == 1


def test_a_specific_rule_beats_a_generic_one_on_the_same_place() -> None:
    content = f'auth_token = "{token("github-personal-access-token")}"\n'.encode()
    assert ids(content) == ["github-personal-access-token"]
    assert "github-personal-access-token is more specific about this place" in reasons(content)


def test_of_two_rules_on_one_place_only_one_hits() -> None:
    secret = token("openai-project-key")
    hits = engine().scan(f"postgres://app:{a_password()}@db.corp.io/x {secret}".encode())
    spans = [(hit.start, hit.end) for hit in hits]
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    assert len(hits) == 2


@pytest.mark.parametrize(
    "path", ["package-lock.json", "static/app.min.js", "a/node_modules/b.js", "logo.svg", "go.sum"]
)
def test_generated_files_hide_what_is_generic_and_nothing_distinctive(path: str) -> None:
    generic = f'auth_token = "q7{chance(30)}"\n'.encode()
    distinctive = token("stripe-secret-key").encode()
    assert ids(generic) == ["generic-secret"]
    assert ids(generic, path) == []
    assert set(reasons(generic, path)) == {"a generated or third-party file"}
    assert ids(distinctive, path) == ["stripe-secret-key"]


@pytest.mark.parametrize("path", ["tests/a.py", "docs/usage.rst", "README.md", "src/a_test.go", "FooTest.java"])
def test_test_and_documentation_paths_lower_confidence_with_a_reason(path: str) -> None:
    content = token("stripe-secret-key").encode()
    [plain], [doubted] = engine().scan(content, "src/a.py"), engine().scan(content, path)
    assert doubted.confidence < plain.confidence
    assert "a test, example or documentation path" in doubted.reasons


def test_a_true_checksum_raises_confidence_and_a_false_one_never_drops() -> None:
    known = "ghp_" + "a" * 4 + "Qm3nP7rT9vXb2dFgHjKlZc8sYw"  # 30 characters without their checksum
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, check = zlib.crc32(known[4:].encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = digits[digit] + check
    [true] = engine().scan((known + check).encode())
    [false] = engine().scan((known + check[::-1]).encode())
    assert true.confidence > 0.98
    assert 0.5 < false.confidence < true.confidence


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_with_a_mark_is_read_as_text_and_offsets_fit_the_bytes(codec: str) -> None:
    secret = token("github-personal-access-token")
    mark = codecs.BOM_UTF16_LE if codec == "utf-16-le" else codecs.BOM_UTF16_BE
    content = mark + f"é first\nkey = {secret}\n".encode(codec)
    [hit] = engine().scan(content)
    assert content[hit.start : hit.end].decode(codec) == secret
    assert position(content, hit.start) == (2, 7)


def test_in_binary_content_only_distinctive_formats_are_looked_for() -> None:
    secret = token("github-personal-access-token").encode()
    generic = f'password = "{a_password()}"'.encode()
    assert ids(b"\x00\x01" + secret + b"\x00") == ["github-personal-access-token"]
    assert ids(b"\x00\x01" + generic) == []
    assert any("binary" in reason for reason in reasons(b"\x00\x01" + generic))


def test_a_secret_longer_than_any_window_is_found_whole() -> None:
    body = "".join(random.Random(4).choices("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=20_000))
    [hit] = engine().scan(f"x=ya29.{body};".encode())
    assert len(hit.secret) == len("ya29.") + 20_000


class CountingPattern:
    """Counts the bytes that exact matching goes over."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self.pattern, self.read = pattern, 0

    def search(self, content: bytes, first: int, limit: int) -> re.Match[bytes] | None:
        found = self.pattern.search(content, first, limit)
        self.read += (found.end() if found else limit) - first
        return found

    def match(self, content: bytes, first: int, limit: int) -> re.Match[bytes] | None:
        found = self.pattern.match(content, first, limit)
        self.read += found.end() - first if found else 0
        return found


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(f'{{"password":"{a_password()}"}},', id="a hit in every piece"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOi.", id="half a token in every piece"),
        pytest.param("postgres://user:aaaa@", id="half a URL in every piece"),
        pytest.param("password=secret=token=", id="names without values"),
        pytest.param('api_key="abcdefgh1234', id="a quote after every name"),
        pytest.param("Server=a;Password=", id="half a connection string in every piece"),
        pytest.param("-----BEGIN PRIVATE KEY-----", id="headers without keys"),
        pytest.param("<password>abcdefg1", id="elements that do not end"),
    ],
)
def test_exact_matching_on_one_long_line_reads_a_bounded_multiple_of_it(piece: str) -> None:
    scanner = Engine(default_ruleset())
    scanner.scan(piece.encode() * 50)  # compiles the patterns concerned
    examination = scanner._examination
    assert examination is not None
    counters = {
        index: CountingPattern(pattern)
        for index, pattern in examination._patterns.items()
        if isinstance(pattern, re.Pattern)
    }
    assert counters
    examination._patterns = counters  # type: ignore[assignment]
    content = piece.encode() * (400_000 // len(piece))
    scanner.scan(content)
    assert all(counter.read < 3 * len(content) for counter in counters.values())


def test_ten_megabytes_of_base64_after_a_prefix_are_one_candidate() -> None:
    content = b"key=ya29." + bytes(random.Random(1).choices(b"abcdefghABCDEFGH2345678", k=10_000_000))
    rule = default_ruleset().rules.index(RULES["google-oauth-access-token"])
    assert len(engine().prefilter.windows(content)[rule]) == 1

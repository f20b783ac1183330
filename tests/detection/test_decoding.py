"""What is encoded in a text is found as if it stood there, at the place of the encoded run."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from functools import cache
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detection.shapes import a_password, chance
from tests.detection.tokens import examples, formats
from tests.support.examples import how_many

from picket.detection import Engine, Hit, default_ruleset, escapes
from picket.detection.decoding import Layer, decode
from picket.detection.encodings import ENCODINGS, Piece, Run

TOKEN = examples(formats()["stripe-secret-key"], seed="decoding")[0]
ASSIGNED = f'settings: password = "{a_password()}"'


@cache
def engine(depth: int = 2) -> Engine:
    return Engine(default_ruleset(), decode_depth=depth)


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def urlsafe(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def hex_of(text: str) -> str:
    return text.encode().hex()


def percent(text: str) -> str:
    return quote(text, safe="")


def escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


def html(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;")


def powershell(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


def scan(text: str, depth: int = 2) -> list[Hit]:
    return engine(depth).scan(text.encode())


@pytest.mark.parametrize("encode", [base64_of, urlsafe, hex_of, percent, escaped, html, powershell])
@pytest.mark.parametrize("frame", ["{}", 'x = "{}";', "a: {}\n", "# {} #", "<v>{}</v>"])
def test_an_assignment_is_found_in_every_encoding(encode: Callable[[str], str], frame: str) -> None:
    [hit] = scan(frame.format(encode(ASSIGNED)))
    assert hit.rule.id == "generic-password"
    assert hit.secret.decode() in ASSIGNED
    assert any(reason.startswith("decoded from") for reason in hit.reasons)


@pytest.mark.parametrize("encode", [base64_of, urlsafe, hex_of])
def test_the_place_is_that_of_the_encoded_run_and_the_secret_the_decoded_one(encode: Callable[[str], str]) -> None:
    run = encode(f"it is {TOKEN} there")
    content = f"é = '{run}'\n".encode()
    [hit] = engine().scan(content)
    assert hit.secret.decode() == TOKEN
    assert content[hit.start : hit.end].decode() == run


def test_the_place_in_escaped_text_is_that_of_the_secret_itself() -> None:
    content = json.dumps({"cell": [f'say = "é"\n{ASSIGNED}\n']}).encode()
    [hit] = engine().scan(content)
    assert content[hit.start : hit.end] == hit.secret


def test_several_secrets_of_one_run_are_all_found_each_once() -> None:
    other = examples(formats()["stripe-secret-key"], seed="another")[0]
    hits = scan(base64_of(f"one {TOKEN}\ntwo {other}\nagain {TOKEN}\n"))
    assert sorted(hit.secret.decode() for hit in hits) == sorted([TOKEN, other])
    assert len({(hit.start, hit.end) for hit in hits}) == 1


def test_depth_bounds_how_many_encodings_are_undone() -> None:
    once, twice, thrice = (
        (text := base64_of(f"it is {TOKEN}")),
        (text := base64_of(f"1 {text}")),
        base64_of(f"2 {text}"),
    )
    assert [len(scan(each)) for each in (once, twice, thrice)] == [1, 1, 0]
    assert [len(scan(each, depth=1)) for each in (once, twice, thrice)] == [1, 0, 0]
    assert [len(scan(each, depth=0)) for each in (once, twice, thrice)] == [0, 0, 0]
    assert len(engine(0).prefilter.windows(once.encode())) == 0


@pytest.mark.parametrize("width", [60, 64, 70, 76, 120])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\n    ", "\\n"])
def test_base64_over_several_lines_is_one_run(width: int, line_break: str) -> None:
    whole = base64_of(f"{'padding ' * 20}{TOKEN} and {'more ' * 30}")
    lines = [whole[at : at + width] for at in range(0, len(whole), width)]
    text = f"data: |{line_break}{line_break.join(lines)}\nnext: value\n"
    [hit] = scan(text)
    assert hit.secret.decode() == TOKEN
    assert text[hit.start : hit.end] == line_break.join(lines)


def test_a_word_before_the_run_does_not_shift_it() -> None:
    for prefix in ("a/", "ab/", "abc/", "abcd/"):
        assert [hit.secret.decode() for hit in scan(prefix + base64_of(f"it is {TOKEN} there"))] == [TOKEN]


def test_a_secret_written_twice_in_plain_and_in_encoded_form_has_one_identity() -> None:
    secret = f"k7/{a_password()}@x"
    plain = f'password = "{secret}"\n'
    in_url = f"postgres://app:{quote(secret, safe='')}@db.corp.io/shop\n"
    hits = scan(plain + in_url + base64_of(plain))
    assert {hit.secret.decode() for hit in hits} == {secret}
    assert len(hits) == 3


def test_a_remark_on_the_line_of_the_run_allows_what_it_holds() -> None:
    run = base64_of(f"it is {TOKEN} there")
    assert scan(f"x = '{run}'\n")
    assert not scan(f"x = '{run}'  # gitleaks:allow\n")
    assert any("comment" in each.reason for each in engine().explain(f"x = '{run}'  # gitleaks:allow\n".encode()))


def test_what_stands_plain_in_a_line_with_escapes_is_reported_once() -> None:
    [hit] = scan(f'{{"a": "{TOKEN} \\"b\\": \\u0041"}}')
    assert hit.secret.decode() == TOKEN
    assert not any("decoded" in reason for reason in hit.reasons)


MANIFEST = """apiVersion: v1
kind: Secret
metadata:
  name: shop
  labels: {{app: shop, tier: backend}}
type: Opaque
data:
  username: {user}
  db-password: {password}
  settings.env: {file}
"""


@pytest.mark.parametrize("order", ["as it is", "data first", "json", "among others"])
def test_values_in_a_kubernetes_secret_are_judged_by_their_keys(order: str) -> None:
    short, other = "k7!Qz2", a_password()
    file = base64_of(f"HOST=db\nAPI_SECRET={chance(30)}7\n")
    text = MANIFEST.format(user=base64_of("deploy"), password=base64_of(short), file=file)
    if order == "data first":
        head, _, data = text.partition("data:")
        text = f"data:{data}{head}"
    elif order == "json":
        entries = {"username": base64_of("deploy"), "db-password": base64_of(short), "settings.env": file}
        text = json.dumps({"kind": "Secret", "metadata": {"name": "shop"}, "data": entries})
    elif order == "among others":
        text = f"kind: ConfigMap\ndata:\n  token: {base64_of(other)}\n---\n{text}---\nkind: Pod\n"
    hits = engine().scan(text.encode(), "secret.yaml")
    assert short.encode() in {hit.secret for hit in hits}
    [password] = [hit for hit in hits if hit.secret == short.encode()]
    assert text[password.start : password.end] == base64_of(short)
    assert "decoded from a Kubernetes secret" in password.reasons
    assert any(hit.secret.endswith(b"7") for hit in hits)
    assert b"deploy" not in {hit.secret for hit in hits}


def test_a_secret_manifest_with_words_for_values_is_no_finding() -> None:
    text = MANIFEST.format(user=base64_of("admin"), password=base64_of("changeme"), file=base64_of("A=1\nB=two words"))
    assert engine().scan(text.encode(), "secret.yaml") == []


def test_an_image_in_base64_is_not_decoded() -> None:
    image = base64.b64encode(random.Random(3).randbytes(300_000))
    windows = engine().prefilter.windows(image)
    assert decode(image, windows, len(default_ruleset().rules)) is None


class Counting(bytes):
    """Content that counts how many of its bytes are copied out."""

    copied = 0

    def __getitem__(self, key: object) -> object:  # type: ignore[override]
        part = super().__getitem__(key)  # type: ignore[call-overload]
        Counting.copied += len(part) if isinstance(part, bytes) else 1
        return part


@pytest.mark.parametrize(
    "piece", [base64_of(ASSIGNED)[:20] + "\n", "%41", '\\"=', "6a6a6a6a6a6a6a6a6a6a6a6a", "QUJD8QUJDQUJD"]
)
def test_decoding_reads_a_bounded_multiple_of_what_it_is_given(piece: str) -> None:
    first = len(default_ruleset().rules)
    costs = []
    for size in (200_000, 400_000):
        content = piece.encode() * (size // len(piece))
        Counting.copied = 0
        decode(Counting(content), engine().prefilter.windows(content), first)
        costs.append(Counting.copied)
    assert costs[1] < 2.5 * max(costs[0], 1000)
    assert costs[1] < 6 * 400_000


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(1, 300))
@settings(max_examples=how_many(200))
def test_any_bytes_decode_without_error_to_a_bounded_size(content: bytes, first: int, length: int) -> None:
    windows = {
        number: [[min(first, len(content)), min(first + length, len(content))]] for number in range(len(ENCODINGS))
    }
    layer = decode(content, windows, 0)
    if layer:
        assert len(layer.content) <= 2 * len(content) + 2 * len(layer.starts)
        for at in range(len(layer.content)):
            start, end = layer.origin(at, at + 1)
            assert 0 <= start <= end <= len(content)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80), st.sampled_from([base64_of, hex_of]))
@settings(max_examples=how_many(100))
def test_a_token_is_found_whatever_stands_around_it(text: str, encode: Callable[[str], str]) -> None:
    run = encode(f"{text} {TOKEN} {chance(5)}")
    assert TOKEN in [hit.secret.decode() for hit in scan(f'"{run}"')]


def test_each_run_is_led_back_to_its_places_once_however_many_hits_it_has() -> None:
    asked: list[int] = []

    def pieces(number: int) -> list[Piece]:
        asked.append(number)
        return [Piece(0, 100 * number, 100 * number + 50, exact=True)]

    runs = tuple(Run(0, 50, b"x" * 50, lambda number=number: pieces(number)) for number in range(3))  # type: ignore[misc]
    layer = Layer(b"\n\n".join(run.content for run in runs), (0, 52, 104), ("a", "b", "c"), runs)

    for _ in range(10):
        assert [layer.origin(start, start + 5) for start in (1, 53, 105)] == [(1, 6), (101, 106), (201, 206)]
    assert asked == [0, 1, 2]


@given(
    st.lists(
        st.sampled_from(
            [
                rb"\x41",
                rb"\xe9",
                rb"\u0041",
                rb"\ud83d\ude00",
                rb"\\",
                rb"\n",
                rb"\"",
                rb"&quot;",
                rb"&#65;",
                b"x",
                b"41",
            ]
        )
    )
)
def test_runs_of_escapes_are_undone_as_each_by_itself(pieces: list[bytes]) -> None:
    text = b"".join(pieces)

    assert escapes.undone(text)[0] == escapes.ESCAPE.sub(escapes.unescaped, text)

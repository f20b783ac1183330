"""What speaks for and against a candidate."""

from __future__ import annotations

import math
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.detection.evidence import FATAL, Evidence, weigh
from picket.detection.language import reads_as_written
from picket.detection.paths import kind_of_path
from picket.detection.placeholders import placeholder
from picket.detection.randomness import entropy_floor, shannon_entropy

ALPHABETS = {
    "hex": string.hexdigits[:16],
    "base32": string.ascii_uppercase + "234567",
    "lower": string.ascii_lowercase + string.digits,
    "base62": string.ascii_letters + string.digits,
    "base64": string.ascii_letters + string.digits + "+/",
}


@given(st.floats(0.01, 0.99), st.lists(st.floats(-9, 9), max_size=6))
def test_confidence_stays_between_0_and_1_whatever_the_order(base: float, weights: list[float]) -> None:
    evidence = [Evidence("", weight) for weight in weights]
    assert 0 <= weigh(base, evidence) <= 1
    assert weigh(base, evidence) == pytest.approx(weigh(base, evidence[::-1]), abs=0.011)


def test_evidence_moves_confidence_as_log_odds() -> None:
    assert weigh(0.5, [Evidence("", math.log(9))]) == 0.9
    assert weigh(0.9, [Evidence("for", 1.0), Evidence("against", -1.0)]) == 0.9
    assert weigh(0.99, [Evidence("", FATAL)]) == 0.0


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("length", [16, 20, 32, 40, 64])
def test_random_text_passes_for_random(alphabet: str, length: int) -> None:
    rng = random.Random(f"{alphabet} {length}")
    texts = ["".join(rng.choices(ALPHABETS[alphabet], k=length)) for _ in range(500)]
    assert all(shannon_entropy(text) >= entropy_floor(text) for text in texts)
    assert sum(map(reads_as_written, texts)) <= 0.03 * len(texts)
    assert sum(bool(placeholder(text)) for text in texts) == 0


@pytest.mark.parametrize(
    "text",
    [
        "get_user_by_name_2",
        "application/x-www-form",
        "MaximumRetryCount3",
        "oauth2_provider_url",
        "utf8_general_ci_text",
    ],
)
def test_names_read_as_written(text: str) -> None:
    assert reads_as_written(text)


@pytest.mark.parametrize(
    "text",
    [
        "${SECRET}",
        "$SECRET",
        "{{ secret }}",
        "<your-token>",
        "%SECRET%",
        "@SECRET@",
        "%(secret)s",
        "%s",
        "#{secret}",
        "your-api-key",
        "EXAMPLEKEY",
        "changeme",
        "xxxxxxxxxxxx",
        "abcdefghijkl",
        "0123456789",
        "abababababababab",
        "var.db_password",
        "00000000-0000-0000-0000-000000000000",
        "***********",
        "a-dummy-value",
    ],
)
def test_placeholders_are_told(text: str) -> None:
    assert placeholder(text)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/app.py", ""),
        ("src/latest/contest.py", ""),
        ("config/settings.yaml", ""),
        ("tests/test_a.py", "test"),
        ("a/b/foo_test.go", "test"),
        ("web/app.spec.ts", "test"),
        ("docs/a.html", "test"),
        (".env.example", "test"),
        ("README", "test"),
        ("yarn.lock", "generated"),
        ("web/app.min.js", "generated"),
        ("vendor/lib/a.go", "generated"),
        ("img/Logo.PNG", "generated"),
    ],
)
def test_paths_are_told_apart(path: str, kind: str) -> None:
    assert kind_of_path(path) == kind

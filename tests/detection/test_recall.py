"""Assignments in every notation are found, and what stands for a value in the same places is not."""

from __future__ import annotations

from functools import cache

from tests.detection.corpus import Line, real, twins

from picket.detection import Engine, default_ruleset

FOUND_AT_LEAST = 0.95
MISTAKEN_AT_MOST = 0.02


@cache
def engine() -> Engine:
    return Engine(default_ruleset())


def likely(line: Line) -> list[bytes]:
    return [hit.secret for hit in engine().scan(line.text.encode(), line.path) if hit.confidence >= 0.5]


def test_real_looking_values_are_found_whole_in_nearly_all_notations() -> None:
    lines = list(real(seed=1))
    missed = [line for line in lines if likely(line) != [line.value.encode()]]
    assert len(lines) > 800
    assert len(missed) < (1 - FOUND_AT_LEAST) * len(lines), [line.text for line in missed]
    for kind in {line.kind for line in lines}:
        of_kind = [line for line in lines if line.kind == kind]
        lost = [line for line in missed if line.kind == kind]
        assert len(lost) < 2 * (1 - FOUND_AT_LEAST) * len(of_kind), f"{kind}: {[line.text for line in lost]}"


def test_placeholders_in_the_same_places_are_left_alone() -> None:
    lines = list(twins(seed=1))
    mistaken = [line for line in lines if likely(line)]
    assert len(lines) > 1500
    assert len(mistaken) < MISTAKEN_AT_MOST * len(lines), [line.text for line in mistaken]

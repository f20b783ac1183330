"""What the engine says of examples of every shipped rule, and of what only resembles them, made at run time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.detection.promises import FORMATS, IN_CONTEXT, PLACES, engine
from tests.detection.structures import STRUCTURES
from tests.detection.tokens import examples, near_misses


class Made(NamedTuple):
    """A text, and the secret that is to be found in it; empty where there is none.

    Of `only` hits of that rule count: what misses its format may be a secret all the same, by the name that it has.
    """

    text: str
    secret: str = ""
    path: str = ""
    only: str = ""


def made() -> Iterator[tuple[float, bool]]:
    """Yield the confidence of each hit, and whether it is the secret that the text was made with."""
    for each in _texts():
        for hit in engine().scan(each.text.encode(), each.path):
            if each.only in {"", hit.rule.id}:
                yield hit.confidence, hit.secret.decode("utf-8", "replace") == each.secret


def _texts() -> Iterator[Made]:
    for rule, form in FORMATS.items():
        seed = f"calibration {rule}"
        yield from (Made(text.format(token), token) for token in examples(form, seed=seed) for text in PLACES.values())
        yield from (Made(f'value = "{text}"\n', only=rule) for _, text in near_misses(form, seed=seed))
    for rule, contexts in IN_CONTEXT.items():
        seed = f"calibration {rule}"
        for each in contexts:
            yield from (Made(each.around(token), token) for token in examples(each.format, seed=seed))
            yield from (Made(each.around(text), only=rule) for _, text in near_misses(each.format, seed=seed))
    for shape in STRUCTURES.values():
        yield from (Made(text, secret, path) for path, text, secret in shape.found)
        yield from (Made(text, "", path) for path, text in shape.missed)

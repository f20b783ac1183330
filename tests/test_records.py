"""`picket.records` makes what the standard library's `dataclasses` makes, as far as it goes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from functools import cached_property
from typing import Any

import pytest

from picket.records import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Frozen:
    name: str
    secret: bytes = field(repr=False)
    note: str = field(default="", compare=False)
    numbers: tuple[int, ...] = ()

    @property
    def longest(self) -> int:
        return max(self.numbers)


@dataclass(slots=True)
class Loose:
    rows: list[int] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True)
class Keeping:
    name: str
    seen: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def upper(self) -> str:
        return self.name.upper()


ONE = Frozen("a", b"s", "n", (1, 3))


def test_values_come_by_place_name_and_default() -> None:
    assert (ONE.name, ONE.secret, ONE.note, ONE.numbers, ONE.longest) == ("a", b"s", "n", (1, 3), 3)
    assert (Frozen("a", secret=b"s").note, Frozen("a", b"s").numbers) == ("", ())
    assert Loose().rows is not Loose().rows


@pytest.mark.parametrize("arguments", [(), ("a",), ("a", b"s", "n", (), 1)])
def test_too_few_and_too_many_are_errors(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match=r"Frozen\.__init__\(\)"):
        Frozen(*arguments)


def test_equality_and_hash_are_of_class_and_compared_values() -> None:
    assert replace(ONE, note="other") == ONE
    assert hash(replace(ONE, note="other")) == hash(ONE)
    assert replace(ONE, name="b") != ONE
    alike: object = ("a", b"s", (1, 3))
    assert alike != ONE
    assert Loose() == Loose()
    with pytest.raises(TypeError):
        hash(Loose())


def test_what_is_not_to_be_shown_is_not() -> None:
    assert repr(ONE) == "Frozen(name='a', note='n', numbers=(1, 3))"
    assert repr(Keeping("a")) == "Keeping(name='a')"


def test_a_frozen_one_stays_as_it_is() -> None:
    for made in (ONE, Keeping("a")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.name = "b"  # type: ignore[misc]
        with pytest.raises(dataclasses.FrozenInstanceError):
            del made.name
    assert not hasattr(ONE, "__dict__")
    assert (Keeping("a").upper, Keeping("a").seen) == ("A", {})
    loose = Loose()
    loose.count = 3
    assert loose.count == 3


def test_other_processes_get_it_whole() -> None:
    for made in (ONE, Loose([1], 2), Keeping("a")):
        assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - made here
        assert copy.deepcopy(made) == made
    assert pickle.loads(pickle.dumps(ONE)).note == "n"  # noqa: S301 - made here


def test_the_standard_librarys_functions_take_it() -> None:
    assert dataclasses.asdict(ONE) == {"name": "a", "secret": b"s", "note": "n", "numbers": (1, 3)}
    assert [(each.name, each.repr, each.compare) for each in dataclasses.fields(Frozen)] == [
        ("name", True, True),
        ("secret", False, True),
        ("note", True, False),
        ("numbers", True, True),
    ]
    assert dataclasses.replace(ONE, name="b") == replace(ONE, name="b")
    assert dataclasses.is_dataclass(Frozen)
    assert Frozen.__match_args__ == ("name", "secret", "note", "numbers")

"""Dataclasses that cost little to define: `dataclasses` and the classes made by it took a hook a fifth of its time.

Use them as the standard library's: `@dataclass(frozen=True, slots=True)`, `field`, `replace`. A class is made with one
compiled function instead of six, and `dataclasses` itself is imported only for what is asked rarely: `fields`, `asdict`
and the error that a frozen object raises. Type checkers see the standard library's.

Not here: inheritance of fields, ordering, `ClassVar`, arguments that are keywords only.
"""

from __future__ import annotations

import sys
from operator import attrgetter

TYPE_CHECKING = False  # as in scanning/environment.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, field, replace
    from typing import Any

    __all__ = ["dataclass", "field", "replace"]

_NOTHING = object()


class _Field:
    """What `field` says about a field; `default` and `factory` are `_NOTHING` unless given."""

    __slots__ = ("compare", "default", "factory", "repr")

    def __init__(self, default: Any, factory: Any, *, repr: bool, compare: bool) -> None:  # noqa: A002, ANN401 - as there
        self.default = default
        self.factory = factory
        self.repr = repr
        self.compare = compare


class _Fields:
    """`__dataclass_fields__`, made by the standard library when it is asked for."""

    def __init__(self, fields: dict[str, _Field], annotations: dict[str, Any]) -> None:
        self._fields = fields
        self._annotations = annotations
        self._made: object = None

    def __get__(self, instance: object, owner: type | None = None) -> object:
        if self._made is None:
            import dataclasses  # noqa: PLC0415 - see above

            missing = dataclasses.MISSING
            rows = []
            for name, each in self._fields.items():
                values = {"default": each.default, "default_factory": each.factory}
                given: Any = {key: missing if value is _NOTHING else value for key, value in values.items()}
                told: Any = dataclasses.field(**given, repr=each.repr, compare=each.compare)
                rows.append((name, self._annotations[name], told))
            twin: Any = dataclasses.make_dataclass("Twin", rows)
            self._made = twin.__dataclass_fields__
        return self._made


def _field(
    *,
    default: Any = _NOTHING,  # noqa: ANN401 - any value
    default_factory: Any = _NOTHING,  # noqa: ANN401 - likewise
    repr: bool = True,  # noqa: A002 - as the standard library's
    compare: bool = True,
) -> _Field:
    return _Field(default, default_factory, repr=repr, compare=compare)


def _dataclass(*, frozen: bool = False, slots: bool = False) -> Callable[[type], type]:
    return lambda cls: _made(cls, frozen=frozen, slots=slots)


def _replace(of: Any, /, **changes: Any) -> Any:  # noqa: ANN401 - any record
    return type(of)(**{name: getattr(of, name) for name in type(of).__match_args__} | changes)


def _made(cls: Any, *, frozen: bool, slots: bool) -> type:  # noqa: ANN401 - a class that is being made
    annotations = dict(cls.__annotations__)
    fields = {name: _as_field(cls.__dict__.get(name, _NOTHING)) for name in annotations}
    if slots:
        cls = _slotted(cls, tuple(fields))
    else:
        for name in [name for name in fields if isinstance(cls.__dict__.get(name), _Field)]:
            delattr(cls, name)
    methods = {"__init__": _init(cls, fields, frozen=frozen, slots=slots), **_compared(fields, frozen=frozen)}
    methods |= {"__repr__": _shown([name for name, each in fields.items() if each.repr])}
    methods |= _guarded(tuple(fields), slots=slots) if frozen else {}
    for name, method in methods.items():
        if name == "__hash__" or name not in cls.__dict__:
            setattr(cls, name, method)
    for name, value in (("__match_args__", tuple(fields)), ("__dataclass_fields__", _Fields(fields, annotations))):
        setattr(cls, name, value)
    made: type = cls
    return made


def _as_field(given: object) -> _Field:
    return given if isinstance(given, _Field) else _Field(given, _NOTHING, repr=True, compare=True)


def _slotted(cls: Any, names: tuple[str, ...]) -> Any:  # noqa: ANN401 - as above
    left_out = {*names, "__dict__", "__weakref__"}
    namespace = {name: value for name, value in cls.__dict__.items() if name not in left_out}
    fresh = type(cls)(cls.__name__, cls.__bases__, namespace | {"__slots__": names})
    fresh.__qualname__ = cls.__qualname__
    return fresh


def _init(cls: Any, fields: dict[str, _Field], *, frozen: bool, slots: bool) -> Any:  # noqa: ANN401 - as above
    """Compile the one function that has to know the names."""
    known: dict[str, object] = {"_nothing": _NOTHING}
    heads, lines = [], []
    for name, each in fields.items():
        value = name
        if each.factory is not _NOTHING:
            known[f"_made_{name}"] = each.factory
            heads.append(f"{name}=_nothing")
            value = f"_made_{name}() if {name} is _nothing else {name}"
        elif each.default is not _NOTHING:
            known[f"_default_{name}"] = each.default
            heads.append(f"{name}=_default_{name}")
        else:
            heads.append(name)
        if slots:
            known[f"_set_{name}"] = cls.__dict__[name].__set__
        by_hand = f"_self.__dict__[{name!r}] = {value}" if frozen else f"_self.{name} = {value}"
        lines.append(f"_set_{name}(_self, {value})" if slots else by_hand)
    body = "\n  ".join(lines) or "pass"
    source = f"def _outer({', '.join(known)}):\n def __init__(_self, {', '.join(heads)}):\n  {body}\n return __init__"
    found: dict[str, Any] = {}
    exec(source, sys.modules[cls.__module__].__dict__, found)  # noqa: S102 - made of a class's own names, as `dataclasses` does
    init = found["_outer"](**known)
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {**cls.__annotations__, "return": None}
    return init


def _compared(fields: dict[str, _Field], *, frozen: bool) -> dict[str, Any]:
    names = [name for name, each in fields.items() if each.compare]
    values = attrgetter(*names) if names else type

    def __eq__(self: object, other: object) -> Any:  # noqa: ANN401, N807 - NotImplemented
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self is other or values(self) == values(other)

    def __hash__(self: object) -> int:  # noqa: N807 - a method to be
        return hash(values(self))

    return {"__eq__": __eq__, "__hash__": __hash__ if frozen else None}


def _shown(names: list[str]) -> Callable[[object], str]:
    def __repr__(self: object) -> str:  # noqa: N807 - a method to be
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _guarded(names: tuple[str, ...], *, slots: bool) -> dict[str, Any]:
    """Keep an object as it was made; other processes still get it whole."""

    def __setattr__(self: object, name: str, value: object) -> None:  # noqa: ARG001, N807 - a method to be
        _refuse(f"cannot assign to field {name!r}")

    def __delattr__(self: object, name: str) -> None:  # noqa: ARG001, N807 - likewise
        _refuse(f"cannot delete field {name!r}")

    def __getstate__(self: object) -> list[object]:  # noqa: N807 - likewise
        return [getattr(self, name) for name in names]

    def __setstate__(self: object, state: list[object]) -> None:  # noqa: N807 - likewise
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    frozen: dict[str, Any] = {"__setattr__": __setattr__, "__delattr__": __delattr__}
    return {**frozen, "__getstate__": __getstate__, "__setstate__": __setstate__} if slots else frozen


def _refuse(why: str) -> None:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - see above

    raise FrozenInstanceError(why)


if not TYPE_CHECKING:
    dataclass, field, replace = _dataclass, _field, _replace

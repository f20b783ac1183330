"""Which events a Trigger lets through: `filter.attributes` and the dialects of `filters`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Exact:
    """The attribute has exactly this value, case and all."""

    attribute: str
    value: str

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Return whether an event with these context *attributes* passes."""
        return attributes.get(self.attribute) == self.value


@dataclass(frozen=True, slots=True)
class Present:
    """The attribute is there, whatever its value."""

    attribute: str

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Return whether an event with these context *attributes* passes."""
        return self.attribute in attributes


@dataclass(frozen=True, slots=True)
class Prefix:
    """The attribute is there and starts so."""

    attribute: str
    value: str

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Return whether an event with these context *attributes* passes."""
        return attributes.get(self.attribute, "").startswith(self.value)


@dataclass(frozen=True, slots=True)
class Suffix:
    """The attribute is there and ends so."""

    attribute: str
    value: str

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Return whether an event with these context *attributes* passes."""
        return attributes.get(self.attribute, "").endswith(self.value)


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these passes; with none, everything does."""

    filters: tuple[Filter, ...] = ()

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Return whether an event with these context *attributes* passes."""
        return all(each.matches(attributes) for each in self.filters)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these passes."""

    filters: tuple[Filter, ...]

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Return whether an event with these context *attributes* passes."""
        return any(each.matches(attributes) for each in self.filters)


@dataclass(frozen=True, slots=True)
class Not:
    """This one does not pass."""

    filter: Filter

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Return whether an event with these context *attributes* passes."""
        return not self.filter.matches(attributes)


Filter = Exact | Present | Prefix | Suffix | All | AnyOf | Not


class TypePattern(NamedTuple):
    """Event types a filter admits: this one, or with `prefix` all that start so."""

    value: str
    prefix: bool


def admitted_types(chosen: Filter) -> frozenset[TypePattern] | None:
    """Return patterns that cover every type *chosen* can admit, or None when it does not narrow them down.

    The stream uses it to hand a Trigger few events it would discard; the filter itself still decides.
    """
    match chosen:
        case Exact("type", value):
            return frozenset({TypePattern(value, prefix=False)})
        case Prefix("type", value):
            return frozenset({TypePattern(value, prefix=True)})
        case All(filters):
            return next((types for types in map(admitted_types, filters) if types is not None), None)
        case AnyOf(filters):
            alternatives = [admitted_types(each) for each in filters]
            known = [types for types in alternatives if types is not None]
            return frozenset().union(*known) if len(known) == len(alternatives) else None
        case _:
            return None

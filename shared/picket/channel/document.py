"""YAML documents read strictly: every complaint names the file and the key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml

from picket.errors import Malformed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Node:
    """A value somewhere in a document, and where that is. `value` is None where nothing is written."""

    file: str
    path: str
    value: Any

    def error(self, problem: str) -> Malformed:
        """Return the error that this node has *problem*."""
        return Malformed(f"{self.file}: {self.path or 'document'}: {problem}")

    def __bool__(self) -> bool:
        return self.value is not None

    def get(self, *keys: str) -> Node:
        """Return the node at *keys* below this one; an absent one has the value None."""
        node = self
        for key in keys:
            node = Node(node.file, f"{node.path}.{key}".lstrip("."), node.mapping().get(key))
        return node

    def mapping(self) -> dict[str, Any]:
        """Return the value as a mapping, an absent one as an empty mapping."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict) or not all(isinstance(key, str) for key in self.value):
            raise self.error("must be a mapping")
        return self.value

    def only(self, *known: str) -> Node:
        """Return the node itself, provided that it has no other keys than *known*."""
        for key in self.mapping():
            if key not in known:
                raise self.get(key).error(f"unknown key; known here: {', '.join(known)}")
        return self

    def fields(self) -> Iterator[tuple[str, Node]]:
        """Yield every key of the mapping with its node."""
        for key in self.mapping():
            yield key, self.get(key)

    def items(self) -> list[Node]:
        """Return the nodes of a list, an absent one as an empty list."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.error("must be a list")
        return [Node(self.file, f"{self.path}[{index}]", item) for index, item in enumerate(self.value)]

    def text(self, default: str | None = None) -> str:
        """Return the value as a string; without *default* it must be there and not be empty."""
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str) or (not self.value and default is None):
            raise self.error("must be a string" if self else "is missing")
        return self.value

    def integer(self, default: int, least: int = 0) -> int:
        """Return the value as an integer of at least *least*; a string of digits will do, as in an annotation."""
        value = self.value if self else default
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.error(f"must be an integer of at least {least}")
        return value

    def parsed(self, parse: Callable[[str], T]) -> T:
        """Return what *parse* makes of the string, its complaint as this node's."""
        try:
            return parse(self.text())
        except Malformed as error:
            raise self.error(str(error)) from error


def parse(text: str, file: str, path: str = "") -> Iterator[Node]:
    """Yield the documents of YAML *text*, which stands in *file* at *path*."""
    try:
        for document in yaml.load_all(text, Loader=_Loader):
            if document is not None:
                yield Node(file, path, document)
    except yaml.YAMLError as error:
        raise Malformed(f"{file}: {path or 'document'}: {error}") from error


# libyaml's where PyYAML was built with it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

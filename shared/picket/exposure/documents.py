"""The YAML documents of a manifest, read without trust and as Kubernetes itself reads them.

Nothing is constructed that YAML may ask for: from the parser's events come mappings, lists, texts, integers, truth
values and nothing else, in bounded number and depth. An alias counts as much as what it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from picket.findings.addresses import kubernetes_objects

MAX_NODES = 500_000
"""Nodes of a document, aliases expanded: enough for the dump of a namespace with a thousand pods."""
MAX_ALIASED = 20_000
"""Those of them that stand in the document once more by an alias."""
MAX_DEPTH = 100
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SEPARATOR = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
_KIND = re.compile(r"^[\"']?kind[\"']?\s*:", re.MULTILINE)
_OBJECT = re.compile(r"^[ \t\-{\[]*[\"']?apiVersion[\"']?\s*:", re.MULTILINE)
_TEXT_TAG = "tag:yaml.org,2002:str"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"})
"""YAML 1.1, which Kubernetes reads: PyYAML takes `y` and `n` for texts."""
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_OTHER_NUMBER = re.compile(
    r"[-+]?(?:0[xob][0-9a-fA-F_]+|\.?[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.(?:inf|nan))", re.IGNORECASE
)


class Unreadable(Exception):
    """A document cannot be read; says why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Document:
    """An object of Kubernetes as it is written: its file, the line of its `kind`, and what it says."""

    path: str
    line: int
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, and why.

    `kind` and `namespace` are what it seems to be: an empty kind may be any, an empty namespace all of them.
    """

    path: str
    line: int
    reason: str
    kind: str = ""
    namespace: str = ""


def documents(path: str, text: str) -> Iterator[Document | Unread]:
    """Yield the objects of Kubernetes in a file; other documents are passed over.

    Args:
        path: Path of the file.
        text: What stands in it.
    """
    starts = sorted({0, *(match.start() for match in _SEPARATOR.finditer(text))})
    line = 1
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = text[start:end]
        if "apiVersion" in piece and "kind" in piece:
            yield from _objects(path, piece, line)
        line += piece.count("\n")


def _objects(path: str, text: str, first: int) -> Iterator[Document | Unread]:
    try:
        content, lines = load(text)
    except Unreadable as error:
        if _OBJECT.search(text):
            kind, namespace, _ = (kubernetes_objects(text.split("\n"))(0) or "//").split("/", 2)
            is_clear = len(_KIND.findall(text)) == 1 and not kind.endswith("list")
            yield Unread(path, first, str(error), kind if is_clear else "", namespace)
        return
    if not isinstance(content, dict) or not {"apiVersion", "kind"} <= content.keys():
        return
    yield from _flat(path, content, lines, first)


def _flat(path: str, content: dict[str, Any], lines: dict[int, int], first: int) -> Iterator[Document | Unread]:
    """Yield an object, or those of a list."""
    line = first + lines.get(id(content), 0)
    kind, items = content["kind"], content.get("items")
    if not isinstance(kind, str) or not isinstance(content["apiVersion"], str):
        yield Unread(path, line, "its kind or apiVersion is no text")
    elif not kind.endswith("List"):
        yield Document(path, line, content)
    elif isinstance(items, list):
        told = {"apiVersion": content["apiVersion"], "kind": kind.removesuffix("List")} if kind != "List" else {}
        for item in items:
            if isinstance(item, dict) and {"apiVersion", "kind"} <= {*item, *told}:
                yield from _item(path, {**told, **item}, first + lines.get(id(item), line - first))
            else:
                yield Unread(path, line, "an item of its list is no object")
    elif items is not None:
        yield Unread(path, line, "its items are no list")


def _item(path: str, content: dict[str, Any], line: int) -> Iterator[Document | Unread]:
    if not isinstance(content["kind"], str) or not isinstance(content["apiVersion"], str):
        yield Unread(path, line, "its kind or apiVersion is no text")
    elif content["kind"].endswith("List"):
        yield Unread(path, line, "a list stands in a list")
    else:
        yield Document(path, line, content)


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come."""

    is_mapping: bool
    anchor: str | None
    begun: int
    line: int
    values: list[Any] = field(default_factory=list)


def load(text: str) -> tuple[Any, dict[int, int]]:
    """Read one document.

    Returns:
        What it says, and for each mapping, by its `id`, the line of its `kind`, or of its beginning, from 0.

    Raises:
        Unreadable: It is not YAML, has too much in it, or means something else to Kubernetes than what it looks like.
    """
    reader = _Reader()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Unreadable(f"not YAML{f' at line {mark.line + 1} of the document' if mark else ''}") from None
    return reader.root, reader.lines


class _Reader:
    """Puts events together."""

    def __init__(self) -> None:
        self.root: Any = None
        self.lines: dict[int, int] = {}
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._aliased = 0
        self._documents = 0

    def take(self, event: Any) -> None:  # noqa: ANN401 - PyYAML's events have no common type
        """Take the next event."""
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise Unreadable("a second document begins without a line of ---")
            case yaml.AliasEvent():
                self._alias(event.anchor)
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.CollectionStartEvent():
                self._begin(event)
            case yaml.CollectionEndEvent():
                done = self._open.pop()
                value = _mapping(done.values) if done.is_mapping else done.values
                self.lines[id(value)] = done.line
                self._finish(done.anchor, value, done.begun)

    def _begin(self, event: Any) -> None:  # noqa: ANN401 - likewise
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(_Open(is_mapping, event.anchor, self._nodes, event.start_mark.line))
        self._count(1)
        if len(self._open) > MAX_DEPTH:
            raise Unreadable(f"it is nested more than {MAX_DEPTH} deep")

    def _scalar(self, event: Any) -> None:  # noqa: ANN401 - likewise
        self._count(1)
        self._finish(event.anchor, scalar(event), self._nodes - 1)
        is_key = bool(self._open) and self._open[-1].is_mapping and len(self._open[-1].values) % 2
        if is_key and event.value == "kind":
            self._open[-1].line = event.start_mark.line

    def _alias(self, name: str | None) -> None:
        if name is None or name not in self._anchors:
            raise Unreadable("an alias stands in what it stands for, or for nothing")
        value, size = self._anchors[name]
        self._count(size)
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise Unreadable(f"its aliases stand for more than {MAX_ALIASED} nodes")
        self._put(value)

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise Unreadable(f"it has more than {MAX_NODES} nodes")

    def _finish(self, anchor: str | None, value: Any, begun: int) -> None:  # noqa: ANN401 - YAML
        if anchor:
            self._anchors[anchor] = (value, self._nodes - begun)
        self._put(value)

    def _put(self, value: Any) -> None:  # noqa: ANN401 - YAML
        if self._open:
            self._open[-1].values.append(value)
        else:
            self.root = value


def _mapping(values: list[Any]) -> dict[str, Any]:
    """Return a mapping, of keys and values in turn."""
    found: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for key, value in zip(values[::2], values[1::2], strict=True):
        if not isinstance(key, str):
            raise Unreadable("a key is no text")
        if key in found:
            raise Unreadable("a key is there twice")
        if key == "<<":
            for one in value if isinstance(value, list) else [value]:
                if not isinstance(one, dict):
                    raise Unreadable("what is merged is no mapping")
                merged = one | merged
        else:
            found[key] = value
    return merged | found


def scalar(event: yaml.ScalarEvent) -> str | int | bool | bytes | None:
    """Return what a scalar means in YAML 1.1; what is of no type that is used here is bytes, which fit nowhere."""
    text: str = event.value
    if event.tag not in {None, _TEXT_TAG, "!"}:
        return text.encode()
    if event.tag or not event.implicit[0]:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text)
    return text.encode() if _OTHER_NUMBER.fullmatch(text) else text

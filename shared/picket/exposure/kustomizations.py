"""Kustomizations, as far as they only list files and set a namespace: everything else needs a build."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from picket.exposure.documents import Document, Unread, Unreadable, documents, load
from picket.exposure.files import Files
from picket.exposure.objects import matters

NAMES = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
MAX_FILES = 5_000
"""Files of one kustomization, those of its bases included, each as often as it is named."""
MAX_OBJECTS = 20_000
POLICIES = ("NetworkPolicy", "EgressFirewall")
"""Words that a text has which makes or changes policies."""
_PLAIN = frozenset(
    {
        *("apiVersion", "kind", "metadata", "resources", "bases", "namespace", "images", "replicas"),
        *("configMapGenerator", "secretGenerator", "generatorOptions", "commonAnnotations"),
    }
)
"""Fields that change neither labels, selectors, ports nor policies, or that are applied here."""
_CLUSTER_WIDE = frozenset(
    {
        *("Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "PersistentVolume"),
        *("StorageClass", "IngressClass", "PriorityClass", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"),
    }
)


class Kustomizations:
    """The kustomizations of a folder."""

    def __init__(self, files: Files) -> None:
        """Read those of *files*."""
        self._files = files
        self._read: dict[str, list[Document | Unread]] = {}
        self._known: dict[str, tuple[str, Mapping[str, Any] | None]] = {}
        for path in files.paths:
            if posixpath.basename(path) in NAMES:
                self._known[posixpath.dirname(path)] = (path, _read(files.text(path)))

    def roots(self) -> list[tuple[str, str]]:
        """Return folder and file of those that no other one names, sorted, components left out."""
        named = {
            inner for folder in self._known for each in self._named(folder) if (inner := _below(folder, each)) != folder
        }
        return [
            (folder, path)
            for folder, (path, content) in sorted(self._known.items())
            if folder not in named and (content is None or content.get("kind") != "Component")
        ]

    def taken(self) -> set[str]:
        """Return the files that are a kustomization's: those beside it, and those that it names anywhere."""
        beside = {path for path in self._files.paths if posixpath.dirname(path) in self._known}
        return beside | {_below(folder, each) for folder in self._known for each in self._named(folder)}

    def missing(self, folder: str) -> str:
        """Return why a kustomization needs a build; empty if its files say all that it makes."""
        waiting, seen = [folder], {folder}
        while waiting:
            one = waiting.pop()
            content = self._known[one][1]
            if content is None:
                return "it cannot be read"
            if others := sorted(set(content) - _PLAIN):
                return f"it has {', '.join(others)[:200]}"
            for each in _resources(content):
                inner = _below(one, each)
                if inner in self._known and inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)
                elif not self._is_here(inner):
                    return "it has resources that are elsewhere"
        return ""

    def may_change_policies(self, folder: str) -> bool:
        """Return whether what a kustomization does besides listing files may add or change a policy."""
        waiting, seen = [folder], {folder}
        while waiting:
            one = waiting.pop()
            path, content = self._known[one]
            named = {_below(one, each) for each in self._named(one)}
            texts = (self._files.text(each) or "" for each in {path, *(named & self._files.paths)} - self._listed(one))
            components = (content or {}).get("components") or []
            elsewhere = [each for each in _resources(content or {}) if not self._is_here(_below(one, each))]
            if content is None or elsewhere or not isinstance(components, list):
                return True
            if not all(_below(one, str(each)) in self._known for each in components):
                return True
            if any(word in text for text in texts for word in POLICIES):
                return True
            waiting += named & self._known.keys() - seen
            seen |= named
        return False

    def _listed(self, folder: str) -> set[str]:
        """Return the files that are read as they are, unless the kustomization is a component, which is not read."""
        content = self._known[folder][1] or {}
        return set() if content.get("kind") == "Component" else {_below(folder, each) for each in _resources(content)}

    def _is_here(self, path: str) -> bool:
        return path in self._known or path in self._files.paths

    def objects(self, folder: str) -> Iterator[Document | Unread]:
        """Yield the objects of the files that a kustomization lists, in its namespace; nothing is patched."""
        waiting: list[tuple[str, str, frozenset[str]]] = [(folder, "", frozenset())]
        left = MAX_OBJECTS
        for _ in range(MAX_FILES):
            if not waiting:
                return
            if not left:
                break
            one, namespace, above = waiting.pop()
            if one not in self._known:
                found = self._documents(one)
                yield from (_in_namespace(each, namespace) for each in found[:left])
                left = max(0, left - len(found))
            elif one not in above:
                content = self._known[one][1] or {}
                told = content.get("namespace")
                inner = namespace or (told if isinstance(told, str) else "")
                names = [_below(one, each) for each in _resources(content)]
                waiting += [(each, inner, above | {one}) for each in reversed(names)]
        yield Unread(self._known[folder][0], 0, f"it has more than {MAX_FILES} files or {MAX_OBJECTS} objects")

    def _documents(self, path: str) -> list[Document | Unread]:
        if path not in self._read:
            text = self._files.text(path)
            found = documents(path, text) if text is not None else ()
            self._read[path] = [one for one in found if isinstance(one, Unread) or matters(one.content["kind"].lower())]
        return self._read[path]

    def _named(self, folder: str) -> set[str]:
        """Return all texts of a kustomization that may be paths."""
        found: set[str] = set()
        waiting: list[Any] = [self._known[folder][1]]
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                waiting.extend(one.values())
            elif isinstance(one, list):
                waiting.extend(one)
            elif isinstance(one, str) and len(one) < 1_000 and "\n" not in one:  # noqa: PLR2004 - longer is no path
                found.add(one)
        return found


def _read(text: str | None) -> Mapping[str, Any] | None:
    try:
        content = load(text)[0] if text is not None else None
    except Unreadable:
        return None
    return content if isinstance(content, dict) else None


def _resources(content: Mapping[str, Any]) -> list[str]:
    """Return what a kustomization lists; what is no path is something that is not here."""
    found: list[str] = []
    for field in ("resources", "bases"):
        listed = content.get(field) or []
        found += [str(each) for each in listed] if isinstance(listed, list) else ["\x00"]
    return found


def _below(folder: str, path: str) -> str:
    """Return the path from the top of what a kustomization in a folder names."""
    found = posixpath.normpath(posixpath.join(folder, path))
    return "" if found == "." else found


def _in_namespace(one: Document | Unread, namespace: str) -> Document | Unread:
    if not namespace:
        return one
    if isinstance(one, Unread):
        return replace(one, namespace=namespace)
    metadata = one.content.get("metadata")
    if one.content["kind"] in _CLUSTER_WIDE or not isinstance(metadata, dict):
        return one
    return replace(one, content={**one.content, "metadata": {**metadata, "namespace": namespace}})

"""Builds a kustomization: as much of kustomize as the project's own use, and an error for everything beyond.

`kustomize` is a Go program that no Python index has. What is here was compared with it where Go is at hand: see
`tests/manifests/test_kustomize.py`. Source: https://kubectl.docs.kubernetes.io/references/kustomize/
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]
_FIELDS = {"apiVersion", "kind", "resources", "components", "patches", "images", "configMapGenerator"}


class Unbuildable(ValueError):
    """A kustomization is wrong, or uses what is not known here."""


def build(folder: Path) -> list[Document]:
    """Return the objects of a kustomization, in the order of its resources.

    Raises:
        Unbuildable: It is wrong; names the folder and says why.
    """
    return _layer(folder, [])


def _layer(folder: Path, below: list[Document]) -> list[Document]:
    """Put the kustomization of *folder* on top of the objects *below*: none for an overlay, some for a component."""
    given = _kustomization(folder)
    found = list(below)
    for name in given.get("resources", ()):
        found += _resource(folder, name)
    for component in given.get("components", ()):
        found = _layer(folder / component, found)
    found += [_config_map(folder, order) for order in given.get("configMapGenerator", ())]
    _no_twins(folder, found)
    for patch in given.get("patches", ()):
        _patch(folder, patch, found)
    for image in given.get("images", ()):
        _rename(folder, image, found)
    return found


def _kustomization(folder: Path) -> Document:
    file = folder / "kustomization.yaml"
    if not file.is_file():
        raise Unbuildable(f"{folder}: there is no kustomization.yaml")
    given: Document = yaml.safe_load(file.read_text(encoding="utf-8"))
    if unknown := set(given) - _FIELDS:
        raise Unbuildable(f"{folder}: {', '.join(sorted(unknown))} is not known here")
    return given


def _resource(folder: Path, name: str) -> list[Document]:
    path = folder / name
    if path.is_dir():
        return build(path)
    if not path.is_file():
        raise Unbuildable(f"{folder}: there is no {name}")
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


def _config_map(folder: Path, order: Document) -> Document:
    options = order.get("options", {})
    if not options.get("disableNameSuffixHash"):
        raise Unbuildable(f"{folder}: names with a hash are not known here")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": order["name"],
            "namespace": order["namespace"],
            **({"labels": options["labels"]} if "labels" in options else {}),
        },
        "data": {Path(name).name: (folder / name).read_text(encoding="utf-8") for name in order["files"]},
    }


def _no_twins(folder: Path, found: list[Document]) -> None:
    seen: set[tuple[str, ...]] = set()
    for document in found:
        meta = document["metadata"]
        name = (_group(document), document["kind"], meta.get("namespace", ""), meta["name"])
        if name in seen:
            raise Unbuildable(f"{folder}: {'/'.join(name)} is there twice")
        seen.add(name)


def _group(document: Document) -> str:
    group, slash, _ = document["apiVersion"].partition("/")
    return group if slash else ""


def _patch(folder: Path, patch: Document, found: list[Document]) -> None:
    """Apply one patch: a list of JSON patches to its target, or a document to merge into the one that it names."""
    text = patch.get("patch") or (folder / patch["path"]).read_text(encoding="utf-8")
    change = yaml.safe_load(text)
    if isinstance(change, list):
        chosen = [document for document in found if _is_target(patch["target"], document)]
    else:
        chosen = [document for document in found if _same(document, change)]
    if not chosen:
        raise Unbuildable(f"{folder}: a patch has no target: {patch.get('target') or patch.get('path')}")
    for document in chosen:
        if isinstance(change, list):
            for operation in change:
                _operate(folder, document, operation)
        else:
            _merge(document, change)


def _is_target(target: Document, document: Document) -> bool:
    """Tell whether a target chooses an object; names are anchored patterns, as kustomize has them."""
    if unknown := set(target) - {"group", "kind", "name"}:
        raise Unbuildable(f"targets by {', '.join(sorted(unknown))} are not known here")
    return (
        target.get("group", _group(document)) == _group(document)
        and target.get("kind", document["kind"]) == document["kind"]
        and re.fullmatch(target.get("name", ".*"), document["metadata"]["name"]) is not None
    )


def _same(document: Document, other: Document) -> bool:
    mine, theirs = document["metadata"], other["metadata"]
    return (document["apiVersion"], document["kind"], mine["name"], mine.get("namespace")) == (
        other["apiVersion"],
        other["kind"],
        theirs["name"],
        theirs.get("namespace"),
    )


def _operate(folder: Path, document: Document, operation: Document) -> None:
    """Apply an operation of RFC 6902: add or replace."""
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place: Any = document
    try:
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place[part]
        value = copy.deepcopy(operation["value"])
        if operation["op"] == "add" and isinstance(place, list):
            place.insert(len(place) if last == "-" else int(last), value)
        elif operation["op"] == "add" or (operation["op"] == "replace" and place[last] is not None):
            place[last] = value
        else:
            raise Unbuildable(f"{folder}: {operation['op']} is not known here")
    except (KeyError, IndexError, TypeError) as error:
        raise Unbuildable(f"{folder}: {operation['op']} {operation['path']}: there is no such place") from error


def _merge(document: Document, change: Document) -> None:
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(document.get(key), dict):
            _merge(document[key], value)
        elif isinstance(value, list):
            raise Unbuildable("lists are not merged here: patch their elements")
        else:
            document[key] = value


def pod(document: Document) -> Document:
    """Return the description of the pods that an object makes, {} if it makes none."""
    spec = document.get("spec", {})
    template: Document = spec.get("jobTemplate", {}).get("spec", spec).get("template", {})
    found: Document = template.get("spec", {}) if isinstance(template, dict) else {}
    return found


def _rename(folder: Path, image: Document, found: list[Document]) -> None:
    if unknown := set(image) - {"name", "newName", "newTag"}:
        raise Unbuildable(f"{folder}: images by {', '.join(sorted(unknown))} are not known here")
    used = False
    for document in found:
        for container in pod(document).get("containers", ()):
            name, _, tag = container["image"].partition(":")
            if name == image["name"]:
                tag = image.get("newTag", tag)
                container["image"] = image.get("newName", name) + (f":{tag}" if tag else "")
                used = True
    if not used:
        raise Unbuildable(f"{folder}: no container has the image {image['name']}")

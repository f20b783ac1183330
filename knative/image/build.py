"""Build the images of the functions: `python -m knative.image.build [FUNCTION…]`, as `make images` does.

Needs podman (or another engine of that command line, `ENGINE=docker`). An image is built again only when something that
goes into it has changed; what is in it is written to `build/sbom`, how large it is to `build/images.json`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from knative.image import engine
from knative.image.engine import ROOT, EngineFailed, Unusable

HERE = Path(__file__).parent
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/main.py"))
BASE = "docker.io/library/python:3.11-slim-bookworm"
MADE_BASE = "localhost/picket/base:latest"
INPUTS = "dev.picket.inputs"
UNUSABLE = 3
"""Exit status where nothing can be built here: no registry, and neither root nor debootstrap to do without."""
SIZES = ROOT / "build" / "images.json"

_AT_ONCE = 2
_FILES = ("Dockerfile", "prebuild.py", "requirements.py", "root.py", "sbom.py", "tools.txt")
_PASSED_ON = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries")


def main() -> None:
    """Build what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base", default="", help=f"base image; none: {BASE}, or one made of Debian's packages")
    parser.add_argument("--registry", default="localhost/picket", help="what the images' names start with")
    parser.add_argument("--tag", default="latest")
    parser.add_argument("function", nargs="*", choices=[*FUNCTIONS, []], help="none: all of them")
    given = parser.parse_args()
    if not engine.is_there():
        raise Unusable(f"{engine.NAME} is not installed")
    names = {function: f"{given.registry}/{function}:{given.tag}" for function in given.function or FUNCTIONS}
    old = {function: name for function, name in names.items() if not _is_current(function, name, given.base)}
    if old:
        _renew(old, given.registry, given.tag, given.base)
    for function, name in names.items():
        size = json.loads(SIZES.read_text("utf-8"))[function]
        _say(f"{name}: {size['bytes'] / 1e6:.1f} MB, {size['over_bare'] / 1e6:.1f} MB of that beside Python")


def _renew(old: dict[str, str], registry: str, tag: str, wanted_base: str) -> None:
    base = wanted_base or _base()
    env = engine.environment(base)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        secrets = _secrets(Path(folder))
        bare = _build("bare", f"{registry}/bare:{tag}", base, secrets, env)

        def renew(function: str) -> None:
            _say(f"building {old[function]}")
            label = f"--label={INPUTS}={_inputs(function, wanted_base)}"
            _build(function, old[function], base, [*secrets, label], env)
            _write_sbom(function, old[function])

        first, *others = sorted(old, key=lambda function: function != "scan")  # it leads through every stage
        renew(first)
        list(pool.map(renew, others))
    for function, name in old.items():
        _write_size(function, name, base, bare)


def _base() -> str:
    """Return the base image: the usual one, or where no registry can be reached one that is made here.

    Raises:
        Unusable: Neither can be had.
    """
    if engine.inspect(BASE):
        return BASE
    try:
        engine.ask("pull", "--quiet", BASE)
    except EngineFailed as error:
        if not engine.inspect(MADE_BASE):
            _say(f"{error}\nmaking a base of Debian's packages instead")
            made = subprocess.run([HERE / "base.sh", MADE_BASE, engine.NAME], check=False, stdout=sys.stderr)
            if made.returncode != 0:
                raise Unusable(f"no base image can be had: {error}") from None
        return MADE_BASE
    return BASE


def _build(target: str, name: str, base: str, options: list[str], env: dict[str, str]) -> str:
    """Build an image, or the part that all of them share, and return its name."""
    arguments = {
        "BASE": base,
        "FUNCTION": target if target in FUNCTIONS else FUNCTIONS[0],
        "VERSION": tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"],
        "REVISION": _git("rev-parse", "HEAD") + ("-dirty" if _git("status", "--porcelain") else ""),
        "CREATED": _git("show", "--no-patch", "--format=%cI"),
        "BASE_NAME": base,
        "BASE_DIGEST": engine.inspect(base).get("Digest", ""),
    }
    command = [engine.NAME, "build", "--quiet", f"--file={HERE / 'Dockerfile'}", f"--tag={name}", "--network=host"]
    command += [f"--build-arg={key}={value}" for key, value in arguments.items()]
    if engine.NAME == "podman":  # docker finds it by its name
        command += [f"--ignorefile={HERE / 'Dockerfile.dockerignore'}", "--layers"]
    if target not in FUNCTIONS:
        command.append(f"--target={target}")
    done = subprocess.run([*command, *options, str(ROOT)], check=False, stdout=sys.stderr, env=env)
    if done.returncode != 0:
        raise EngineFailed(f"{name} cannot be built, see above")
    return name


def _secrets(folder: Path) -> list[str]:
    """Hand this machine's way to its package index over to the build; nothing of it stays in an image."""
    lines = ["[global]"]
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    for line in said.stdout.splitlines():
        key, _, value = line.partition("=")
        if key.rpartition(".")[2] in _PASSED_ON:
            lines.append(f"{key.rpartition('.')[2]} = {value.strip(chr(39))}")
    options = []
    bundle = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    if bundle:
        lines.append("cert = /run/ca.pem")
        options.append(f"--secret=id=ca,src={bundle}")
    (folder / "pip.conf").write_text("\n".join(lines) + "\n", "utf-8")
    return [*options, f"--secret=id=pip,src={folder / 'pip.conf'}"]


def _is_current(function: str, name: str, base: str) -> bool:
    labels = engine.inspect(name).get("Labels") or {}
    sbom = ROOT / "build" / "sbom" / f"{function}.cdx.json"
    return labels.get(INPUTS) == _inputs(function, base) and sbom.exists() and function in _sizes()


def _inputs(function: str, base: str) -> str:
    """Return a digest of everything that goes into an image."""
    digest = hashlib.sha256(base.encode())
    wanted = [ROOT / "pyproject.toml", ROOT / "requirements.lock", ROOT / "LICENSE"]
    wanted += [HERE / name for name in _FILES]
    wanted += [ROOT / "functions" / function / "main.py", *(ROOT / "shared" / "picket").rglob("*")]
    for path in sorted(wanted):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _write_sbom(function: str, name: str) -> None:
    folder = ROOT / "build" / "sbom"
    folder.mkdir(parents=True, exist_ok=True)
    container = engine.ask("create", name)
    try:
        engine.ask("cp", f"{container}:/usr/share/sbom/{function}.cdx.json", str(folder))
    finally:
        engine.ask("rm", container)


def _write_size(function: str, name: str, base: str, bare: str) -> None:
    whole, shared, below = (int(engine.inspect(image)["Size"]) for image in (name, bare, base))
    found = {"bytes": whole, "over_bare": whole - shared, "over_base": whole - below}
    SIZES.parent.mkdir(exist_ok=True)
    SIZES.write_text(json.dumps(_sizes() | {function: found}, indent=1), "utf-8")


def _sizes() -> dict[str, dict[str, int]]:
    return dict(json.loads(SIZES.read_text("utf-8"))) if SIZES.exists() else {}


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    try:
        main()
    except EngineFailed as failure:
        _say(str(failure))
        sys.exit(UNUSABLE if isinstance(failure, Unusable) else 1)

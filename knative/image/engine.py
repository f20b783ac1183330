"""The container engine of this machine: finding it, and asking it something."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NAME = os.environ.get("ENGINE", "podman")

_BUILD = ROOT / "build"
# What podman needs in a virtual machine or container that keeps new networks and higher limits to itself.
_CONFINED = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "host"

[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
"""


class EngineFailed(Exception):
    """The engine did not do what it was asked for; the message is what it said."""


class Unusable(EngineFailed):
    """Nothing can be built or run on this machine as it is."""


def is_there() -> bool:
    """Return whether there is an engine."""
    return shutil.which(NAME) is not None


def ask(*arguments: str, env: Mapping[str, str] | None = None) -> str:
    """Run the engine and return what it says.

    Raises:
        EngineFailed: It ended with an error.
    """
    done = subprocess.run([NAME, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EngineFailed(f"{NAME} {arguments[0]} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


def inspect(image: str) -> dict[str, Any]:
    """Return what the engine knows of an image; empty when it is not there."""
    try:
        found = json.loads(ask("image", "inspect", image))
    except EngineFailed:
        return {}
    return dict(found[0])


@cache
def environment(image: str) -> dict[str, str]:
    """Return an environment in which the engine can run *image*, which has Python: this one, or one for confinement.

    Raises:
        Unusable: It can run it in neither.
    """
    confined = {
        **os.environ,
        "CONTAINERS_CONF": str(_BUILD / "containers.conf"),
        "BUILDAH_ISOLATION": "chroot",
    }
    _BUILD.mkdir(exist_ok=True)
    (_BUILD / "containers.conf").write_text(_CONFINED, "utf-8")
    said = ""
    for env in (dict(os.environ), confined):
        try:
            ask("run", "--rm", "--entrypoint=python3", image, "--version", env=env)
        except EngineFailed as error:
            said += f"\n{error}"
        else:
            return env
    raise Unusable(f"{NAME} can run nothing here:{said}")

"""Mirrors are repacked where they need it, go when idle or when room is short, and are fetched again when wanted."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from tests.orchestration.asking import tick
from tests.support import secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects.git import mirror, upkeep

DAY = 86_400.0


def scanned(deployed: Deployment, forge: GitHttpServer, name: str, size: int = 1) -> Path:
    """Scan a repository of about *size* bytes; return its mirror."""
    work = Work(forge.root / "o" / name)
    work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n", "noise.bin": os.urandom(size)})
    asked = deployed.api.post("/scans", json={"repository": f"{forge.url}/o/{name}/.git"}).json
    deployed.drain()
    return mirror.path_of(asked["repository"])


def age(git_dir: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(git_dir / upkeep.USED, (then, then))


def look_after(deployed: Deployment) -> None:
    upkeep.ask_soon()
    assert tick(deployed, f"t{time.monotonic_ns()}") == 204


def test_an_idle_mirror_goes_and_is_fetched_again(deployed: Deployment, forge: GitHttpServer) -> None:
    idle, used = scanned(deployed, forge, "idle"), scanned(deployed, forge, "used")
    age(idle, 31)
    age(used, 29)

    look_after(deployed)

    assert (idle.exists(), used.exists()) == (False, True)
    Work.at(forge.root / "o" / "idle").commit({"b.py": f"t = '{secrets.slack_token(2)}'\n"})
    deployed.api.post("/scans", json={"repository": f"{forge.url}/o/idle/.git"})
    deployed.drain()
    assert idle.exists()
    assert len(deployed.api.get("/findings").json["findings"]) == 3


def test_when_room_is_short_the_largest_unused_ones_go(
    deployed: Deployment, forge: GitHttpServer, environment: pytest.MonkeyPatch
) -> None:
    large, larger, small = (
        scanned(deployed, forge, name, size)
        for name, size in (("large", 400_000), ("larger", 900_000), ("small", 1_000))
    )
    for one in (large, small):
        age(one, 1)
    environment.setenv("PICKET_MIRRORS_MAX_BYTES", "1400000")
    forget()

    look_after(deployed)

    assert larger.exists(), "it has just been used"
    assert (large.exists(), small.exists()) == (False, True)


def test_a_mirror_that_is_being_fetched_stays(deployed: Deployment, forge: GitHttpServer) -> None:
    idle = scanned(deployed, forge, "r")
    age(idle, 31)
    with idle.with_suffix(".lock").open("w") as lock:
        subprocess.run(["flock", "--nonblock", str(lock.fileno())], pass_fds=[lock.fileno()], check=True)
        look_after(deployed)
        assert idle.exists()

    look_after(deployed)

    assert not idle.exists()


def test_maintenance_packs_what_is_loose_and_drops_no_commit(deployed: Deployment, forge: GitHttpServer) -> None:
    git_dir = scanned(deployed, forge, "r")
    work, url = Work.at(forge.root / "o" / "r"), f"{forge.url}/o/r/.git"
    for number in range(8):
        work.commit({f"{number}/{name}.py": f"{number} {name}\n" for name in "abc"})
        deployed.api.post("/scans", json={"repository": url})
        deployed.drain()
    lost = work.head()
    work.git("reset", "--quiet", "--hard", "HEAD~8")
    deployed.api.post("/scans", json={"repository": url})
    deployed.drain()
    assert upkeep.needs_repacking(git_dir)

    look_after(deployed)
    look_after(deployed)

    assert not upkeep.needs_repacking(git_dir)
    assert mirror.has_commit(git_dir, lost)
    subprocess.run(["git", "--git-dir", str(git_dir), "fsck", "--connectivity-only"], check=True, capture_output=True)


def test_a_fetch_leaves_the_files_of_a_running_maintenance_alone(deployed: Deployment, forge: GitHttpServer) -> None:
    git_dir = scanned(deployed, forge, "r")
    left = git_dir / "objects" / "pack" / "tmp_pack_1"
    left.write_text("half")
    os.utime(left, (1, 1))
    Work.at(forge.root / "o" / "r").commit({"b.py": "b\n"})
    with upkeep.holding(git_dir) as is_held:
        assert is_held
        deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
        deployed.drain()
        assert left.exists()
    Work.at(forge.root / "o" / "r").commit({"c.py": "c\n"})
    deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
    deployed.drain()

    assert not left.exists()


def test_one_worker_an_hour_looks_after_them(deployed: Deployment, forge: GitHttpServer) -> None:
    idle = scanned(deployed, forge, "r")
    look_after(deployed)
    age(idle, 31)
    tick(deployed, "again")

    assert idle.exists()

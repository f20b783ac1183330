"""`make bench-forges`: an organization of ten thousand repositories, connected, looked after and compared.

The forge is a stand-in of GitHub on this machine; requests are counted by what its limits count: all of them, and those
that make content. Refs are asked for over http from one repository under many names, of a smaller number.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.benchmarks.row import Row, table
from tests.benchmarks.scale import store
from tests.support.deployment import Deployment, forget
from tests.support.hook_forges import HookForge
from tests.support.repositories import GitHttpServer, Work

from picket.effects import broker, ruleset
from picket.effects.mongo import commits, connections, repositories
from picket.effects.mongo.client import collection
from picket.events import Envelope, ago
from picket.forges.hooks import Place
from picket.orchestration import hooks, refs

_HOURLY, _CONTENT_HOURLY = 5_000, 500
"""Requests that GitHub takes of one token in an hour, and those of them that make content."""
_ROUND_HOURS = 6.0
_COMPARED = 0.05
"""Part of the repositories whose refs are asked for, unless another is asked for."""
_PAST = f"at {ago(timedelta(days=1))}"


def rows(count: int, compared: float = _COMPARED) -> list[Row]:
    """Measure all of it for *count* repositories, comparing the refs of a part of them."""
    with tempfile.TemporaryDirectory(prefix="picket-bench-") as folder:
        scratch = Path(folder)
        (scratch / "store").mkdir()
        forge, server = HookForge("github"), GitHttpServer(scratch)
        local = {"PICKET_ALLOW_LOCAL_REPOSITORIES": "true", "PICKET_REFS_MINUTES": "45"}
        tokens = {"PICKET_GIT_TOKENS": json.dumps({forge.host: "t0ken"})}
        try:
            with store(scratch / "store", {**local, **tokens}) as (deployed, _):
                return [
                    *_connected(deployed, forge),
                    *_one_by_one(forge, count),
                    *_compared(server, max(20, int(count * compared))),
                ]
        finally:
            forge.close()
            server.close()


def _connected(deployed: Deployment, forge: HookForge) -> list[Row]:
    forge.place("acme")
    started = time.perf_counter()
    order = {"forge": "github", "host": forge.host, "name": "acme"}
    assert deployed.api.post("/connections", json=order).status_code == 202
    deployed.drain()
    seconds, asked = time.perf_counter() - started, len(forge.requests)
    figures = {"requests": float(asked), "of them content": float(len(forge.writes())), "seconds": seconds}
    return [Row("connect an organization", "requests", float(asked), "requests", 10.0, figures=figures)]


def _one_by_one(forge: HookForge, count: int) -> list[Row]:
    """Give each repository its own webhook, then look after all of them once."""
    names = [f"acme/r{number:05}" for number in range(count)]
    for name in names:
        forge.place(name)
    wanted = {"forge": "github", "host": forge.host, "name": "acme", "token_ref": "", "alerts": False}
    connections.put(f"{forge.host}/each", wanted)
    connections.settle(f"{forge.host}/each", "Connected", each=True)
    places = [Place("http", forge.host, "repository", name) for name in names]
    connections.add_places(f"{forge.host}/each", places)
    found = []
    for what, hours in (("make a webhook of each", 0.0), ("look after each once", _ROUND_HOURS)):
        forge.requests.clear()
        started = time.perf_counter()
        for place in places:
            with broker.caused_by(Envelope(id=f"{what} {place.path}", type="bench", source="/bench")):
                hooks.check(connections.place_id(f"{forge.host}/each", place))
        seconds, asked = time.perf_counter() - started, float(len(forge.requests))
        made = float(len(forge.writes()))
        figures = {"requests": asked, "of them content": made, "seconds": seconds}
        if not hours:
            needed = max(asked / _HOURLY, made / _CONTENT_HOURLY)
            note = f"GitHub takes {needed:.1f} hours for that; the client waits for it"
            found.append(Row(what, "requests a repository", asked / count, "requests", 3.0, figures=figures, note=note))
        else:
            hourly = asked / hours
            note = f"{hourly:.0f} requests an hour of the {_HOURLY} that GitHub takes"
            share = hourly / _HOURLY * (10_000 / count)
            found.append(Row(what, "of GitHub's hourly limit", share, limit=0.5, figures=figures, note=note))
    assert all(len(forge.kept(name)) == 1 for name in names)
    return found


def _compared(server: GitHttpServer, asked: int) -> list[Row]:
    """Compare the refs of so many repositories that are as they are known."""
    work = Work(server.root / "acme" / "shop")
    sha = work.commit({"a.py": "x = 1\n"})
    digest = ruleset.plans()
    for number in range(asked):
        name = f"h/acme/{number:05}"
        repositories.register(name, f"{server.url}/acme/shop")
        commits.mark_scanned(name, digest, [sha])
    collection("repositories").update_many({}, {"$set": {"refs_due": _PAST, "history_ruleset": digest}})
    started = time.perf_counter()
    while refs.compare_due("") is not None:
        pass
    seconds = time.perf_counter() - started
    note = f"{asked} were asked for; the stand-in starts a process for each, too"
    per_hour = seconds / asked * 10_000 / 60
    figures = {"seconds": seconds, "repositories": float(asked)}
    return [Row("compare refs of 10,000", "minutes", per_hour, "minutes", 45.0, figures=figures, note=note)]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.forges", description=__doc__)
    parser.add_argument("--repositories", type=int, default=10_000)
    parser.add_argument("--compared", type=float, default=_COMPARED, help="part whose refs are compared, 0 to 1")
    given = parser.parse_args()
    found = rows(given.repositories, given.compared)
    forget()
    sys.stdout.write(table(found) + "\n")


if __name__ == "__main__":
    main()

"""`picket top`: the running one-machine stack, live."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import urllib3

from picket.cli.client import Answer, fail, server_address
from picket.cli.options import DEFAULT_SERVER
from picket.settings import settings

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

Json = dict[str, Any]

_TIMEOUT = urllib3.Timeout(connect=2.0, read=10.0)
_SCANS_EVERY_SECONDS = 5.0
_SCANS_SHOWN = 10
_MIB = 1 << 20


def top(
    *,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Look twice, for the rates, print that and end.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each look and nothing else.")
    ] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the stack; its address stands in it. Default: .picket, if one runs")
    ] = None,
    server: Annotated[str, typer.Option(envvar="PICKET_URL", help="Where the stack answers, instead.")] = "",
) -> None:
    """Show functions, replicas, queues, rates and open scans of a running `picket up`.

    Open scans are asked of the API, which stays up for as long as this runs.
    """
    looks = _looks(Stack(server_address(server or _address(data_dir))), every)
    with contextlib.suppress(KeyboardInterrupt):
        _show(itertools.islice(looks, 1 if once else None), once=once, as_json=as_json)


def _show(looks: Iterator[Json], *, once: bool, as_json: bool) -> None:
    if as_json:
        for look in looks:
            print(json.dumps(look), flush=True)
        return
    from rich.console import Console  # noqa: PLC0415 - rich takes its time
    from rich.live import Live  # noqa: PLC0415

    console = Console(highlight=False)
    if once:
        console.print(_screen(next(looks)))
        return
    with Live(console=console, screen=True, auto_refresh=False) as live:
        for look in looks:
            live.update(_screen(look), refresh=True)


@dataclass
class Stack:
    """A running stack, as it tells of itself."""

    url: str
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(timeout=_TIMEOUT, retries=False))

    def status(self) -> Json:
        """Return its status document; without one the command ends."""
        found = self._get("/-/status")
        if found is None:
            fail(f"no stack answers at {self.url}; is `picket up` running, and not on another machine?")
        return found

    def scans(self) -> Json | None:
        """Return the newest open scans, and whether there are `more`; None if the API does not say."""
        token = settings().api_token.get_secret_value()
        found = self._get("/scans?limit=200", {"Authorization": f"Bearer {token}"} if token else {})
        return None if found is None else {"scans": found["scans"], "more": bool(found["next"])}

    def _get(self, path: str, headers: dict[str, str] | None = None) -> Json | None:
        try:
            answer = self.pool.request("GET", self.url.rstrip("/") + path, headers=headers)
            found = json.loads(answer.data, object_hook=Answer) if answer.status == 200 else None  # noqa: PLR2004 - HTTP's OK
        except (urllib3.exceptions.HTTPError, ValueError, RecursionError):
            return None
        return found if isinstance(found, Answer) else None


def _address(data_dir: Path | None) -> str:
    """Return where the stack on *data_dir* answers; where no folder is named, and none runs here, the usual address."""
    folder = data_dir or Path(".picket")
    if not _is_run_on(folder):
        if data_dir is not None:
            fail(f"no stack runs on {data_dir}")
        return DEFAULT_SERVER
    file = folder / "run" / "stack.json"
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, LookupError, TypeError):
        fail(f"{file} does not tell where the stack answers: give --server")


def _is_run_on(folder: Path) -> bool:
    """Return whether a stack holds the lock of a folder; one that was killed leaves its address behind."""
    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _looks(stack: Stack, every: float) -> Iterator[Json]:
    """Give a look at the stack every so many seconds, with rates since the one before."""
    before, scans, asked = stack.status(), stack.scans(), time.monotonic()
    while True:
        time.sleep(every)
        if time.monotonic() - asked > _SCANS_EVERY_SECONDS:
            scans, asked = stack.scans(), time.monotonic()
        now = stack.status()
        yield {"url": stack.url, **rated(before, now), **(scans or {"scans": None, "more": False})}
        before = now


def rated(before: Json, now: Json) -> Json:
    """Return the status *now* with what was done a second since *before*: events per Trigger, CPU per process.

    A process that was not there before has been at it since then; a stack that was started anew begins at zero.
    """
    seconds = max(now["at"] - before["at"], 0.001)
    outcomes = {one["name"]: one["outcomes"] for one in before["triggers"]}
    cpu = {one["pid"]: one.get("cpu_seconds", 0.0) for one in _processes(before)}
    triggers = [
        {
            **one,
            "per_second": max(0.0, one["outcomes"]["done"] - outcomes.get(one["name"], one["outcomes"])["done"])
            / seconds,
        }
        for one in now["triggers"]
    ]

    def shown(process: Json) -> Json:
        used = max(0.0, process.get("cpu_seconds", 0.0) - cpu.get(process["pid"], 0.0))
        return {**process, "cpu_percent": round(100 * used / seconds, 1)}

    return {
        **now,
        "per_second": sum(one["per_second"] for one in triggers),
        "triggers": triggers,
        "functions": [{**one, "replicas": [shown(replica) for replica in one["replicas"]]} for one in now["functions"]],
        "servers": [shown(server) for server in now["servers"]],
    }


def _processes(status: Json) -> list[Json]:
    return [*status["servers"], *(replica for one in status["functions"] for replica in one["replicas"])]


def _screen(look: Json) -> Group:
    from rich.console import Group  # noqa: PLC0415 - rich takes its time

    lost = sum(one["outcomes"]["dead_lettered"] + one["outcomes"]["lost"] for one in look["triggers"])
    head = (
        f"[bold]{look['url']}[/]  up {_span(look['uptime_seconds'])}  {look['per_second']:.1f} events/s  "
        f"[{'red' if lost else 'green'}]{lost} dead letters[/]"
    )
    return Group(head, "", _functions(look), "", _triggers(look), "", *_scans(look["scans"], more=look["more"]))


def _table(*columns: str) -> Table:
    from rich.table import Table  # noqa: PLC0415 - rich takes its time

    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="left" if name in {"function", "trigger", "pids"} else "right", no_wrap=True)
    return table


def _functions(look: Json) -> Table:
    table = _table("function", "replicas", "CPU %", "MiB", "in flight", "waiting", "starts", "pids")
    for one in look["functions"]:
        replicas = one["replicas"]
        table.add_row(
            one["name"],
            f"{len(replicas)}/{one['max_scale']}",
            *_used(replicas),
            str(one["in_flight"]),
            str(one["waiting"]),
            str(one["starts"]),
            " ".join(str(replica["pid"]) for replica in replicas),
            style="" if replicas else "dim",
        )
    for server in look["servers"]:
        table.add_row(server["name"], "", *_used([server]), "", "", "", str(server["pid"]))
    return table


def _used(processes: list[Json]) -> tuple[str, str]:
    memory = sum(process.get("rss_bytes", 0) for process in processes)
    return f"{sum(process['cpu_percent'] for process in processes):.0f}", f"{memory / _MIB:.0f}"


def _triggers(look: Json) -> Table:
    table = _table("trigger", "queue", "oldest", "in flight", "events/s", "done", "retried", "dead", "lost")
    for one in look["triggers"]:
        outcomes, unknown = one["outcomes"], one["backlog"] is None
        table.add_row(
            one["name"],
            "?" if unknown else str(one["backlog"]),
            "?" if unknown else _span(one["oldest_seconds"] or 0.0),
            str(one["in_flight"]),
            f"{one['per_second']:.1f}",
            str(outcomes["done"]),
            str(outcomes["retried"]),
            str(outcomes["dead_lettered"]),
            str(outcomes["lost"]),
            style="" if one["backlog"] or one["per_second"] or unknown else "dim",
        )
    return table


def _scans(scans: list[Json] | None, *, more: bool) -> list[str]:
    from rich.markup import escape  # noqa: PLC0415 - rich takes its time

    if scans is None:
        return ["open scans: the API does not answer"]
    least = "at least " if more else ""
    rest = [f"  and {least}{len(scans) - _SCANS_SHOWN} more"] if len(scans) > _SCANS_SHOWN else []
    lines = [f"  {one['id']}  {one['state']}  {one['kind']}  {escape(one['repository'] or 'several')}" for one in scans]
    return [f"[bold]open scans: {least}{len(scans)}[/]", *lines[:_SCANS_SHOWN], *rest]


def _span(seconds: float) -> str:
    """Return a span of time in one or two units."""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.0f}s" if seconds >= 1 or not seconds else f"{seconds:.1f}s"
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    return f"{minutes}m{int(seconds % 60):02}s" if not hours else f"{hours}h{minutes % 60:02}m"

"""What became of pushes: every finding compared with what was planted, every state with what was done."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from itertools import pairwise
from typing import TypeVar

import nats
import nats.errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from tests.stack.faults.burst import Push
from tests.support.faults import Row
from tests.support.stack import Json, Running, eventually

from picket.commits import lifecycle
from picket.events import ScanCompleted
from picket.events.cloudevent import CloudEvent, unpack

STREAM = "picket_default"
RECORDER = "recorder"
_AT_ONCE = 200
T = TypeVar("T")


def record(stack: Running) -> None:
    """Have the stream keep every event from now on, until `recorded` has read it."""

    async def add(js: JetStreamContext) -> None:
        config = ConsumerConfig(
            durable_name=RECORDER,
            deliver_policy=DeliverPolicy.NEW,
            ack_policy=AckPolicy.EXPLICIT,
            max_ack_pending=-1,
        )
        await js.add_consumer(STREAM, config)

    _ask(stack, add)


def recorded(stack: Running) -> list[CloudEvent]:
    """Return the events that were stored since `record` or the last call, in their order."""

    async def read(js: JetStreamContext) -> list[CloudEvent]:
        subscription = await js.pull_subscribe_bind(RECORDER, STREAM)
        found: list[CloudEvent] = []
        while (await subscription.consumer_info()).num_pending:
            for message in await subscription.fetch(_AT_ONCE, timeout=5):
                found.append(unpack(message.data))
                await message.ack_sync()
        return found

    return _ask(stack, read)


def _ask(stack: Running, what: Callable[[JetStreamContext], Awaitable[T]]) -> T:
    async def run() -> T:
        client = await nats.connect(stack.addresses["nats_url"])
        try:
            return await what(client.jetstream())
        finally:
            await client.close()

    return asyncio.run(run())


def wait_until_final(stack: Running, scans: Sequence[str]) -> None:
    """Wait until scans are final and scored, and nothing is open or on its way any more."""
    with stack.store() as store:
        which = {"scored_at": {"$exists": True}}

        def left() -> list[str]:
            done = {scan["_id"] for scan in store["scans"].find(which, {"_id": 1})}
            return [scan for scan in scans if scan not in done]

        eventually(lambda: not left(), pause=0.5)
        eventually(lambda: store["scans"].find_one({"open": {"$gt": ""}}, {"_id": 1}) is None, pause=0.2)
    eventually(lambda: is_at_rest(stack), pause=0.2)


def time_passes(stack: Running) -> None:
    """Make what waits for its time due, and let the clock tick."""
    with stack.store() as store:
        due = {"due": {"$gt": ""}, "failures": {"$gt": 0}}
        store["scans"].update_many(due, {"$set": {"due": "at 2020-01-01T00:00:00.000000Z"}})
    stack.tick()


def tick_until_ended(stack: Running, scans: Sequence[str]) -> None:
    """Let time pass until scans are final and scored; others may still wait."""

    def ended() -> bool:
        time_passes(stack)
        return not unfinished(stack, scans)

    eventually(ended, pause=1)


def unfinished(stack: Running, scans: Sequence[str]) -> int:
    """Count the scans that are not final and scored."""
    with stack.store() as store:
        return len(scans) - store["scans"].count_documents(
            {"_id": {"$in": list(scans)}, "scored_at": {"$exists": True}}
        )


def is_at_rest(stack: Running) -> bool:
    """Tell whether no Trigger has anything left to deliver."""
    return all(trigger["backlog"] == 0 for trigger in stack.get("/-/status")["triggers"])


def verify(
    stack: Running,
    row: Row,
    planned: Sequence[Push],
    source: Json,
    events: Sequence[CloudEvent],
    *,
    still_open: Collection[str] = (),
) -> None:
    """Fill in what was found, and see that nothing is lost or doubled and that the states tell the truth.

    Args:
        stack: A running stack with nothing under way.
        row: Where the counts go.
        planned: Pushes whose secrets must have been found.
        source: The webhook that they were sent to.
        events: All that were stored from the first push on.
        still_open: Scans that have every reason not to be final.
    """
    findings = stack.all_findings()
    count(row, planned, findings)
    with stack.store() as store:
        scans = {scan["_id"]: scan for scan in store["scans"].find({})}
        batches = list(store["batches"].find({}))
        scanned = {str(commit["_id"]).partition(":")[0] for commit in store["commits"].find({})}
    mine = {push.scan(source): push for push in planned}
    row.states = dict(Counter(scans[scan]["state"] if scan in scans else "unknown" for scan in (*mine, *still_open)))
    row.write()
    assert (row.lost, row.doubled, len(findings)) == (0, 0, len(planned)), row
    scans = {name: scan for name, scan in scans.items() if name not in still_open}
    assert untrue(scans, batches, scanned, mine) == []
    assert announced(scans, events) == []


def count(row: Row, planned: Sequence[Push], findings: Sequence[Json]) -> None:
    """Compare what was planted with what was found, one by one."""
    places = Counter(
        (finding["repository"].partition("/")[2], occurrence["commit"], occurrence["path"])
        for finding in findings
        for occurrence in finding["occurrences"]
    )
    expected = {(push.name, push.commit, push.path) for push in planned}
    row.found = len(expected & places.keys())
    row.lost = len(expected - places.keys())
    for lost in expected - places.keys():
        print("lost", *lost)  # noqa: T201 - pytest shows it with the failure
    row.doubled = sum(places.values()) - row.found


def untrue(scans: dict[str, Json], batches: list[Json], scanned: set[str], mine: dict[str, Push]) -> list[str]:
    """Say what is not as the states tell: open ends, illegal moves, Done without all of its commits scanned."""
    wrong = [f"{scan['_id']} is {scan['state']}" for scan in scans.values() if scan["state"] not in lifecycle.FINAL]
    wrong += [f"batch {batch['_id']} is {batch['state']}" for batch in batches if _is_open(batch, scans)]
    wrong += [step for scan in scans.values() for step in _illegal(lifecycle.SCAN, scan)]
    wrong += [step for batch in batches for step in _illegal(lifecycle.BATCH, batch)]
    wrong += [
        f"{scan} is Done without {commit}"
        for scan, push in mine.items()
        for commit in push.commits
        if scans[scan]["state"] == "Done" and commit not in scanned
    ]
    return wrong


def _is_open(batch: Json, scans: dict[str, Json]) -> bool:
    """Tell whether a batch of a scan's last enumeration is open; those of one that was abandoned are nobody's."""
    return batch["state"] in lifecycle.OPEN_BATCH and batch["attempt"] == scans.get(batch["scan"], {}).get("attempt")


def _illegal(moves: tuple[lifecycle.Move, ...], document: Json) -> list[str]:
    states = [step["state"] for step in document["history"]]
    steps = [f"{document['_id']}: {a} → {b}" for a, b in pairwise(states) if not lifecycle.legal(moves, a, b)]
    if (states[-1], len(states) - 1) != (document["state"], document["revision"]):
        steps.append(f"{document['_id']}: history and state differ")
    return steps


def announced(scans: dict[str, Json], events: Sequence[CloudEvent]) -> list[str]:
    """Say which scans were not announced as completed by exactly one event that tells their state."""
    ids: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for event in events:
        if event.attributes["type"] == ScanCompleted.TYPE:
            said = ScanCompleted.model_validate_json(event.data)
            ids[said.scan].add((event.attributes["id"], said.state))
    return [
        f"{scan['_id']} is {scan['state']} and was announced as {sorted(state for _, state in ids[scan['_id']])}"
        for scan in scans.values()
        if [state for _, state in ids[scan["_id"]]] != [scan["state"]]
    ]

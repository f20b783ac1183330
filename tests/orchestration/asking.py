"""Asking for scans as normalize does, and giving the clock's events."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import Deployment, Message

from picket.effects.mongo import repositories, scans
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Batch, Scan
from picket.events import CancellationRequested, DutyDue, Envelope, ScanRequested

LONG_AGO = "at 2020-01-01T00:00:00.000000Z"


def ask(deployed: Deployment, path: Path | str, scan: str, **more: Any) -> Message:
    """Record a scan of a repository (a folder, or a URL) and put its request into the queue."""
    url = path if isinstance(path, str) else path.as_uri()
    repository = str(more.pop("repository", f"h/{Path(url).parent.name}/{Path(url).name}"))
    repositories.register(repository, url)
    request = ScanRequested(repository=repository, url=url, scan=scan, **more)
    scans.open_scan(request, "normalize")
    envelope = Envelope(id=f"event-{scan}", type=request.TYPE, source="/test")
    headers = {"ce-id": envelope.id, "ce-type": envelope.type, "ce-source": "/test", "ce-specversion": "1.0"}
    message = Message({**headers, "content-type": "application/json"}, request.model_dump_json().encode())
    deployed.queue.append(message)
    return message


def push(before: str, after: str, ref: str = "refs/heads/main", **more: Any) -> dict[str, Any]:
    """Return what makes a request that of a push."""
    return {"kind": "push", "before": before, "after": after, "ref": ref, **more}


def tick(deployed: Deployment, name: str, *, idle: bool = False) -> int:
    """Deliver an event of the clock and of each duty; the worst status.

    With *idle* as if nothing had moved for long, and every retry were due.
    """
    if idle:
        collection("scans").update_many({"due": {"$gt": ""}}, {"$set": {"due": LONG_AGO}})
    headers = {"ce-id": name, "ce-type": "dev.knative.sources.ping", "ce-source": "/ping", "ce-specversion": "1.0"}
    [answer] = deployed.deliver(Message({**headers, "content-type": "application/json"}, b"{}")).values()
    return max([answer, *deployed.deliver_all(DutyDue.TYPE)])


def cancel(deployed: Deployment, scan: str) -> int:
    """Cancel a scan and everything that is open of it; the status."""
    status = deployed.api.delete(f"/scans/{scan}").status_code
    assert set(deployed.deliver_all(CancellationRequested.TYPE)) <= {204}
    return int(status)


def states(*names: str) -> list[str]:
    """Return the states of scans."""
    return [str(scans.get(name)["state"]) for name in names]


def batches_of(scan: str) -> list[Batch]:
    """Return the batches of a scan, in their order."""
    return sorted(collection("batches", Batch).find({"scan": scan}), key=lambda batch: int(batch["index"]))


@contextmanager
def dying_before(environment: pytest.MonkeyPatch, target: str) -> Iterator[None]:
    """Kill whoever would move a scan to *target* within the block."""
    move = scans.move

    def move_or_die(scan: Scan, to: str, *rest: Any, **fields: Any) -> Scan | None:
        if to == target:
            raise KeyboardInterrupt
        return move(scan, to, *rest, **fields)

    with environment.context() as patch:
        patch.setattr(scans, "move", move_or_die)
        with pytest.raises(KeyboardInterrupt):
            yield

"""A rolling upgrade: old and new revisions of every function side by side, and each with the other's events."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.stack.faults import project, truth
from tests.stack.faults.burst import Push, Senders, plan
from tests.stack.faults.test_repeated_events import FIXED, again, contents, nothing_runs
from tests.support.deployment import FUNCTIONS, ON_A_PUSH, ROOT
from tests.support.faults import Row
from tests.support.repositories import GitHttpServer
from tests.support.stack import Running, eventually, kill, picket_up

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]

NEWER = {
    # A field more in an event, one more in a document, and one that old code does not pass on.
    "events/kinds.py": ('    commits: int = 0\n    parent: str = ""\n', '    colour: str = "green"\n'),
    "effects/mongo/scans.py": ("                **STAMP,\n", '                "colour": "green",\n'),
    "effects/mongo/batches.py": ("            **STAMP,\n", '            "colour": "green",\n'),
    "effects/mongo/findings.py": ("    fresh |= lists.keys(fresh)\n", '    fresh |= {"colour": "green"}\n'),
}
PRELUDE = """
import fcntl, pathlib, sys
_turns = pathlib.Path({folder!r})
with (_turns / "lock").open("w") as _lock:
    fcntl.flock(_lock, fcntl.LOCK_EX)
    _split = (_turns / "split").read_text()
    _file = _turns / {name!r}
    _count = len(_file.read_text()) if _file.exists() else 0
    _revision = _split[_count % len(_split)]
    _file.write_text((_file.read_text() if _file.exists() else "") + _revision)
if _revision == "n":
    sys.path.insert(0, {newer!r})
    for _module in [name for name in sys.modules if name == "picket" or name.startswith("picket.")]:
        del sys.modules[_module]
"""


class Release:
    """A project whose functions are of an old or a new revision, by turns: each process is one."""

    def __init__(self, folder: Path) -> None:
        self.project = project.copy(folder / "project", project.FORGETFUL)
        self.turns = folder / "turns"
        self.turns.mkdir()
        newer = folder / "newer"
        shutil.copytree(ROOT / "shared" / "picket", newer / "picket", ignore=shutil.ignore_patterns("__pycache__"))
        for name, (text, more) in NEWER.items():
            file = newer / "picket" / name
            assert text in file.read_text(), name
            file.write_text(file.read_text().replace(text, text + more, 1))
        (self.project / "functions").unlink()
        for name in FUNCTIONS:
            target = self.project / "functions" / name / "main.py"
            target.parent.mkdir(parents=True)
            prelude = PRELUDE.format(folder=str(self.turns), name=name, newer=str(newer))
            target.write_text(prelude + (ROOT / "functions" / name / "main.py").read_text())
        self.split("on")

    def split(self, revisions: str) -> None:
        """Say which revision the next processes are: `o` old, `n` new, `on` by turns."""
        (self.turns / "split").write_text(revisions)

    def ran(self) -> dict[str, Counter[str]]:
        """Return how many processes of each function were of which revision."""
        return {file.name: Counter(file.read_text()) for file in self.turns.iterdir() if file.name in ON_A_PUSH}


@contextmanager
def rolling(stack: Running) -> Iterator[None]:
    """Replace the processes of one function after the other, three times over, while the block runs and after it."""

    def run() -> None:
        for name in (*ON_A_PUSH, *ON_A_PUSH, *ON_A_PUSH):
            kill(stack.function(name)[:1])
            time.sleep(0.7)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def slowly(planned: Sequence[Push]) -> Iterator[Push]:
    """Give pushes for as long as processes are being replaced."""
    for push in planned:
        time.sleep(0.2)
        yield push


def replace_all(stack: Running) -> None:
    """End every function, so that what starts is of the revision that is set now."""
    for name in ON_A_PUSH:
        kill(stack.function(name))
    time.sleep(0.5)


def test_old_and_new_revisions_side_by_side_lose_nothing_and_read_each_others_events(
    tmp_path: Path, forge: GitHttpServer
) -> None:
    planned = plan(forge, 80, repositories=4)
    row = Row("a rolling upgrade, old and new revisions by turns")
    release = Release(tmp_path)
    with picket_up(tmp_path / "data", "--project", str(release.project)) as stack:
        source = stack.post("/sources", {"provider": "github", "name": "t"})
        truth.record(stack)
        with rolling(stack):
            Senders(stack, source, row).send(slowly(planned))
        truth.wait_until_final(stack, [push.scan(source) for push in planned])
        assert nothing_runs(stack)  # asks the api, which nobody else has done since
        eventually(lambda: truth.is_at_rest(stack), pause=0.2)
        events = truth.recorded(stack)
        for name, revisions in release.ran().items():
            assert min(revisions["o"], revisions["n"]) >= 1, (name, revisions)
        with stack.store() as store:
            colours = {name: set(store[name].distinct("colour")) for name in ("scans", "batches", "findings")}
            plain = {name: store[name].count_documents({"colour": {"$exists": False}}) for name in colours}
        assert all(found == {"green"} for found in colours.values())
        assert all(plain.values()), "only one revision wrote"
        told = {b'"colour"' in event.data for event in events if "scan.completed" in event.attributes["type"]}
        assert told == {True, False}
        truth.verify(stack, row, planned, source, events)

        before = contents(stack)
        for revision in ("o", "n"):
            release.split(revision)
            replace_all(stack)
            for event in again(events):
                assert stack.send_event(dict(event.headers()), event.data) == 202
            eventually(lambda: truth.is_at_rest(stack) and nothing_runs(stack), pause=0.2)
            after = contents(stack)
            assert {name: {key: after[name].get(key) for key in before[name]} for name in FIXED} == before
        with stack.store() as store:
            assert (store.dead_letters.count_documents({}), store.rejections.count_documents({})) == (0, 0)

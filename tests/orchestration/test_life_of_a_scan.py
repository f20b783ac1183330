"""Whatever happens to its events, every scan ends, tells the truth, and loses and doubles nothing.

A model drives all functions over a real store and a real repository: events in any order, twice, while their function
is killed at any of its steps; leases that run out; ticks; cancellations and dead letters.
"""

import itertools
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pymongo.collection import Collection
from tests.support import secrets
from tests.support.deployment import Deployment, Message, forget
from tests.support.examples import how_many
from tests.support.repositories import Work

from picket.commits import lifecycle
from picket.effects.mongo import batches, leases, repositories, scans
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Scan
from picket.events import Envelope, ScanRequested

OPERATIONS = ("find_one", "find_one_and_update", "update_one", "insert_many", "bulk_write")
LONG_AGO = "at 2020-01-01T00:00:00.000000Z"
ANY = st.integers(min_value=0, max_value=10**6)
NUMBERS = itertools.count(1)


class Killed(BaseException):
    """What a process is when SIGKILL came: nothing of it goes on, no `finally` has an effect."""


class Mortal:
    """Lets whoever uses the store die at its n-th operation from now."""

    def __init__(self) -> None:
        self.left: int | None = None

    def __call__(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            if self.left is not None:
                if self.left <= 0:
                    raise Killed
                self.left -= 1
            return operation(*arguments, **named)

        return run


class Life(RuleBasedStateMachine):
    """Pushes to two branches of a repository, and everything that can happen on their way."""

    deployed: Deployment
    environment: pytest.MonkeyPatch
    folder: Path
    mortal: Mortal

    @initialize()
    def begin(self) -> None:
        self.environment.setenv("PICKET_MONGODB_DATABASE", f"life-{uuid.uuid4().hex[:12]}")
        forget()
        self.deployed.queue.clear()
        self.deployed.sent.clear()
        self.work = Work(self.folder / f"r{next(NUMBERS)}")
        self.heads = dict.fromkeys(("main", "side"), self.work.commit({"README": "x\n"}))
        self.work.git("branch", "side")
        self.offset = 0.0
        self.environment.setattr(leases, "time", SimpleNamespace(time=lambda: time.time() + self.offset))
        self.delivered: list[Message] = []
        self.pushed: dict[str, str] = {}
        self.given_up = False
        self.ticks = 0

    @rule(branch=st.sampled_from(["main", "side"]))
    def push(self, branch: str) -> None:
        number = next(NUMBERS)
        self.work.git("checkout", "--quiet", branch)
        before, after = self.heads[branch], self.work.commit({f"{branch}.py": f"t = '{secrets.slack_token(number)}'\n"})
        self.heads[branch] = after
        name = f"local{self.work.path}"
        request = ScanRequested(
            repository=name,
            url=self.work.path.as_uri(),
            scan=f"push-{number}",
            kind="push",
            ref=f"refs/heads/{branch}",
            before=before,
            after=after,
        )
        repositories.register(name, request.url)
        scans.open_scan(request, "normalize")
        envelope = Envelope(id=f"delivery-{number}", type=request.TYPE, source="/test", correlation=f"c{number}")
        headers = {"ce-id": envelope.id, "ce-type": envelope.type, "ce-source": "/test", "ce-specversion": "1.0"}
        body = request.model_dump_json().encode()
        self.deployed.queue.append(Message({**headers, "content-type": "application/json"}, body))
        self.pushed[after] = request.scan

    @rule()
    def ask_for_everything(self) -> None:
        answer = self.deployed.api.post("/scans", json={"repository": str(self.work.path)})
        assert answer.status_code == 202

    @precondition(lambda self: self.deployed.queue)
    @rule(which=ANY)
    def deliver(self, which: int) -> None:
        self.hand_over(self.deployed.queue.pop(which % len(self.deployed.queue)))

    @precondition(lambda self: self.delivered)
    @rule(which=ANY)
    def deliver_again(self, which: int) -> None:
        self.hand_over(self.delivered[which % len(self.delivered)])

    @precondition(lambda self: self.deployed.queue)
    @rule(which=ANY, after=st.integers(min_value=0, max_value=25))
    def kill_whoever_handles_it(self, which: int, after: int) -> None:
        self.dying(after, self.deployed.queue.pop(which % len(self.deployed.queue)))

    def dying(self, after: int, message: Message) -> None:
        """Hand a message to a function that is killed at one of its steps; it is redelivered."""
        self.mortal.left = after
        try:
            self.hand_over(message)
        except Killed:
            self.deployed.queue.append(message)
        finally:
            self.mortal.left = None

    @rule(seconds=st.sampled_from([5.0, 30.0, 3_600.0, -3_600.0]))
    def let_the_clock_jump(self, seconds: float) -> None:
        self.offset += seconds

    @rule(idle=st.booleans())
    def tick(self, idle: bool) -> None:
        self.hand_over(self.next_tick(idle=idle))

    @rule(after=st.integers(min_value=0, max_value=25))
    def kill_whoever_sweeps(self, after: int) -> None:
        self.dying(after, self.next_tick(idle=True))

    def next_tick(self, *, idle: bool) -> Message:
        if idle:
            collection("scans").update_many({"due": {"$gt": ""}}, {"$set": {"due": LONG_AGO}})
        self.ticks += 1
        headers = {"ce-id": f"tick-{self.ticks}", "ce-type": "dev.knative.sources.ping", "ce-source": "/ping"}
        return Message({**headers, "ce-specversion": "1.0", "content-type": "application/json"}, b"{}")

    @precondition(lambda self: self.deployed.queue)
    @rule(which=ANY)
    def give_up(self, which: int) -> None:
        message = self.deployed.queue.pop(which % len(self.deployed.queue))
        self.given_up = True
        answer = self.deployed.api.post("/dead-letters/any", data=message.body, headers=message.headers)
        assert answer.status_code in {204, 503}
        if answer.status_code != 204:
            self.deployed.queue.append(message)

    @precondition(lambda self: self.pushed)
    @rule(which=ANY)
    def cancel(self, which: int) -> None:
        scan = list(self.pushed.values())[which % len(self.pushed)]
        answer = self.deployed.api.delete(f"/scans/{scan}")
        assert answer.status_code in {202, 409}
        self.given_up |= answer.status_code == 202

    @precondition(lambda self: self.pushed)
    @rule(which=ANY, after=st.integers(min_value=0, max_value=15))
    def kill_the_api_while_it_cancels(self, which: int, after: int) -> None:
        self.given_up = True
        self.mortal.left = after
        try:
            self.deployed.api.delete(f"/scans/{list(self.pushed.values())[which % len(self.pushed)]}")
        except Killed:
            pass
        finally:
            self.mortal.left = None

    @invariant()
    def every_history_keeps_to_the_table(self) -> None:
        for name, moves in (("scans", lifecycle.SCAN), ("batches", lifecycle.BATCH)):
            for document in collection(name).find({}):
                states = [step["state"] for step in document["history"]]
                assert states[0] == moves[0].source
                assert states[-1] == document["state"]
                assert all(
                    itertools.starmap(lambda a, b, m=moves: lifecycle.legal(m, a, b), itertools.pairwise(states))
                )

    def teardown(self) -> None:
        if not hasattr(self, "work"):
            return
        for _ in range(40):
            while self.deployed.queue:
                waiting = list(self.deployed.queue)
                self.deployed.queue.clear()
                for message in waiting:
                    self.hand_over(message)
                if len(self.deployed.queue) >= len(waiting):
                    break
            if not self.deployed.queue and not scans.running():
                break
            self.offset += 60
            self.tick(idle=True)
        self.everything_has_ended_well()

    def everything_has_ended_well(self) -> None:
        assert scans.running() == []
        documents = list(collection("scans", Scan).find({}))
        assert [batch for scan in documents for batch in batches.open_of(scan, 9)] == []
        for name in {message.data["scan"] for message in self.deployed.of_type("scan.completed")}:
            told = [message for message in self.deployed.of_type("scan.completed") if message.data["scan"] == name]
            assert len({message.id for message in told}) == 1
        assert {scan["_id"] for scan in documents} == {
            message.data["scan"] for message in self.deployed.of_type("scan.completed")
        }
        findings = list(collection("findings").find({}))
        assert len({finding["first"]["commit"] for finding in findings}) == len(findings)
        if not self.given_up:
            assert {scan["state"] for scan in documents} <= {"Done"}
            assert {finding["first"]["commit"] for finding in findings} == set(self.pushed)
            assert collection("occurrences").count_documents({}) == len(self.pushed)

    def hand_over(self, message: Message) -> None:
        answers = self.deployed.deliver(message)
        assert set(answers.values()) <= {204, 503}, (message.type, answers)
        if 503 in answers.values():
            self.deployed.queue.append(message)
        else:
            self.delivered.append(message)


@pytest.mark.slow
def test_every_scan_ends_and_tells_the_truth_whatever_happens_to_its_events(
    deployed: Deployment, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mortal = Mortal()
    for name in OPERATIONS:
        environment.setattr(Collection, name, mortal(getattr(Collection, name)))
    # A killed process renews nothing, and no call here takes the quarter of a minute after which a lease is renewed.
    environment.setenv("PICKET_LEASE_SECONDS", "45")
    forget()
    Life.deployed, Life.environment, Life.folder, Life.mortal = deployed, environment, tmp_path / "works", mortal
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=how_many(8),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate),  # a failing run is readable as it is; shrinking takes minutes
        ),
    )

"""All functions in this process, wired by the Triggers' types, so that a test decides what is delivered when."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import functions_framework
import pytest
import yaml

from picket.context import context
from picket.effects import broker

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/main.py"))
ON_A_PUSH = [name for name in FUNCTIONS if name not in {"collect", "connect", "notify", "verify"}]
"""Functions that a push needs, if only the API to ask what became of it."""


def forget() -> None:
    """Let go of everything that was made of the settings."""
    context.forget()


@dataclass
class Message:
    """A CloudEvent on its way, as HTTP headers and body."""

    headers: dict[str, str]
    body: bytes

    @property
    def type(self) -> str:
        return self.headers["ce-type"]

    @property
    def id(self) -> str:
        return self.headers["ce-id"]

    @property
    def data(self) -> dict[str, Any]:
        return dict(json.loads(self.body)) if self.body else {}


@dataclass
class Deployment:
    """The functions, and the events they emitted that are not delivered yet."""

    clients: dict[str, Any]
    queue: list[Message] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    is_down: bool = False
    refuses: str = ""
    taking: Any = field(default_factory=threading.Lock)

    def request(self, method: str, url: str, *, body: bytes, headers: dict[str, str]) -> Any:
        """Stand in for the broker's ingress."""
        assert (method, url) == ("POST", "http://sink.invalid/")
        if self.is_down or headers.get("ce-type") == self.refuses:
            return SimpleNamespace(status=500)
        message = Message({name.lower(): value for name, value in headers.items()}, body)
        self.queue.append(message)
        self.sent.append(message)
        return SimpleNamespace(status=202)

    def deliver(self, message: Message) -> dict[str, int]:
        """Give an event to every function that subscribes to it; the statuses they answer."""
        answers = {}
        for function, types in subscriptions().items():
            if any(message.type == kind or (kind.endswith(".") and message.type.startswith(kind)) for kind in types):
                answer = self.clients[function].post("/", data=message.body, headers=message.headers)
                answers[function] = answer.status_code
        return answers

    def deliver_all(self, kind: str) -> list[int]:
        """Deliver what waits of one type, and what of it that leads to; the statuses."""
        answers: list[int] = []
        while True:
            with self.taking:
                message = next((one for one in self.queue if one.type == kind), None)
                if message is None:
                    return answers
                self.queue.remove(message)
            answers += self.deliver(message).values()

    def drain(self) -> list[Message]:
        """Deliver until nothing is left; every delivery must succeed."""
        done = []
        while self.queue:
            message = self.queue.pop(0)
            for function, status in self.deliver(message).items():
                assert status == 204, f"{function} answered {status} to {message.type}"
            done.append(message)
        return done

    def of_type(self, name: str) -> list[Message]:
        """Return what was sent of a type, by its middle part such as `scan.completed`."""
        return [message for message in self.sent if message.type == f"dev.picket.{name}.v1"]

    @property
    def api(self) -> Any:
        return self.clients["api"]


def subscriptions() -> dict[str, list[str]]:
    """Read which types each function subscribes to from the Triggers."""
    found: dict[str, list[str]] = {}
    for path in sorted(ROOT.glob("triggers/*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document and document["kind"] == "Trigger":
                types = found.setdefault(document["spec"]["subscriber"]["ref"]["name"], [])
                types += [each for each in _types(document["spec"]) if each not in types]
    return found


def _types(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "type" and isinstance(value, str):
                yield value
            else:
                yield from _types(value)
    elif isinstance(node, list):
        for value in node:
            yield from _types(value)


@cache
def application(name: str) -> Any:
    """Load a function once: what it keeps between requests is in `context`, which each test forgets."""
    where = str(ROOT / "functions" / name / "main.py")
    return functions_framework.create_app("main", where, "http")  # type: ignore[no-untyped-call]


def deploy(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """Load every function as functions-framework does and put the broker's place under the test's control."""
    deployment = Deployment({name: application(name).test_client() for name in FUNCTIONS})
    monkeypatch.setattr(broker, "pool", lambda: deployment)
    return deployment

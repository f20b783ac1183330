"""Counting and keeping the commands that go to the store."""

from collections import Counter
from functools import partial
from typing import Any, TypeVar

import pytest
from pymongo import MongoClient, monitoring
from tests.support.deployment import forget

from picket.effects.mongo import client

Listener = TypeVar("Listener", bound=monitoring.CommandListener)


class Counting(monitoring.CommandListener):
    """Counts commands by name, those of the connection itself left out."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in {"hello", "createIndexes", "endSessions", "ping"}:
            self.names[event.command_name] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Count it once, when it starts."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Count it once, when it starts."""

    def since(self) -> int:
        """Return how many there were since this was asked last."""
        count = self.names.total()
        self.names.clear()
        return count


class Keeping(monitoring.CommandListener):
    """Keeps the reads: the filters and sorts of finds, by collection, and the pipelines of aggregations."""

    def __init__(self) -> None:
        self.filters: list[tuple[str, dict[str, Any]]] = []
        self.sorts: list[dict[str, Any]] = []
        self.pipelines: list[list[dict[str, Any]]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "find":
            self.filters.append((event.command["find"], dict(event.command["filter"])))
            self.sorts.append(dict(event.command.get("sort", {})))
        if event.command_name == "aggregate":
            self.pipelines.append(list(event.command["pipeline"]))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Keep it once, when it starts."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Keep it once, when it starts."""


def counting(environment: pytest.MonkeyPatch) -> Counting:
    """Count the commands of the functions from now on."""
    return _listening(Counting(), environment)


def keeping(environment: pytest.MonkeyPatch) -> Keeping:
    """Keep the reads of the functions from now on."""
    return _listening(Keeping(), environment)


def _listening(listener: Listener, environment: pytest.MonkeyPatch) -> Listener:
    environment.setattr(client, "MongoClient", partial(MongoClient, event_listeners=[listener]))
    forget()
    return listener

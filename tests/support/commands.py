"""Counting the commands that go to the store."""

from collections import Counter
from functools import partial

import pytest
from pymongo import MongoClient, monitoring
from tests.support.deployment import forget

from picket.effects.mongo import client


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


def counting(environment: pytest.MonkeyPatch) -> Counting:
    """Count the commands of the functions from now on."""
    listener = Counting()
    environment.setattr(client, "MongoClient", partial(MongoClient, event_listeners=[listener]))
    forget()
    return listener

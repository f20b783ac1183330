"""Payloads that others publish as examples of each forge: all are read, and those of pushes mean what they say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.programs import PAYLOADS

from picket.effects import senders
from picket.webhooks.events import (
    ForgeEvent,
    Ignored,
    Ping,
    PullRequest,
    Push,
    ReportTold,
    RepositoryEvent,
    RepositoryTold,
)

pytestmark = pytest.mark.real("payloads")

_GITHUB = {
    "repository-edited.json": "repository",
    "pull-request.json": "pull_request",
    "repository-vulnerability-alert.json": "repository_vulnerability_alert",
    "pull-request-review.json": "pull_request_review",
}
_GITEA = {
    "push-event.json": "push",
    "create-event.json": "create",
    "delete-event.json": "delete",
    "repository-event.json": "repository",
    "pull-request-event.json": "pull_request",
}
Sample = tuple[str, str, str, dict[str, Any]]
"""Forge, event, where it is from, payload."""


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _octokit(root: Path) -> Iterator[Sample]:
    for entry in json.loads((root / "octokit/package/api.github.com/index.json").read_text("utf-8")):
        for number, payload in enumerate(entry["examples"]):
            yield "github", entry["name"], f"octokit {entry['name']} {number}", payload


def _files(root: Path) -> Iterator[Sample]:
    """Give the examples that are files: how an event is called there is in the name of the file, or in the payload."""
    for path in sorted(root.glob("*/*/*.json")):
        forges, name = _FOLDERS.get(path.parent.name, ((), None))
        for forge in forges:
            payload = _read(path)
            yield forge, name(path, payload) if name else "", str(path.relative_to(root)), payload


def _bitbucket(stem: str) -> str:
    """Return the event key of a file: `pull-request-created` is `pullrequest:created`."""
    for prefix, kind in (("pull-request-", "pullrequest"), ("repo-", "repo"), ("issue-", "issue")):
        if stem.startswith(prefix):
            return f"{kind}:{stem.removeprefix(prefix).replace('-', '_')}"
    return stem


_FOLDERS: dict[str, tuple[tuple[str, ...], Callable[[Path, dict[str, Any]], str] | None]] = {
    "github": (("github",), lambda path, _: _GITHUB.get(path.name, path.stem.replace("-", "_"))),
    "gitlab": (("gitlab",), None),
    "webhooks": (("gitlab",), None),
    "systemhooks": (("gitlab",), None),
    "gitea": (("gitea", "forgejo"), lambda path, _: _GITEA.get(path.name, path.stem)),
    "bitbucket": (("bitbucket",), lambda path, _: _bitbucket(path.stem)),
    "bitbucket-server": (("bitbucket-datacenter",), lambda _, payload: str(payload["eventKey"])),
    "azuredevops": (("azure",), lambda _, payload: str(payload["eventType"])),
    "docker": (("docker-hub",), None),
}
"""Whose examples are in which folder, and how an event is called."""


def _samples() -> list[Sample]:
    root = PAYLOADS.path
    return [*_octokit(root), *_files(root)] if root.exists() else []


def _meanings(sample: Sample) -> tuple[ForgeEvent, ...]:
    forge, event, _, payload = sample
    receiving = senders.receiving(forge)
    told = receiving.completed({"x-gitlab-instance": "https://gitlab.example.com"}, payload)
    return tuple(receiving.interpret(event, told))


KINDS = (Push, PullRequest, RepositoryEvent, RepositoryTold, ReportTold, Ping, Ignored)
READ = {
    "github": (8, 11, 17, 0, 8, 5, 317),
    "gitlab": (9, 3, 9, 2, 1, 0, 71),
    "gitea": (2, 1, 1, 0, 0, 0, 12),
    "forgejo": (2, 1, 1, 0, 0, 0, 12),
    "bitbucket": (1, 2, 1, 0, 0, 0, 14),
    "bitbucket-datacenter": (1, 1, 1, 0, 0, 0, 15),
    "azure": (1, 1, 0, 0, 0, 0, 3),
    "docker-hub": (0, 0, 0, 0, 0, 0, 1),
}
"""How many of each kind the examples mean: `create` and a tag's `delete` mean nothing of their own."""


@pytest.mark.parametrize("forge", READ)
def test_each_payload_means_what_it_is_an_example_of(forge: str) -> None:
    found = Counter(type(meaning) for sample in _samples() if sample[0] == forge for meaning in _meanings(sample))

    assert dict(found) == {kind: count for kind, count in zip(KINDS, READ[forge], strict=True) if count}


def test_every_push_has_a_repository_with_an_id_and_a_host() -> None:
    for sample in _samples():
        for meaning in _meanings(sample):
            if isinstance(meaning, Push | PullRequest | RepositoryEvent | RepositoryTold):
                host, _, identity = meaning.repository.forge_key.rpartition(":")
                assert identity, sample[2]
                assert host in meaning.repository.url, sample[2]

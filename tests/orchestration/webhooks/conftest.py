"""Forges that keep webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.orchestration.webhooks.managed import ALL
from tests.support.deployment import Deployment, forget
from tests.support.hook_forges import HookForge


@pytest.fixture(params=ALL)
def forge(request: pytest.FixtureRequest, deployed: Deployment, environment: pytest.MonkeyPatch) -> Iterator[HookForge]:
    found = HookForge(request.param)
    environment.setenv("PICKET_GIT_TOKENS", json.dumps({found.host: "t0ken"}))
    environment.setenv("PICKET_PUBLIC_URL", "https://picket.example.com/hooks/")
    forget()
    assert deployed
    yield found
    found.close()


@pytest.fixture
def github(deployed: Deployment, environment: pytest.MonkeyPatch) -> Iterator[HookForge]:
    found = HookForge("github")
    environment.setenv("PICKET_GIT_TOKENS", json.dumps({found.host: "t0ken"}))
    forget()
    assert deployed
    yield found
    found.close()

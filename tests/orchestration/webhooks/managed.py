"""Connecting in tests, and what must be so then."""

from __future__ import annotations

from typing import Any

from tests.support.deployment import Deployment
from tests.support.hook_forges import HookForge, Kept

from picket.forges import FORGES

ALL = [name for name, forge in FORGES.items() if forge.manages and forge.receives]
NAMES = {"azure": "acme/shop"}
"""What is connected; Azure DevOps has no webhook of a whole organization."""


def name_of(forge: HookForge) -> str:
    return NAMES.get(forge.forge, "acme")


def connect(deployed: Deployment, forge: HookForge, name: str = "", **more: Any) -> Any:
    order = {"forge": forge.forge, "host": forge.host, "name": name or name_of(forge), **more}
    answer = deployed.api.post("/connections", json=order)
    assert answer.status_code == 202, answer.json
    deployed.drain()
    return shown(deployed, forge, name)


def shown(deployed: Deployment, forge: HookForge, name: str = "") -> Any:
    return deployed.api.get(f"/connections/{forge.host}/{name or name_of(forge)}").json


def check(deployed: Deployment, forge: HookForge) -> Any:
    answer = deployed.api.post(f"/connections/{forge.host}/{name_of(forge)}/check", json={})
    assert answer.status_code == 202, answer.json
    deployed.drain()
    return shown(deployed, forge)


def as_it_should_be(deployed: Deployment, forge: HookForge) -> list[Kept]:
    """Return what the forge keeps: it must deliver to us, once each, with the secret of today, and be switched on."""
    kept = forge.kept(name_of(forge))
    [webhook] = [one for one in deployed.api.get("/webhooks").json["webhooks"] if not one["revoked"]]
    assert len({one.url for one in kept}) == 1
    assert kept[0].url.startswith(f"https://picket.example.com/hooks/in/{forge.forge}/")
    secrets = {one.secret for one in kept}
    assert len(secrets) == 1
    assert secrets != {""}
    assert all(one.active for one in kept)
    told = [event for one in kept for event in one.events]
    assert len(told) == len(set(told))
    assert webhook["scope"].startswith(f"{forge.host}/")
    return kept


def changes(deployed: Deployment) -> list[str]:
    return [message.data["change"] for message in deployed.of_type("webhook.changed")]

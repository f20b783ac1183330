"""What registries of images prove; images are not scanned yet."""

from __future__ import annotations

import base64
import json

import pytest
from tests.support import sns
from tests.support.deployment import Deployment

from picket.effects import senders
from picket.effects.mongo.client import collection
from picket.webhooks.events import IMAGES, Ignored

PUSHED = {"type": "PUSH_ARTIFACT", "occur_at": 1_586_922_308, "event_data": {"resources": [{"tag": "latest"}]}}


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("value", "proves"),
    [
        ("s", True),
        ("Bearer s", True),
        ("bearer  s", True),
        (basic("harbor:s"), True),
        (basic("s:x"), False),
        ("Bearer", False),
        ("Bearer ", False),
        ("", False),
        ("other", False),
    ],
)
def test_harbor_sends_the_secret_as_authorization(value: str, *, proves: bool) -> None:
    assert senders.receiving("harbor").is_signed({"authorization": value}, b"{}", ["", "s"], 0) is proves


def test_a_delivery_of_harbor_is_named_by_its_id_or_its_body() -> None:
    named = senders.receiving("harbor").named

    assert named({}, {"id": "66ce", "type": "harbor.artifact.pushed"}) == ("66ce", "harbor.artifact.pushed")
    assert named({}, PUSHED) == named({}, {**PUSHED})
    assert named({}, PUSHED)[1] == "PUSH_ARTIFACT"


@pytest.mark.parametrize("event", ["package", "registry_package"])
def test_github_s_packages_and_amazon_s_images_are_ignored(event: str) -> None:
    ecr = sns.message({"detail-type": "ECR Image Action", "detail": {"action-type": "PUSH"}})

    assert senders.receiving("github").interpret(event, {"action": "published"}) == (Ignored(IMAGES),)
    assert senders.receiving("codecommit").interpret("Notification", dict(ecr)) == (Ignored(IMAGES),)


@pytest.mark.parametrize("sender", ["harbor", "docker-hub"])
def test_a_pushed_image_is_taken_and_ignored(deployed: Deployment, sender: str) -> None:
    source = deployed.api.post("/webhooks", json={"sender": sender, "name": "r"}).json
    where, client = source["url"].removeprefix("http://127.0.0.1:8080"), deployed.clients["ingest"]
    headers = {"Content-Type": "application/json", "Authorization": source["secret"]}

    assert client.post(where, data=json.dumps(PUSHED).encode(), headers=headers).status_code == 202
    assert client.post(where[:-4] + "xxxx", data=b"{}", headers=headers).status_code == 401
    deployed.drain()

    assert (len(deployed.sent), collection("rejections").count_documents({})) == (1, 0)

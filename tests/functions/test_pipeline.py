"""From a signed push to a score, event by event, in this process."""

import hashlib
import hmac
import json
from typing import Any

from tests.support import secrets
from tests.support.deployment import Deployment
from tests.support.repositories import GitHttpServer, Work


def add_source(deployed: Deployment) -> dict[str, Any]:
    return dict(deployed.api.post("/webhooks", json={"sender": "github", "name": "t"}).json)


def push(deployed: Deployment, source: dict[str, Any], payload: dict[str, Any], delivery: str = "d1") -> Any:
    body = json.dumps(payload).encode()
    signature = hmac.new(source["secret"].encode(), body, hashlib.sha256).hexdigest()
    return deployed.clients["ingest"].post(
        source["url"].removeprefix("http://127.0.0.1:8080"),
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={signature}",
        },
    )


def payload_of(url: str, before: str, after: str, ref: str = "refs/heads/main") -> dict[str, Any]:
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "repository": {"id": 7, "clone_url": url, "private": True},
        "commits": [],
    }


def test_a_signed_push_becomes_a_finding_and_a_lower_score(deployed: Deployment, forge: GitHttpServer) -> None:
    work = Work(forge.root / "o" / "r")
    before = work.commit({"a.py": "x = 1\n"})
    secret = secrets.aws_key(1)
    after = work.commit({"a.py": f"x = 1\nkey = '{secret}'\n"})
    source = add_source(deployed)

    answer = push(deployed, source, payload_of(f"{forge.url}/o/r/.git", before, after))
    assert answer.status_code == 202
    deployed.drain()

    found = deployed.api.get("/findings").json["findings"]
    assert [(f["rule"], f["path"], f["start_line"], f["commit"]) for f in found] == [
        ("aws-access-key-id", "a.py", 2, after)
    ]
    assert secret not in json.dumps(found)
    repository = found[0]["repository"]
    score = deployed.api.get(f"/scores/{repository}").json
    assert score["items"][0]["id"] == found[0]["id"]
    assert score["score"] < 94

"""A forge that is told of commits, and pushes that are announced as it does."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support import pushes
from tests.support.deployment import Deployment


@dataclass
class Api:
    """A forge's API for statuses beside its git; `say` gives each answer's status and body."""

    say: Callable[[], tuple[int, str]] = lambda: (201, "{}")
    taken: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    refused: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> bool:
        """Take what sets a status."""
        if request.command != "POST" or not {"status", "sarifs"} & set(
            request.path.replace("statuses", "status").split("/")
        ):
            return False
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.taken.append((request.path, headers, body))
        status, text = (422, "") if self.refused and self.refused in request.path else self.say()
        request.send_response(status)
        request.send_header("Location", "http://127.0.0.1:1/")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text.encode())
        return True

    def states(self) -> list[str]:
        """Return the states that were set, in their order."""
        return [body["state"] for _, _, body in self.taken]


@dataclass
class Announce:
    """Announces pushes as a forge does, and runs everything unless *wait*."""

    deployed: Deployment
    url: str

    def __call__(self, before: str, after: str, ref: str = "refs/heads/main", *, wait: bool = False) -> None:
        name = f"d{len(self.deployed.sent)}"
        source = self.deployed.api.post("/webhooks", json={"sender": "github", "name": name}).json
        body = pushes.encode(pushes.push(self.url, before, after, ref=ref))
        where = source["url"].removeprefix("http://127.0.0.1:8080")
        headers = pushes.signed(source["secret"], body, delivery=name)
        assert self.deployed.clients["ingest"].post(where, data=body, headers=headers).status_code == 202
        if not wait:
            self.deployed.drain()

    def scan(self) -> None:
        """Scan the repository in full."""
        self.deployed.api.post("/scans", json={"repository": self.url})
        self.deployed.drain()

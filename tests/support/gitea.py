"""A Gitea of one's own: one user, one organization, its API and git over http."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from tests.support.programs import GITEA
from tests.support.stack import eventually
from tests.support.stores import free_port

USER = "tester"
_CONFIGURATION = """\
APP_NAME = test
RUN_MODE = prod
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = {folder}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
STATIC_ROOT_PATH = {static}
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
[security]
INSTALL_LOCK = true
SECRET_KEY = {key}
[webhook]
ALLOWED_HOST_LIST = loopback
[indexer]
ISSUE_INDEXER_TYPE = db
[actions]
ENABLED = false
[cron]
ENABLED = false
[log]
LEVEL = Warn
"""


@dataclass(frozen=True)
class Gitea:
    """A running Gitea, and a token that may do everything there."""

    port: int
    token: str

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """What a request is to have."""
        return {"Authorization": f"token {self.token}"}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST to the API; the answer must be a success."""
        return self._send("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """PATCH something of the API; the answer must be a success."""
        return self._send("PATCH", path, body)

    def delete(self, path: str) -> None:
        """DELETE something of the API; the answer must be a success."""
        self._send("DELETE", path, {})

    def _send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {**self.headers, "Content-Type": "application/json"}
        url = f"http://{self.host}/api/v1{path}"
        answer = urllib3.request(method, url, body=json.dumps(body).encode(), headers=headers, retries=False)
        assert 200 <= answer.status < 300, (path, answer.status, answer.data)
        return dict(json.loads(answer.data or b"{}"))

    def get(self, path: str) -> Any:
        """GET from the API; the answer must be a success."""
        answer = urllib3.request("GET", f"http://{self.host}/api/v1{path}", headers=self.headers, retries=False)
        assert answer.status == 200, (path, answer.status, answer.data)
        return json.loads(answer.data)

    def remote(self, name: str) -> str:
        """Return the URL to push to; *name* is owner and repository."""
        return f"http://{USER}:{self.token}@{self.host}/{name}.git"


@contextmanager
def running(folder: Path) -> Iterator[Gitea]:
    """Run Gitea in *folder* until the block ends."""
    port = free_port()
    configuration = folder / "app.ini"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, port=port, static=GITEA.folder, key=secrets.token_hex(32))
    )
    command = [str(GITEA.path), "--config", str(configuration)]
    environment = {**os.environ, "HOME": str(folder), "USER": os.environ.get("USER", "root")}

    def ask(*arguments: str) -> str:
        done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (arguments[:3], done.stdout, done.stderr)
        return done.stdout

    ask("migrate")
    password = secrets.token_hex(16)
    named = ["--username", USER]
    ask("admin", "user", "create", *named, "--password", password, "--email", "t@example.com", "--admin")
    made = ask("admin", "user", "generate-access-token", *named, "--token-name", "t", "--scopes", "all", "--raw")
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen([*command, "web"], env=environment, stdout=output, stderr=output)
    try:
        found = Gitea(port, made.split()[-1])
        eventually(lambda: _answers(found, process))
        yield found
    finally:
        process.terminate()
        process.wait()


def _answers(gitea: Gitea, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "Gitea has ended; see the file `output` in its folder"
    try:
        return urllib3.request("GET", f"http://{gitea.host}/api/v1/version", retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False

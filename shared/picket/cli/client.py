"""Talking to the API."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

import typer
import urllib3

from picket.settings import settings

Json = dict[str, Any]


class Answer(Json):
    """A JSON object of the API. One that lacks what Picket always tells comes from something else."""

    def __missing__(self, name: str) -> NoReturn:
        """End the command."""
        fail(f"the server does not answer as Picket does: no {name}")


_TIMEOUT = urllib3.Timeout(connect=5.0, read=60.0)
# Only what was refused for coming too fast is sent again, after the time that the answer names.
_RETRIES = urllib3.Retry(
    total=None,
    connect=False,
    read=False,
    redirect=False,
    other=0,
    status=10,
    status_forcelist=[429],
    allowed_methods=None,
    raise_on_status=False,
)


class Client:
    """The API of one server; every failure ends the command with a clear message and status 2."""

    def __init__(self, server: str) -> None:
        self.server = server_address(server)
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES)
        token = settings().api_token.get_secret_value()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: str) -> Json:
        """GET *path* (already quoted)."""
        wanted = {name: value for name, value in query.items() if value}
        return self._send("GET", f"{path}?{urlencode(wanted, errors='surrogateescape')}" if wanted else path)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Json:
        """Send *body* as JSON."""
        return self._send(method, path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})

    def post(self, path: str, body: bytes, content_type: str, **query: str) -> Json:
        """POST *body* as it is."""
        wanted = {name: value for name, value in query.items() if value}
        return self._send("POST", f"{path}?{urlencode(wanted)}", body, {"Content-Type": content_type})

    def find(self, path: str) -> Json | None:
        """GET *path* (already quoted); None where there is nothing."""
        return self._send("GET", path, missing=True) or None

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        missing: bool = False,
    ) -> Json:
        try:
            answer = self._pool.request(
                method, self.server + path, body=body, headers={**self._headers, **(headers or {})}
            )
            content = json.loads(answer.data, object_hook=Answer)
        except urllib3.exceptions.HTTPError as error:
            fail(f"{self.server} does not answer ({type(error).__name__}); is `picket up` running?")
        except (ValueError, RecursionError):
            fail(f"{self.server} does not answer as Picket does ({answer.status})")
        if not isinstance(content, Answer):
            fail(f"{self.server} does not answer as Picket does ({answer.status})")
        if missing and answer.status == 404:  # noqa: PLR2004 - HTTP's
            return Answer()
        if answer.status >= 400:  # noqa: PLR2004 - HTTP's error classes
            errors = [f"\n  [{item['index']}] {item['detail']}" for item in content.get("errors", [])]
            fail(f"{content.get('detail', 'error')} ({answer.status}){''.join(errors)}")
        return content


def server_address(text: str) -> str:
    """Return the base URL that *text* is; anything else ends the command."""
    if not text.startswith(("http://", "https://")):
        fail(f"{text!r} is not the http URL of a server: see --server and PICKET_URL")
    return text.rstrip("/")


def segment(text: str) -> str:
    """Quote *text* for use in a path; slashes stay, as in repository ids. What leads elsewhere ends the command."""
    if not text.strip() or {".", ".."} & set(text.split("/")):
        fail(f"{text!r} names nothing here")
    return quote(text, safe="/~", errors="surrogateescape")


def fail(message: str) -> NoReturn:
    """End the command with *message* on standard error and status 2."""
    print(f"picket: {message}", file=sys.stderr)
    raise typer.Exit(2)

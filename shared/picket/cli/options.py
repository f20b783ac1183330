"""Options that several commands take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_SERVER = "http://127.0.0.1:8080"

Server = Annotated[str, typer.Option(envvar="PICKET_URL", help="Where Picket answers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's JSON and nothing else.")]


def repository_address(text: str) -> str:
    """Make a folder's path absolute, so that the server means the same one; leave everything else as it is."""
    path = Path(text)
    return path.resolve().as_uri() if path.is_dir() else text


def print_json(value: object) -> None:
    """Print *value* as JSON."""
    print(json.dumps(value, indent=2))

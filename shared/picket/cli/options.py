"""Options that several commands take."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from picket.cli.client import fail

DEFAULT_SERVER = "http://127.0.0.1:8080"

Server = Annotated[str, typer.Option(envvar="PICKET_URL", help="Where Picket answers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's JSON and nothing else.")]


def repository_address(text: str) -> str:
    """Make a folder's path absolute, so that the server means the same one; leave everything else as it is."""
    if not text.strip():
        fail("a repository without a name")
    path = Path(text)
    try:
        return path.resolve().as_uri() if path.is_dir() else text
    except OSError:  # longer than any path
        return text


def listed(arguments: list[str]) -> list[str]:
    """Return what the arguments of a command name; `-` stands for the lines of standard input."""
    named = [line.strip() for line in sys.stdin if line.strip()] if arguments == ["-"] else arguments
    if not named:
        fail("standard input names nothing")
    return named


def print_json(value: object) -> None:
    """Print *value* as JSON."""
    print(json.dumps(value, indent=2))


def plain(text: str) -> str:
    """Make text that others have written fit for a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)

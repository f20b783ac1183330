"""The `picket` command."""

from picket.cli.app import main

__all__ = ["main"]

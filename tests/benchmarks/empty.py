"""The least a functions-framework function can be: what others are compared with."""

from flask import Request


def main(request: Request) -> tuple[str, int]:
    """Answer."""
    assert request
    return "", 204
